import Domain
import HTTPServer
import JSON
import Store

/// `/v1/deliveries`: events owed to endpoints, and the attempts that were made.
enum DeliveryRoutes {
    static let all: [Route] = [
        .tenant(.get, "/v1/deliveries") { call, principal throws(Problem) in try await list(call, principal.scope) },
        .tenant(.get, "/v1/deliveries/{deliveryId}", get),
        .tenant(.post, "/v1/deliveries/{deliveryId}/retry", retry),
    ]

    @Sendable static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        var filter = DeliveryFilter()
        filter.status = query.word("status")
        let endpoint = query.raw("endpointId")
        let page = query.page()
        try query.finish()
        if let endpoint {
            // One that is malformed has no deliveries, as one that is unknown.
            guard let id = EndpointID(text: endpoint) else {
                return .json(200, Page<Delivery>(items: [], next: nil).json(write))
            }
            filter.endpoint = id
        }
        let wanted = filter
        let found = try await call.store { store throws(StoreError) in
            try await store.deliveries(scope, wanted, page)
        }
        return .json(200, found.json(write))
    }

    @Sendable private static func get(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: DeliveryID = try call.identifier(0)
        let found = try await call.store { store throws(StoreError) in
            try await store.delivery(principal.scope, id)
        }
        let body = jsonObject { json in
            write(found.delivery, &json)
            json.key("attemptLog")
            json.beginArray()
            for attempt in found.attempts {
                json.beginObject()
                write(attempt, &json)
                json.endObject()
            }
            json.endArray()
        }
        return .json(200, body)
    }

    @Sendable private static func retry(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: DeliveryID = try call.identifier(0)
        let delivery = try await call.store { store throws(StoreError) in
            try await store.retryDelivery(principal.scope, id)
        }
        return .json(202, json(delivery))
    }

    // MARK: Answers

    static func json(_ delivery: Delivery) -> [UInt8] { jsonObject { write(delivery, &$0) } }

    @Sendable private static func write(_ delivery: Delivery, _ json: inout JSONWriter) {
        json.member("id", delivery.id)
        json.member("eventId", delivery.event)
        json.member("eventType", word: delivery.eventType)
        json.member("endpointId", delivery.endpoint)
        json.member("status", word: delivery.status)
        json.member("attempts", delivery.attempts)
        json.member("nextAttemptAt", delivery.nextAttemptAt)
        json.member("lastStatusCode", delivery.lastStatusCode)
        json.member("createdAt", delivery.createdAt)
        json.member("updatedAt", delivery.updatedAt)
    }

    private static func write(_ attempt: Attempt, _ json: inout JSONWriter) {
        let isSuccess = attempt.statusCode.map { (200..<300).contains($0) } ?? false
        json.member("id", attempt.id)
        json.member("number", attempt.number)
        json.member("startedAt", attempt.startedAt)
        json.member("durationMs", attempt.duration.milliseconds)
        json.member("outcome", isSuccess ? "succeeded" : "failed")
        json.member("statusCode", attempt.statusCode)
        json.member("errorCode", attempt.errorCode)
        // What is not UTF-8 is replaced by the writer.
        json.member("responseBody", attempt.responseBody ?? [])
        json.key("timings")
        json.beginObject()
        for part in ["dnsMs", "connectMs", "tlsMs", "firstByteMs"] { json.member(part, nil as Int32?) }
        json.member("totalMs", attempt.duration.milliseconds)
        json.endObject()
    }
}
