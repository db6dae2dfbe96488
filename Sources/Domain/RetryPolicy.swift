/// When deliveries are tried again, and how endpoints that fail are treated: the platform's, and what it leaves to
/// endpoints.
package struct RetryPolicy: Hashable, Sendable {
    package let schedule: RetrySchedule
    package let health: HealthPolicy
    /// Divides the delays of endpoints' own schedules, too: a development aid.
    private let divisor: Int

    package init(
        schedule: RetrySchedule = .standard, health: HealthPolicy = HealthPolicy(), acceleratedBy divisor: Int = 1
    ) {
        self.schedule = schedule.accelerated(by: divisor)
        self.health = health.accelerated(by: divisor)
        self.divisor = divisor
    }

    /// The schedule of an endpoint that has its own delays, or the platform's.
    package func schedule(own: RetrySchedule?) -> RetrySchedule {
        guard let own else { return schedule }
        return RetrySchedule(delays: own.delays, jitterPercent: schedule.jitterPercent).accelerated(by: divisor)
    }
}
