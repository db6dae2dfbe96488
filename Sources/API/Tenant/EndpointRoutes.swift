import Crypto
import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// Webhook endpoints: where a sub-client wants its events. The sub-client's own under `/v1/webhook-endpoints`, and the
/// same on its behalf under `/admin/v1/sub-clients/{subClientId}/webhook-endpoints`.
enum EndpointRoutes {
    /// Whose endpoints a call is about, and where it says so.
    struct Place: Sendable {
        /// In no environment for an admin: an endpoint has its own.
        let scope: TenantScope
        /// Where endpoints are found, with a slash at the end.
        let base: [UInt8]
        /// Where deliveries are found; nil where single ones are not.
        let deliveries: [UInt8]?
        /// Which parameter of the path names the endpoint.
        let position: Int
        /// Whose idempotency keys a call has.
        let owner: IdempotencyOwner
        /// What a test says.
        let testPayload: TestPayload

        init(_ principal: Principal) {
            scope = principal.scope
            owner = .tenant(scope)
            testPayload = TestEvent.payload
            base = Array("/v1/webhook-endpoints/".utf8)
            deliveries = Array("/v1/deliveries/".utf8)
            position = 0
        }

        init(_ scope: PlatformScope, _ subClient: SubClientID) {
            self.scope = scope.tenant(subClient)
            owner = .tenant(self.scope)
            testPayload = TestEvent.payload
            base = Array("/admin/v1/sub-clients/".utf8) + subClient.text + Array("/webhook-endpoints/".utf8)
            deliveries = Array("/admin/v1/sub-clients/".utf8) + subClient.text + Array("/deliveries/".utf8)
            position = 1
        }

        /// The PSP's own.
        init(operator scope: PlatformScope) {
            self.scope = scope.operatorWebhooks
            owner = .platform(scope)
            testPayload = TestEvent.operatorPayload
            base = Array("/admin/v1/operator-webhooks/".utf8)
            deliveries = nil
            position = 0
        }
    }

    typealias Handler = @Sendable (Call, Place) async throws(Problem) -> Response

    static let tenant: [Route] =
        [
            .tenant(.get, "/v1/webhook-endpoints") { call, principal throws(Problem) in
                try await list(call, principal.scope)
            }
        ] + shared.map(\.tenant)

    /// The list is in `SubClientViewRoutes`.
    static let admin: [Route] = shared.map(\.admin)

