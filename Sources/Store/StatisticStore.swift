package import Domain
import Postgres
import Runtime
import SQL

/// Attempts as this loop has counted them since it last wrote that down.
struct StatisticLog {
    struct Key: Hashable {
        let subClient: SubClientID
        let endpoint: EndpointID
        /// Microseconds.
        let slot: Int64
        let outcome: String
        let bucket: Int
    }

    /// Beyond this, while nothing can be written, only what is known is counted on: some 20 MiB.
    private static let maximumKeys = 100_000

    private(set) var counts: [Key: Int64] = [:]
    var isEmpty: Bool { counts.isEmpty }

    mutating func add(_ count: Int64, to key: Key) {
        if let known = counts[key] {
            counts[key] = known + count
        } else if counts.count < StatisticLog.maximumKeys {
            counts[key] = count
        }
    }

    /// Takes back what could not be written.
    mutating func restore(_ older: StatisticLog) {
        for (key, count) in older.counts { add(count, to: key) }
    }
}

/// The attempts to an endpoint in one span of time.
package struct AttemptStatistics: Sendable {
    package var succeeded: Int64 = 0
    /// By reason: an attempt's error code, or the class of a status, such as `http5xx`.
    package var failures: [String: Int64] = [:]
    package var durations = DurationHistogram()

    package var attempts: Int64 { durations.total }

    mutating func add(_ count: Int64, outcome: String, bucket: Int) {
        if count == 0 { return }
        durations.add(count, to: bucket)
        if outcome == Store.succeeded { succeeded += count } else { failures[outcome, default: 0] += count }
    }
}

/// How an endpoint does.
package struct EndpointStatistics: Sendable {
    package let lastHour: AttemptStatistics
    package let lastDay: AttemptStatistics
    /// Deliveries that are owed to it, counted up to `Store.countedBacklog`.
    package let backlog: Int64
    /// Since when the oldest of them could have been sent; nil if none is due.
    package let oldestDueAt: Timestamp?
    package let at: Timestamp
}

/// The attempts to an endpoint within one of many spans of the same length.
package struct StatisticSpan: Sendable {
    package let start: Timestamp
    package var attempts = AttemptStatistics()

    /// `start` and `length` are microseconds.
    static func empty(from start: Int64, by length: Int64, count: Int) -> [StatisticSpan] {
        (0..<count).map { StatisticSpan(start: Timestamp(microseconds: start + Int64($0) * length)) }
    }
}

extension Store {
    static let succeeded = "succeeded"
    private static let slot: Int64 = 300 * 1_000_000
    /// More of each kind is not counted.
    package static let countedBacklog: Int32 = 10_000

    /// Counts an attempt, for `writeStatistics()`. `statusCode` is nil without an answer.
    package func noteAttempt(
        _ subClient: SubClientID, _ endpoint: EndpointID, statusCode: Int32?, errorCode: String?, duration: Duration,
        at moment: Timestamp
    ) {
        let outcome =
            switch (statusCode, errorCode) {
            case (.some(200..<300), _): Store.succeeded
            case (.some(let code), nil), (.some(let code), "httpStatus"): "http\(code / 100)xx"
            case (_, let code): code ?? "unknown"
            }
        let key = StatisticLog.Key(
            subClient: subClient, endpoint: endpoint, slot: moment.microseconds / Store.slot * Store.slot,
            outcome: outcome, bucket: DurationHistogram.bucket(of: duration))
        counted.withValue { $0.add(1, to: key) }
    }

    /// Adds what was counted since the last time. What cannot be written is kept for the next; what nobody knows
    /// whether it was written is not counted twice.
    package func writeStatistics() async throws(StoreError) {
        let seen = counted.withValue { log in
            defer { log = StatisticLog() }
            return log
        }
        if seen.isEmpty { return }
        let rows = Array(seen.counts)
        do {
            _ = try await run(
                PlatformScope.system, .addEndpointStatistics,
                [
                    .uuids(rows.map(\.key.subClient.uuid)), .uuids(rows.map(\.key.endpoint.uuid)),
                    .timestampArray(rows.map(\.key.slot)), .stringArray(rows.map(\.key.outcome)),
                    .int32Array(rows.map { Int32($0.key.bucket) }), .int64Array(rows.map(\.value)),
                ])
        } catch {
            if error != .outcomeUnknown { counted.withValue { $0.restore(seen) } }
            throw error
        }
    }

