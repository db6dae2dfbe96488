import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// Sending again what was received in a span of time: `/v1/webhook-endpoints/{endpointId}/recover` and
/// `/v1/recoveries`, and the same under `/admin/v1/sub-clients/{subClientId}`.
enum RecoveryRoutes {
    static let tenant: [Route] = [
        .tenantWrite(.post, "/v1/webhook-endpoints/{endpointId}/recover") { call, principal throws(Problem) in
            try await begin(call, principal.scope, try call.identifier(0), base: Array("/v1".utf8))
        },
        .tenant(.get, "/v1/webhook-endpoints/{endpointId}/recoveries") { call, principal throws(Problem) in
            try await list(call, principal.scope, try call.identifier(0))
        },
        .tenant(.get, "/v1/recoveries/{recoveryId}") { call, principal throws(Problem) in
            try await get(call, principal.scope, try call.identifier(0))
        },
        .tenant(.post, "/v1/recoveries/{recoveryId}/cancel") { call, principal throws(Problem) in
            try await cancel(call, principal.scope, try call.identifier(0))
        },
    ]

    static let admin: [Route] = [
        .adminWrite(
            .post, "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/recover",
            needs: .operateDeliveries
        ) { call, scope throws(Problem) in
            let subClient: SubClientID = try call.identifier(0)
            return try await begin(
                call, scope.tenant(subClient), try call.identifier(1),
                base: Array("/admin/v1/sub-clients/".utf8) + subClient.text)
        },
        .admin(
            .get, "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/recoveries", needs: .viewEvents
        ) { call, scope throws(Problem) in
            try await list(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/recoveries/{recoveryId}", needs: .viewEvents) {
            call, scope throws(Problem) in
            try await get(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
        .admin(.post, "/admin/v1/sub-clients/{subClientId}/recoveries/{recoveryId}/cancel", needs: .operateDeliveries) {
            call, scope throws(Problem) in
            try await cancel(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
    ]

    private static func begin(
        _ call: Call, _ scope: TenantScope, _ endpoint: EndpointID, base: [UInt8]
    ) async throws(Problem) -> Response {
        let now = call.context.clock.now()
        var fields = try Fields(try await call.json().value)
        let since = fields.required("since", .past(before: now))
        let until = fields.nullable("until", .past(before: now)) ?? now
        let new = NewRecovery(
            since: since, until: until, onlyFailed: fields.optional("onlyFailed", .bool) ?? true,
            ratePerSecond: fields.optional("ratePerSecond", .integer(APILimits.recoveryRate))
                ?? APILimits.standardRecoveryRate)
        if fields.errors.isEmpty, since >= until { fields.fail("until", "must be after since") }
        try fields.finish()
        let made = try await call.store { store throws(StoreError) in
            try await store.beginRecovery(scope, of: endpoint, new)
        }
        return Response.json(202, json(made)).located(base + Array("/recoveries/".utf8) + made.id.text)
    }

    private static func list(
        _ call: Call, _ scope: TenantScope, _ endpoint: EndpointID
    ) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.recoveries(scope, of: endpoint, page)
        }
        return .json(200, found.json(write))
    }

    private static func get(_ call: Call, _ scope: TenantScope, _ id: RecoveryID) async throws(Problem) -> Response {
        .json(200, json(try await call.store { store throws(StoreError) in try await store.recovery(scope, id) }))
    }

    private static func cancel(
        _ call: Call, _ scope: TenantScope, _ id: RecoveryID
    ) async throws(Problem) -> Response {
        .json(200, json(try await call.store { store throws(StoreError) in try await store.cancelRecovery(scope, id) }))
    }

    // MARK: Answers

    private static func json(_ recovery: Recovery) -> [UInt8] { jsonObject { write(recovery, &$0) } }

    @Sendable private static func write(_ recovery: Recovery, _ json: inout JSONWriter) {
        json.member("id", recovery.id)
        json.member("endpointId", recovery.endpoint)
        json.member("environment", word: recovery.environment)
        json.member("since", recovery.since)
        json.member("until", recovery.until)
        json.member("onlyFailed", recovery.onlyFailed)
        json.member("ratePerSecond", recovery.ratePerSecond)
        json.member("status", word: recovery.status)
        json.member("examined", recovery.examined)
        json.member("reopened", recovery.reopened)
        json.member("created", recovery.created)
        json.member("reachedAt", recovery.reachedAt)
        json.member("requestedAt", recovery.requestedAt)
        json.member("completedAt", recovery.completedAt)
    }
}
