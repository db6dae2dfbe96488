import Domain
import HTTPServer
import JSON
import Store

/// `/v1/deliveries`: events owed to endpoints, and the attempts that were made.
enum DeliveryRoutes {
    static let all: [Route] = [
        .tenant(.get, "/v1/deliveries") { call, principal throws(Problem) in try await list(call, principal.scope) },
        .tenant(.get, "/v1/deliveries/{deliveryId}") { call, principal throws(Problem) in
            try await get(call, principal.scope, try call.identifier(0))
        },
        .tenant(.get, "/v1/deliveries/{deliveryId}/attempts") { call, principal throws(Problem) in
            try await attempts(call, principal.scope, try call.identifier(0))
        },
        .tenant(.post, "/v1/deliveries/{deliveryId}/retry") { call, principal throws(Problem) in
            try await retry(call, principal.scope, try call.identifier(0))
        },
    ]

    @Sendable static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let wanted = filter(&query)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.deliveries(scope, wanted, page)
        }
        return .json(200, found.json(write))
    }

    static func filter(_ query: inout QueryParameters) -> DeliveryFilter {
        var filter = DeliveryFilter()
        filter.status = query.word("status")
        filter.type = query.word("type")
        filter.endpoint = query.identifier("endpointId", EndpointID.self)
        filter.event = query.identifier("eventId", EventID.self)
        filter.transfer = query.identifier("transferId", TransferID.self)
        filter.statusCodes = query.statusCodes("lastStatusCode")
        filter.window = query.window()
        return filter
    }

    static func get(_ call: Call, _ scope: TenantScope, _ id: DeliveryID) async throws(Problem) -> Response {
        let found = try await call.store { store throws(StoreError) in try await store.delivery(scope, id) }
        let body = jsonObject { json in
            write(found.delivery, &json)
            json.key("attemptLog")
            json.beginArray()
            for attempt in found.attempts {
                json.beginObject()
                AttemptAnswer.write(attempt, &json)
                json.endObject()
            }
            json.endArray()
        }
        return .json(200, body)
    }

    static func attempts(_ call: Call, _ scope: TenantScope, _ id: DeliveryID) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        var filter = AttemptFilter()
        filter.succeeded = query.word("outcome", as: AttemptAnswer.Outcome.self).map { $0 == .succeeded }
        filter.statusCodes = query.statusCodes("statusCode")
        let page = query.page()
        try query.finish()
        let wanted = filter
        let found = try await call.store { store throws(StoreError) in
            try await store.attempts(scope, of: id, wanted, page)
        }
        return .json(200, found.json(AttemptAnswer.write))
    }

    static func retry(_ call: Call, _ scope: TenantScope, _ id: DeliveryID) async throws(Problem) -> Response {
        let delivery = try await call.store { store throws(StoreError) in try await store.retryDelivery(scope, id) }
        return .json(202, json(delivery))
    }

    // MARK: Answers

    static func json(_ delivery: Delivery) -> [UInt8] { jsonObject { write(delivery, &$0) } }

    @Sendable static func write(_ delivery: Delivery, _ json: inout JSONWriter) {
        json.member("id", delivery.id)
        json.member("eventId", delivery.event)
        json.member("eventType", word: delivery.eventType)
        json.member("endpointId", delivery.endpoint)
        json.member("status", word: delivery.status)
        json.member("attempts", delivery.attempts)
        json.member("nextAttemptAt", delivery.nextAttemptAt)
        json.member("lastStatusCode", delivery.lastStatusCode)
        json.member("lastErrorCode", delivery.lastError)
        json.member("createdAt", delivery.createdAt)
        json.member("updatedAt", delivery.updatedAt)
    }
}
