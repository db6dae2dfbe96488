/// When a delivery that failed is tried again: Standard Webhooks' example schedule, ten attempts over 75.6 hours.
package struct RetrySchedule: Hashable, Sendable {
    /// Delay before attempt n + 2, after failure n + 1.
    package let delays: [Duration]

    /// A longer list would keep a delivery alive past the retention of its event.
    package static let maximumDelays = 20
    /// The longest that a delivery may be retried in all: far less than events are kept for.
    package static let maximumTotal: Duration = .seconds(14 * 24 * 3600)

    package init(delays: [Duration]) { self.delays = delays }

    package static let standard = RetrySchedule(delays: [
        .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3600), .seconds(5 * 3600),
        .seconds(10 * 3600), .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
    ])

    /// The same schedule with every delay divided: a development aid.
    package func accelerated(by divisor: Int) -> RetrySchedule {
        RetrySchedule(delays: delays.map { $0 / max(1, divisor) })
    }

    /// The delay after `failures` recorded failures (1 or more) with ± 10 % jitter, or nil when the schedule is spent.
    ///
    /// Endpoints that failed together must not come back together; a tenth is enough to spread them and small enough
    /// to keep the promised times.
    package func delay(afterFailures failures: Int, random: UInt64) -> Duration? {
        guard failures >= 1, failures <= delays.count else { return nil }
        let base = delays[failures - 1].microseconds
        let span = base / 5
        guard span > 0 else { return delays[failures - 1] }
        let offset = Int64(random % UInt64(span + 1)) - span / 2
        return .microseconds(base + offset)
    }
}
