import Domain
import HTTPServer
import JSON
import Store

/// `/admin/v1/quarantine`: events that no sub-client could be found for.
enum QuarantineRoutes {
    static let all: [Route] = [.admin(.get, "/admin/v1/quarantine", needs: .viewEvents, list)]

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.quarantine(scope, page) }
        return .json(
            200,
            found.json { event, json in
                json.member("id", event.id)
                json.member("upstreamId", event.upstream)
                json.member("upstreamEventId", event.upstreamEventID)
                json.member("reason", event.reason)
                json.member("receivedAt", event.receivedAt)
                json.member("payload", json: event.payload)
            })
    }
}
