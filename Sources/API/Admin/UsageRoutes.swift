import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// `/admin/v1/usage`: what sub-clients used, by the day or the month.
enum UsageRoutes {
    static let all: [Route] = [.admin(.get, "/admin/v1/usage", needs: .viewUsage, list)]

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let page = query.page()
        let filter = filter(&query, now: call.context.clock.now())
        try query.finish()
        let found = try await call.store { store throws(StoreError) in try await store.usage(scope, filter, page) }
        return .json(
            200,
            found.json { usage, json in
                json.member("subClientId", usage.subClient)
                json.key("periods")
                json.beginArray()
                for period in usage.periods { write(period, &json) }
                json.endArray()
            })
    }

    private static func filter(_ query: inout QueryParameters, now: Timestamp) -> UsageFilter {
        let interval = query.word("interval", as: UsageInterval.self) ?? .day
        let longest = interval == .day ? APILimits.usageDays : APILimits.usageMonthDays
        let before = date("before", &query) ?? now.startOfDay + .seconds(86_400)
        let from = date("from", &query) ?? before - .seconds(86_400 * longest)
        if from >= before { query.fail("from", "must be a day earlier than before") }
        if before - from > .seconds(86_400 * longest) {
            query.fail("from", "must be at most \(longest) days earlier than before, by the \(interval.rawValue)")
        }
        var filter = UsageFilter(from: from, before: before)
        filter.interval = interval
        filter.subClient = query.identifier("subClientId", SubClientID.self)
        filter.environment = query.word("environment")
        return filter
    }

    /// The beginning of a day in UTC.
    private static func date(_ name: StaticString, _ query: inout QueryParameters) -> Timestamp? {
        query.raw(name).flatMap { text -> Timestamp? in
            let time = text.count == 10 ? Timestamp(rfc3339: text + Array("T00:00:00Z".utf8)) : nil
            if time == nil { query.fail(name, "must be a date such as 2026-03-01") }
            return time
        }
    }

    private static func write(_ period: UsagePeriod, _ json: inout JSONWriter) {
        json.beginObject()
        json.member("start", Array(period.start.rfc3339().prefix(10)))
        json.member("environment", word: period.environment)
        json.member("linkTokens", period.count.linkTokens)
        json.member("events", period.count.events)
        json.member("deliveries", period.count.deliveries)
        json.member("attempts", period.count.attempts)
        json.member("transfers", period.transfers)
        json.key("amounts")
        json.raw(period.amounts)
        json.endObject()
    }
}
