import Domain
import HTTPServer
import JSON
import Store

/// `/v1/webhook-endpoints/{endpointId}/statistics`: how an endpoint does.
enum StatisticRoutes {
    static let tenant: [Route] = [
        .tenant(.get, "/v1/webhook-endpoints/{endpointId}/statistics") { call, principal throws(Problem) in
            try await get(call, principal.scope, try call.identifier(0))
        }
    ]

    static let admin: [Route] = [
        .admin(
            .get, "/admin/v1/sub-clients/{subClientId}/webhook-endpoints/{endpointId}/statistics", needs: .viewEvents
        ) { call, scope throws(Problem) in
            try await get(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        }
    ]

    private static func get(_ call: Call, _ scope: TenantScope, _ id: EndpointID) async throws(Problem) -> Response {
        let found = try await call.store { store throws(StoreError) in try await store.statistics(scope, of: id) }
        return .json(
            200,
            jsonObject { json in
                json.member("endpointId", id)
                json.member("at", found.at)
                json.member("backlog", min(found.backlog, Int64(Store.countedBacklog)))
                json.member("backlogIsLowerBound", found.backlog >= Int64(Store.countedBacklog))
                json.member("oldestDueAt", found.oldestDueAt)
                write("lastHour", found.lastHour, &json)
                write("lastDay", found.lastDay, &json)
            })
    }

    private static func write(_ name: StaticString, _ span: AttemptStatistics, _ json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        json.member("attempts", span.attempts)
        json.member("succeeded", span.succeeded)
        json.member("failed", span.attempts - span.succeeded)
        json.key("successRate")
        if span.attempts > 0 { json.raw(share(span.succeeded, of: span.attempts)) } else { json.null() }
        for (name, percent): (StaticString, Int64) in [("p50Ms", 50), ("p95Ms", 95)] {
            json.key(name)
            if let time = span.durations.percentile(percent) { json.integer(time.milliseconds) } else { json.null() }
        }
        json.key("failures")
        json.beginArray()
        for failure in span.failures.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            json.beginObject()
            json.member("reason", failure.key)
            json.member("count", failure.value)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    /// A decimal from 0 to 1, rounded down to four places, so that only what is whole reads 1.
    static func share(_ part: Int64, of whole: Int64) -> String {
        let tenThousandths = part * 10_000 / whole
        if tenThousandths == 10_000 { return "1" }
        var digits = String(tenThousandths + 10_000).dropFirst()
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return tenThousandths == 0 ? "0" : "0.\(digits)"
    }
}
