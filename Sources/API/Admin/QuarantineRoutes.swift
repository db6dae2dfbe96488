import Domain
import HTTPServer
import JSON
import Store

/// `/admin/v1/quarantine`: events that no sub-client could be found for.
enum QuarantineRoutes {
    static let all: [Route] = [
        .admin(.get, "/admin/v1/quarantine", needs: .viewEvents, list),
        .adminWrite(.post, "/admin/v1/quarantine/{quarantineId}/assign", needs: .operateDeliveries, assign),
    ]

    @Sendable private static func assign(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: QuarantineID = try call.identifier(0)
        var fields = try Fields(try await call.json().value)
        let named = fields.required("subClientId", .text(APILimits.identifierCharacters))
        let subClient = SubClientID(text: named)
        if subClient == nil, fields.errors.isEmpty { fields.fail("subClientId", "must be a sub-client's id") }
        try fields.finish()
        guard let subClient else { throw .notFound }
        let event = try await assign(call, scope, id, to: subClient)
        return .json(200, jsonObject { EventRoutes.write(event, &$0) })
    }

    static func assign(
        _ call: Call, _ scope: PlatformScope, _ id: QuarantineID, to subClient: SubClientID
    ) async throws(Problem) -> Event {
        let kept = try await call.store { store throws(StoreError) in try await store.quarantined(scope, id) }
        let read = try MeshEvent.read(
            kept.payload, upstream: kept.upstream, id: call.context.identifiers.next(),
            transferID: call.context.identifiers.next())
        return try await call.store { store throws(StoreError) in
            try await store.assign(
                scope, kept, to: subClient, type: read.status.type, occurredAt: read.occurredAt)
        }
    }

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
