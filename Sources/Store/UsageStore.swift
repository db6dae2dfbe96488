package import Domain
import Postgres
import Runtime
import SQL

/// What one loop has counted of what sub-clients use since it last wrote that down.
struct UsageLog {
    struct Key: Hashable {
        let subClient: SubClientID
        let environment: Environment
        /// Microseconds: when the day began.
        let day: Int64
    }

    /// Beyond this, while nothing can be written, only what is known is counted on: some 10 MiB.
    private static let maximumKeys = 100_000

    private(set) var counts: [Key: UsageCount] = [:]

    mutating func add(_ count: UsageCount, to key: Key) {
        if counts[key] == nil, counts.count >= UsageLog.maximumKeys { return }
        counts[key, default: UsageCount()] += count
    }
}

/// How much was used.
package struct UsageCount: Hashable, Sendable {
    package var linkTokens: Int64 = 0
    /// Upstreams' events that became the sub-client's, each once, however it came to know of them: by a webhook, by
    /// reconciliation, or out of quarantine.
    package var events: Int64 = 0
    /// Of such events to endpoints, each pair once: when they came, or by a replay or a recovery for an endpoint that
    /// did not have them. Sending one again makes attempts, and no delivery.
    package var deliveries: Int64 = 0
    /// Requests, those for test events too.
    package var attempts: Int64 = 0

    package init(linkTokens: Int64 = 0, events: Int64 = 0, deliveries: Int64 = 0, attempts: Int64 = 0) {
        self.linkTokens = linkTokens
        self.events = events
        self.deliveries = deliveries
        self.attempts = attempts
    }

    static func += (left: inout UsageCount, right: UsageCount) {
        left.linkTokens += right.linkTokens
        left.events += right.events
        left.deliveries += right.deliveries
        left.attempts += right.attempts
    }
}

/// How long a period of usage is. The raw values are the database's words.
package enum UsageInterval: String, Sendable, CaseIterable { case day, month }

/// What a sub-client used in one period and environment.
package struct UsagePeriod: Sendable {
    /// In UTC; of a month that is asked for in part too.
    package let start: Timestamp
    package let environment: Environment
    package let count: UsageCount
    /// Transfers that began in it and are still kept.
    package let transfers: Int64
    /// A JSON array of `{symbol, chain, transfers, amount}`; the amount is exact decimal text of what arrived or is to,
    /// and each of the others but the count is null where the upstream told none.
    package let amounts: [UInt8]
}

package struct SubClientUsage: Sendable {
    package let subClient: SubClientID
    /// Oldest first.
    package var periods: [UsagePeriod]
}

/// Which usage is asked for.
package struct UsageFilter: Sendable {
    package var subClient: SubClientID?
    package var environment: Environment?
    package var interval = UsageInterval.day
    /// The beginnings of days in UTC.
    package var from: Timestamp
    package var before: Timestamp

    package init(from: Timestamp, before: Timestamp) {
        self.from = from
        self.before = before
    }
}

extension Timestamp {
    private static let day: Int64 = 86_400 * 1_000_000

    /// When its day began, in UTC.
    package var startOfDay: Timestamp {
        let rest = microseconds % Timestamp.day
        return Timestamp(microseconds: microseconds - (rest < 0 ? rest + Timestamp.day : rest))
    }
}

extension Store {
    /// Counts what a sub-client used, for `writeUsage()`. What is the platform's own is not counted.
    package func noteUsage(_ subClient: SubClientID, _ environment: Environment, _ count: UsageCount) {
        if subClient.uuid == DataKey.platformOwner { return }
        let key = UsageLog.Key(
            subClient: subClient, environment: environment, day: clock.now().startOfDay.microseconds)
        used.withValue { $0.add(count, to: key) }
    }

    /// Adds what was counted since the last time. What cannot be written is kept for the next; what nobody knows
    /// whether it was written is not counted twice.
    package func writeUsage() async throws(StoreError) {
        let seen = used.withValue { log in
            defer { log = UsageLog() }
            return Array(log.counts)
        }
        if seen.isEmpty { return }
        do throws(StoreError) {
            _ = try await run(
                PlatformScope.system, .addUsage,
                [
                    .uuids(seen.map(\.key.subClient.uuid)), .stringArray(seen.map(\.key.environment.rawValue)),
                    .timestampArray(seen.map(\.key.day)), .int64Array(seen.map(\.value.linkTokens)),
                    .int64Array(seen.map(\.value.events)), .int64Array(seen.map(\.value.deliveries)),
                    .int64Array(seen.map(\.value.attempts)),
                ])
        } catch {
            if error != .outcomeUnknown {
                used.withValue { log in for (key, count) in seen { log.add(count, to: key) } }
            }
            throw error
        }
    }

    /// Those sub-clients that used something, newest first.
    package func usage(
        _ scope: PlatformScope, _ filter: UsageFilter, _ page: PageRequest
    ) async throws(StoreError) -> Page<SubClientUsage> {
        let rows = try await run(
            scope, .listUsage,
            [
                page.after, page.rowLimit, .time(filter.from), .time(filter.before), .id(filter.subClient),
                .word(filter.environment), .word(filter.interval),
            ], on: .read)
        var items: [SubClientUsage] = []
        for row in rows.indices {
            let subClient: SubClientID = try rows.id(row, 0)
            let period = try UsagePeriod(
                start: rows.time(row, 1), environment: rows.word(row, 2),
                count: UsageCount(
                    linkTokens: rows.int64(row, 3), events: rows.int64(row, 4), deliveries: rows.int64(row, 5),
                    attempts: rows.int64(row, 6)),
                transfers: rows.int64(row, 7), amounts: rows.text(row, 8))
            if items.last?.subClient == subClient {
                items[items.count - 1].periods.append(period)
            } else {
                items.append(SubClientUsage(subClient: subClient, periods: [period]))
            }
        }
        let hasMore = items.count > page.limit
        if hasMore { items.removeLast(items.count - page.limit) }
        return Page(items: items, next: hasMore ? items.last.map { Cursor(after: $0.subClient.uuid) } : nil)
    }
}
