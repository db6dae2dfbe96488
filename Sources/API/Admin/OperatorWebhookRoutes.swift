import Crypto
import Domain
import HTTPServer
import JSON
import Store

/// `/admin/v1/operator-webhooks`: where the PSP itself wants to be told what happens. They are webhook endpoints like
/// those of sub-clients, and are delivered to in the same way.
enum OperatorWebhookRoutes {
    static let all: [Route] = [
        .adminWrite(.post, "/admin/v1/operator-webhooks", needs: .manageEndpoints, create),
        .admin(.get, "/admin/v1/operator-webhooks", needs: .viewEvents, list),
        .admin(.get, "/admin/v1/operator-webhooks/{operatorWebhookId}", needs: .viewEvents, get),
        .adminWrite(.patch, "/admin/v1/operator-webhooks/{operatorWebhookId}", needs: .manageEndpoints, update),
        .admin(.delete, "/admin/v1/operator-webhooks/{operatorWebhookId}", needs: .manageEndpoints, delete),
        .admin(.get, "/admin/v1/operator-webhooks/{operatorWebhookId}/deliveries", needs: .viewEvents, deliveries),
        .admin(.post, "/admin/v1/operator-webhooks/{operatorWebhookId}/test", needs: .manageEndpoints) {
            call, scope throws(Problem) in
            try await EndpointRoutes.test(call, EndpointRoutes.Place(operator: scope))
        },
        .adminWrite(.post, "/admin/v1/operator-webhooks/{operatorWebhookId}/rotate-secret", needs: .manageEndpoints) {
            call, scope throws(Problem) in
            try await EndpointRoutes.rotateSecret(call, EndpointRoutes.Place(operator: scope))
        },
        .admin(.delete, "/admin/v1/operator-webhooks/{operatorWebhookId}/previous-secrets", needs: .manageEndpoints) {
            call, scope throws(Problem) in
            try await EndpointRoutes.revokePreviousSecrets(call, EndpointRoutes.Place(operator: scope))
        },
    ]

    private static let path = Array("/admin/v1/operator-webhooks/".utf8)

    @Sendable private static func create(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let body = try await call.json()
        let configuration = call.context.configuration
        var fields = try Fields(body.value)
        let new = NewEndpoint(
            url: fields.required("url", .target(configuration.targetPolicy)),
            eventTypes: fields.optional("eventTypes", .operatorEventTypes) ?? [Array("*".utf8)],
            payloadFormat: .standard,
            description: fields.nullable("description", .text(APILimits.descriptionCharacters)),
            headers: fields.nullable("headers", .endpointHeaders),
            enabled: fields.optional("enabled", .bool) ?? true,
            secret: fields.optional("secret", .signingSecret) ?? WebhookSecretText.makeSecret())
        try fields.finish()
        return try await call.create(
            .platform(scope), body: body.bytes,
            answer: { (made: CreatedEndpoint) in
                CreatedAnswer(
                    location: path + made.endpoint.id.text, version: made.endpoint.version,
                    body: jsonObject { json in
                        write(made.endpoint, &json)
                        json.member("secret", made.secret)
                    })
            },
            make: { store, keeping throws(StoreError) in
                try await store.createEndpoint(
                    scope.operatorWebhooks, new, limit: configuration.endpointLimit, keeping: keeping)
            })
    }

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.endpoints(scope.operatorWebhooks, page)
        }
        return .json(200, found.json(write))
    }

    @Sendable private static func get(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        return answer(
            try await call.store { store throws(StoreError) in try await store.endpoint(scope.operatorWebhooks, id) })
    }

    @Sendable private static func update(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        let version = try call.expectedVersion()
        var fields = try Fields(try await call.json().value)
        var changes = EndpointChanges()
        changes.url = fields.optional("url", .target(call.context.configuration.targetPolicy))
        changes.eventTypes = fields.optional("eventTypes", .operatorEventTypes)
        changes.description = fields.change("description", .text(APILimits.descriptionCharacters))
        changes.headers = fields.change("headers", .endpointHeaders)
        changes.enabled = fields.optional("enabled", .bool)
        try fields.finish(needsOne: true)
        let wanted = changes
        return answer(
            try await call.store { store throws(StoreError) in
                try await store.updateEndpoint(scope.operatorWebhooks, id, wanted, version: version)
            })
    }

    @Sendable private static func delete(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        try await call.store { store throws(StoreError) in
            try await store.deleteEndpoint(scope.operatorWebhooks, id)
        }
        return .noContent
    }

    @Sendable private static func deliveries(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        var query = QueryParameters(call)
        var filter = DeliveryFilter()
        filter.endpoint = id
        filter.status = query.word("status")
        let page = query.page()
        try query.finish()
        let wanted = filter
        let found = try await call.store { store throws(StoreError) in
            _ = try await store.endpoint(scope.operatorWebhooks, id)
            return try await store.deliveries(scope.operatorWebhooks, wanted, page)
        }
        return .json(200, found.json(DeliveryRoutes.write))
    }

    // MARK: Answers

    private static func answer(_ endpoint: Endpoint) -> Response {
        Response.json(200, jsonObject { write(endpoint, &$0) }).tagged(endpoint.version)
    }

    @Sendable private static func write(_ endpoint: Endpoint, _ json: inout JSONWriter) {
        json.member("id", endpoint.id)
        json.member("url", endpoint.url)
        json.key("eventTypes")
        json.beginArray()
        for type in endpoint.eventTypes { json.string(type) }
        json.endArray()
        json.member("description", endpoint.description)
        json.member("headers", json: endpoint.headers ?? Array("{}".utf8))
        json.member("enabled", endpoint.enabled)
        EndpointAnswer.write(endpoint.secrets, &json)
        json.member("version", endpoint.version)
        json.member("createdAt", endpoint.createdAt)
        json.member("updatedAt", endpoint.updatedAt)
    }
}