    private static let shared: [(tenant: Route, admin: Route)] = [
        both(
            .post, "/v1/webhook-endpoints", "/admin/v1/sub-clients/{subClientId}/webhook-endpoints", hasBody: true,
            create),
        both(
            .get, "/v1/webhook-endpoints/{endpointId}",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}", needs: .viewEvents, get),
        both(
            .patch, "/v1/webhook-endpoints/{endpointId}",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}", hasBody: true, update),
        both(
            .delete, "/v1/webhook-endpoints/{endpointId}",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}", delete),
        both(
            .post, "/v1/webhook-endpoints/{endpointId}/enable",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/enable", enable),
        both(
            .post, "/v1/webhook-endpoints/{endpointId}/disable",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/disable", disable),
        both(
            .post, "/v1/webhook-endpoints/{endpointId}/test",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/test", test),
        both(
            .post, "/v1/webhook-endpoints/{endpointId}/rotate-secret",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/rotate-secret", hasBody: true,
            rotateSecret),
        both(
            .delete, "/v1/webhook-endpoints/{endpointId}/previous-secrets",
            "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/previous-secrets",
            revokePreviousSecrets),
    ]

    /// One operation for both who may do it.
    private static func both(
        _ method: Method, _ tenant: StaticString, _ admin: StaticString,
        needs permission: Permission = .manageEndpoints,
        hasBody: Bool = false, _ handler: @escaping Handler
    ) -> (tenant: Route, admin: Route) {
        let asTenant: Route.Tenant = { call, principal throws(Problem) in try await handler(call, Place(principal)) }
        let asAdmin: Route.Admin = { call, scope throws(Problem) in
            try await handler(call, Place(scope, try call.identifier(0)))
        }
        return hasBody
            ? (.tenantWrite(method, tenant, asTenant), .adminWrite(method, admin, needs: permission, asAdmin))
            : (.tenant(method, tenant, asTenant), .admin(method, admin, needs: permission, asAdmin))
    }

    // MARK: Operations

    @Sendable private static func create(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        let body = try await call.json()
        let configuration = call.context.configuration
        var fields = try Fields(body.value)
        let environment = place.scope.environment ?? fields.required("environment", .word)
        let new = EndpointFields.new(&fields, configuration.targetPolicy)
        try fields.finish()
        let scope = place.scope.within(environment)
        return try await call.create(
            place.owner, body: body.bytes,
            answer: { (made: CreatedEndpoint) in
                CreatedAnswer(
                    location: place.base + made.endpoint.id.text, version: made.endpoint.version,
                    body: jsonObject { json in
                        EndpointAnswer.write(made.endpoint, &json)
                        json.member("secret", made.secret)
                        json.member("testDeliveryId", made.testDelivery)
                    })
            },
            make: { store, keeping throws(StoreError) in
                try await store.createEndpoint(scope, new, limit: configuration.endpointLimit, keeping: keeping)
            })
    }

    @Sendable static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.endpoints(scope, page) }
        return .json(200, found.json(EndpointAnswer.write))
    }

    @Sendable private static func get(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(place.position)
        return EndpointAnswer.response(
            try await call.store { store throws(StoreError) in try await store.endpoint(place.scope, id) })
    }

    @Sendable private static func update(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(place.position)
        let version = try call.expectedVersion()
        var fields = try Fields(try await call.json().value)
        let changes = EndpointFields.changes(&fields, call.context.configuration.targetPolicy)
        try fields.finish(needsOne: true)
        return EndpointAnswer.response(
            try await call.store { store throws(StoreError) in
                try await store.updateEndpoint(place.scope, id, changes, version: version)
            })
    }

    @Sendable private static func delete(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(place.position)
        try await call.store { store throws(StoreError) in try await store.deleteEndpoint(place.scope, id) }
        return .noContent
    }

    @Sendable private static func enable(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        try await set(call, place, enabled: true)
    }

    @Sendable private static func disable(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        try await set(call, place, enabled: false)
    }

    private static func set(_ call: Call, _ place: Place, enabled: Bool) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(place.position)
        let endpoint = try await call.store { store throws(StoreError) in
            try await store.setEndpoint(place.scope, id, enabled: enabled)
        }
        call.tell(
            "endpoint", is: enabled ? "enabled" : "disabled",
            [(.endpoint, .bytes(id.text)), (.subClient, .bytes(place.scope.subClient.text))])
        return EndpointAnswer.response(endpoint)
    }

    @Sendable static func test(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(place.position)
        let delivery = try await call.store { store throws(StoreError) in
            try await store.createTestEvent(place.scope, for: id, payload: place.testPayload)
        }
        let response = Response.json(202, DeliveryRoutes.json(delivery))
        return place.deliveries.map { response.located($0 + delivery.id.text) } ?? response
    }

    @Sendable static func rotateSecret(_ call: Call, _ place: Place) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(place.position)
        let body = try await call.json()
        var fields = try Fields(body.value)
        let overlap = fields.optional("overlapSeconds", .integer(APILimits.overlapSeconds))
        let secret = fields.optional("secret", .signingSecret) ?? WebhookSecretText.makeSecret()
        try fields.finish()
        return try await call.create(
            place.owner, body: body.bytes,
            answer: { made in
                CreatedAnswer(location: place.base + id.text, body: EndpointAnswer.json(made))
            },
            make: { store, keeping throws(StoreError) in
                try await store.rotateEndpointSecret(
                    place.scope, of: id, to: secret, overlap: .seconds(overlap ?? APILimits.secretOverlapSeconds),
                    keeping: keeping)
            })
    }

    @Sendable static func revokePreviousSecrets(
        _ call: Call, _ place: Place
    ) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(place.position)
        try await call.store { store throws(StoreError) in
            try await store.revokePreviousSecrets(place.scope, of: id)
        }
        return .noContent
    }
}
