import Domain
import HTTPServer
import JSON
import Store

/// `/v1/webhook-endpoints`: where a sub-client wants its events.
enum EndpointRoutes {
    static let all: [Route] = [
        .tenantWrite(.post, "/v1/webhook-endpoints", create),
        .tenant(.get, "/v1/webhook-endpoints") { call, principal throws(Problem) in
            try await list(call, principal.scope)
        },
        .tenant(.get, "/v1/webhook-endpoints/{endpointId}", get),
        .tenantWrite(.patch, "/v1/webhook-endpoints/{endpointId}", update),
        .tenant(.delete, "/v1/webhook-endpoints/{endpointId}", delete),
        .tenant(.post, "/v1/webhook-endpoints/{endpointId}/enable") { call, principal throws(Problem) in
            try await set(call, principal, enabled: true)
        },
        .tenant(.post, "/v1/webhook-endpoints/{endpointId}/disable") { call, principal throws(Problem) in
            try await set(call, principal, enabled: false)
        },
        .tenant(.post, "/v1/webhook-endpoints/{endpointId}/test", test),
    ]

    private static let path = Array("/v1/webhook-endpoints/".utf8)

    @Sendable private static func create(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let body = try await call.json()
        let configuration = call.context.configuration
        var fields = try Fields(body.value)
        let new = NewEndpoint(
            url: fields.required("url", .target(configuration.targetPolicy)),
            eventTypes: fields.optional("eventTypes", .eventTypes) ?? [Array("*".utf8)],
            payloadFormat: fields.optional("payloadFormat", .word) ?? .mesh,
            description: fields.nullable("description", .text(APILimits.descriptionCharacters)),
            headers: fields.nullable("headers", .endpointHeaders),
            enabled: fields.optional("enabled", .bool) ?? true,
            secret: fields.optional("secret", .signingSecret) ?? Rule.newSigningSecret())
        try fields.finish()
        return try await call.create(
            .tenant(principal.scope), body: body.bytes,
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
                    principal.scope, new, limit: configuration.endpointLimit, keeping: keeping)
            })
    }

    @Sendable static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.endpoints(scope, page) }
        return .json(200, found.json(write))
    }

    @Sendable private static func get(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        return answer(
            try await call.store { store throws(StoreError) in try await store.endpoint(principal.scope, id) })
    }

    @Sendable private static func update(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        let version = try call.expectedVersion()
        var fields = try Fields(try await call.json().value)
        var changes = EndpointChanges()
        changes.url = fields.optional("url", .target(call.context.configuration.targetPolicy))
        changes.eventTypes = fields.optional("eventTypes", .eventTypes)
        changes.payloadFormat = fields.optional("payloadFormat", .word)
        changes.description = fields.change("description", .text(APILimits.descriptionCharacters))
        changes.headers = fields.change("headers", .endpointHeaders)
        changes.enabled = fields.optional("enabled", .bool)
        try fields.finish(needsOne: true)
        return answer(
            try await call.store { store throws(StoreError) in
                try await store.updateEndpoint(principal.scope, id, changes, version: version)
            })
    }

    @Sendable private static func delete(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        try await call.store { store throws(StoreError) in try await store.deleteEndpoint(principal.scope, id) }
        return .noContent
    }

    private static func set(
        _ call: Call, _ principal: Principal, enabled: Bool
    ) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        return answer(
            try await call.store { store throws(StoreError) in
                try await store.setEndpoint(principal.scope, id, enabled: enabled)
            })
    }

    @Sendable private static func test(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: EndpointID = try call.identifier(0)
        let delivery = try await call.store { store throws(StoreError) in
            try await store.createTestEvent(principal.scope, for: id) { event, now in
                TestEvent.payload(event, endpoint: id, now: now)
            }
        }
        return Response.json(202, DeliveryRoutes.json(delivery))
            .located(Array("/v1/deliveries/".utf8) + delivery.id.text)
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
        json.member("payloadFormat", word: endpoint.payloadFormat)
        json.member("description", endpoint.description)
        json.member("headers", json: endpoint.headers ?? Array("{}".utf8))
        json.member("enabled", endpoint.enabled)
        json.member("environment", word: endpoint.environment)
        json.member("version", endpoint.version)
        json.member("createdAt", endpoint.createdAt)
        json.member("updatedAt", endpoint.updatedAt)
    }
}

/// The body of a `webhook.test` event: Mesh's shape with made-up values.
enum TestEvent {
    static func payload(_ event: EventID, endpoint: EndpointID, now: Timestamp) -> [UInt8] {
        jsonObject { json in
            json.member("Id", event.uuid)
            json.member("EventId", event.uuid)
            json.member("SentTimestamp", now.seconds)
            json.member("Timestamp", now.milliseconds)
            json.member("UserId", "test-user")
            json.member("TransactionId", "test-transaction")
            json.member("TransferId", endpoint.uuid)
            json.member("TransferStatus", "Succeeded")
            json.member("TxHash", "0x0000000000000000000000000000000000000000000000000000000000000000")
            json.member("Chain", "Ethereum")
            json.member("Token", "ETH")
            json.member("DestinationAddress", "0x0000000000000000000000000000000000000000")
            json.member("SourceAccountProvider", "Test")
            json.member("SourceAmount", json: Array("0.01".utf8))
            json.member("DestinationAmount", json: Array("0.01".utf8))
            json.member("RefundAddress", nil as [UInt8]?)
        }
    }
}