    /// Of the last hour and the last day, each begun at a full five minutes. Throws `.notFound`.
    package func statistics(
        _ scope: TenantScope, of endpoint: EndpointID
    ) async throws(StoreError) -> EndpointStatistics {
        let now = clock.now()
        func slot(_ age: Duration) -> Parameter {
            .time(Timestamp(microseconds: (now - age).microseconds / Store.slot * Store.slot))
        }
        let of: [Parameter] = [.id(scope.subClient), .id(endpoint)]
        let results = try await run(
            scope,
            [
                Query(.getEndpoint, of + [.word(scope.environment), .time(now)]),
                Query(.sumEndpointStatistics, of + [slot(.seconds(86_400)), slot(.seconds(3_600))]),
                Query(.endpointBacklog, of + [.int32(Store.countedBacklog), .time(now)]),
            ], on: .read)
        if results[0].isEmpty { throw .notFound }
        var day = AttemptStatistics()
        var hour = AttemptStatistics()
        let rows = results[1]
        for row in rows.indices {
            let outcome = try rows.string(row, 0)
            let bucket = try Int(rows.int32(row, 1))
            try day.add(rows.int64(row, 2), outcome: outcome, bucket: bucket)
            try hour.add(rows.int64(row, 3), outcome: outcome, bucket: bucket)
        }
        return try EndpointStatistics(
            lastHour: hour, lastDay: day, backlog: results[2].int64(0, 0), oldestDueAt: results[2].optionalTime(0, 1),
            at: now)
    }

    /// The attempts of the last hour in spans of five minutes and of the last day in spans of an hour, oldest first,
    /// those without any among them. Throws `.notFound`.
    package func statisticSeries(
        _ scope: TenantScope, of endpoint: EndpointID
    ) async throws(StoreError) -> (hour: [StatisticSpan], day: [StatisticSpan]) {
        let now = clock.now()
        let slot = Store.slot
        let hour = slot * 12
        let lastSlot = now.microseconds / slot * slot
        let lastHour = now.microseconds / hour * hour
        var hours = StatisticSpan.empty(from: lastHour - 23 * hour, by: hour, count: 24)
        var slots = StatisticSpan.empty(from: lastSlot - 11 * slot, by: slot, count: 12)
        let of: [Parameter] = [.id(scope.subClient), .id(endpoint)]
        let results = try await run(
            scope,
            [
                Query(.getEndpoint, of + [.word(scope.environment), .time(now)]),
                Query(.listEndpointStatistics, of + [.time(hours[0].start)]),
            ], on: .read)
        if results[0].isEmpty { throw .notFound }
        let rows = results[1]
        for row in rows.indices {
            let at = try rows.time(row, 0).microseconds
            let outcome = try rows.string(row, 1)
            let bucket = try Int(rows.int32(row, 2))
            let count = try rows.int64(row, 3)
            let inDay = Int((at - hours[0].start.microseconds) / hour)
            if hours.indices.contains(inDay) { hours[inDay].attempts.add(count, outcome: outcome, bucket: bucket) }
            let inHour = (at - slots[0].start.microseconds) / slot
            if at >= slots[0].start.microseconds, slots.indices.contains(Int(inHour)) {
                slots[Int(inHour)].attempts.add(count, outcome: outcome, bucket: bucket)
            }
        }
        return (slots, hours)
    }

    /// Forgets what was counted longer ago than this.
    package func forgetStatistics(olderThan age: Duration) async throws(StoreError) {
        _ = try await run(PlatformScope.system, .forgetEndpointStatistics, [.time(clock.now() - age)])
    }
}
