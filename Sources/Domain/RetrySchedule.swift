/// When a delivery that failed is tried again. The standard is Standard Webhooks' example: ten attempts over 75.6
/// hours.
package struct RetrySchedule: Hashable, Sendable {
    /// Delay before attempt n + 2, after failure n + 1.
    package let delays: [Duration]
    /// How far a delay may be off to either side, in hundredths of it.
    package let jitterPercent: Int64

    /// A longer list would keep a delivery alive past the retention of its event.
    package static let maximumDelays = 20
    /// The longest that a delivery may be retried in all: far less than events are kept for.
    package static let maximumTotal: Duration = .seconds(14 * 24 * 3600)
    /// A tenth is enough to spread endpoints that failed together and small enough to keep the promised times.
    package static let standardJitterPercent: Int64 = 10

    package init(delays: [Duration], jitterPercent: Int64 = RetrySchedule.standardJitterPercent) {
        self.delays = delays
        self.jitterPercent = jitterPercent
    }

    package static let standard = RetrySchedule(delays: [
        .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3600), .seconds(5 * 3600),
        .seconds(10 * 3600), .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
    ])

    /// The same schedule with every delay divided: a development aid.
    package func accelerated(by divisor: Int) -> RetrySchedule {
        RetrySchedule(delays: delays.map { $0 / max(1, divisor) }, jitterPercent: jitterPercent)
    }

    /// The delay after `failures` recorded failures (1 or more) with its jitter, or nil when the schedule is spent.
    ///
    /// Endpoints that failed together must not come back together.
    package func delay(afterFailures failures: Int, random: UInt64) -> Duration? {
        guard failures >= 1, failures <= delays.count else { return nil }
        let base = delays[failures - 1].microseconds
        let reach = base / 100 * jitterPercent + base % 100 * jitterPercent / 100
        guard reach > 0 else { return delays[failures - 1] }
        return .microseconds(base - reach + Int64(random % UInt64(2 * reach + 1)))
    }
}
