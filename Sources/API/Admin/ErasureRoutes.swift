import Domain
import HTTPServer
import JSON
import Store

/// Erasing a sub-client or its end users, and how far that has come: for the PSP under `/admin/v1`, and for the
/// sub-client's own end users under `/v1`.
enum ErasureRoutes {
    static let admin: [Route] = [
        .admin(.post, "/admin/v1/sub-clients/{subClientId}/erase", needs: .erase, eraseSubClient),
        .adminWrite(.post, "/admin/v1/sub-clients/{subClientId}/end-users/erase", needs: .erase) {
            call, scope throws(Problem) in
            try await eraseEndUser(call, scope.tenant(try call.identifier(0)), adminBase(try call.identifier(0)))
        },
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/erasures", needs: .erase) { call, scope throws(Problem) in
            try await list(call, try await call.subClient(scope))
        },
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/erasures/{erasureId}", needs: .erase) {
            call, scope throws(Problem) in
            try await get(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
    ]

    static let tenant: [Route] = [
        .tenantWrite(.post, "/v1/end-users/erase") { call, principal throws(Problem) in
            try await eraseEndUser(call, principal.scope, tenantBase)
        },
        .tenant(.get, "/v1/end-users/erasures") { call, principal throws(Problem) in
            try await list(call, principal.scope)
        },
        .tenant(.get, "/v1/end-users/erasures/{erasureId}") { call, principal throws(Problem) in
            try await get(call, principal.scope, try call.identifier(0))
        },
    ]

    private static func adminBase(_ subClient: SubClientID) -> [UInt8] {
        Array("/admin/v1/sub-clients/".utf8) + subClient.text + Array("/erasures/".utf8)
    }

    private static let tenantBase = Array("/v1/end-users/erasures/".utf8)

    @Sendable private static func eraseSubClient(
        _ call: Call, _ scope: PlatformScope
    ) async throws(Problem) -> Response {
        let id: SubClientID = try call.identifier(0)
        let erasure = try await call.store { store throws(StoreError) in try await store.eraseSubClient(scope, id) }
        return accepted(erasure, adminBase(id))
    }

    /// `base` is where the erasures of the scope are found.
    private static func eraseEndUser(
        _ call: Call, _ scope: TenantScope, _ base: [UInt8]
    ) async throws(Problem) -> Response {
        var fields = try Fields(try await call.json().value)
        let userID = fields.required("userId", .text(APILimits.userIDCharacters))
        try fields.finish()
        let erasure = try await call.store { store throws(StoreError) in
            try await store.eraseEndUser(scope, userID: userID)
        }
        return accepted(erasure, base)
    }

    private static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.erasures(scope, page) }
        return .json(200, found.json(write))
    }

    private static func get(_ call: Call, _ scope: TenantScope, _ id: ErasureID) async throws(Problem) -> Response {
        let found = try await call.store { store throws(StoreError) in try await store.erasure(scope, id) }
        return .json(200, jsonObject { write(found, &$0) })
    }

    // MARK: Answers

    private static func accepted(_ erasure: Erasure, _ base: [UInt8]) -> Response {
        Response.json(202, jsonObject { write(erasure, &$0) }).located(base + erasure.id.text)
    }

    @Sendable private static func write(_ erasure: Erasure, _ json: inout JSONWriter) {
        json.member("id", erasure.id)
        json.member("subject", word: erasure.subject)
        json.member("environment", word: erasure.environment)
        json.member("status", word: erasure.status)
        json.member("requestedAt", erasure.requestedAt)
        json.member("completedAt", erasure.completedAt)
        json.key("erased")
        json.beginObject()
        json.member("linkSessions", erasure.erased.linkSessions)
        json.member("transfers", erasure.erased.transfers)
        json.member("events", erasure.erased.events)
        json.member("deliveries", erasure.erased.deliveries)
        json.member("attempts", erasure.erased.attempts)
        json.endObject()
    }
}
