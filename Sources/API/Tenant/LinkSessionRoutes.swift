import Domain
import HTTPServer
import JSON
import Store

/// `/v1/link-sessions`: the link tokens minted for a sub-client.
enum LinkSessionRoutes {
    static let all: [Route] = [
        .tenant(.get, "/v1/link-sessions") { call, principal throws(Problem) in try await list(call, principal.scope) },
        .tenant(.get, "/v1/link-sessions/{linkSessionId}", get),
    ]

    @Sendable static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.linkSessions(scope, page) }
        return .json(200, found.json(write))
    }

    @Sendable private static func get(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: LinkSessionID = try call.identifier(0)
        let session = try await call.store { store throws(StoreError) in
            try await store.linkSession(principal.scope, id)
        }
        return .json(200, jsonObject { write(session, &$0) })
    }

    @Sendable private static func write(_ session: LinkSession, _ json: inout JSONWriter) {
        json.member("id", session.id)
        json.member("transactionId", session.transactionID)
        json.member("userId", session.userID)
        json.member("transferType", session.transferType)
        json.member("amountInFiat", session.amountInFiat)
        json.member("status", session.transferStatus == nil ? "created" : "used")
        json.member("transferStatus", word: session.transferStatus)
        json.member("environment", word: session.environment)
        json.member("complianceRevision", session.complianceRevision)
        json.member("expiresAt", session.expiresAt)
        json.member("createdAt", session.createdAt)
    }
}
