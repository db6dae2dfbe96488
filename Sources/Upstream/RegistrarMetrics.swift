package import Runtime

/// What registration counts.
package struct RegistrarMetrics: Sendable {
    enum Outcome: Int, CaseIterable {
        /// The upstream is as it is to be.
        case done
        /// It is tried again by itself.
        case later
        /// It takes a person, or has failed for long.
        case failed
    }

    private let attempts: MetricSet<Counter>

    package init(_ metrics: Metrics) {
        attempts = metrics.counters(
            "subgate_registration_attempts_total", help: "Attempts to bring an upstream up to date, by what followed.",
            MetricLabel("outcome", Outcome.allCases.map { "\($0)" }))
    }

    func attempts(_ outcome: Outcome) -> Counter { attempts[outcome.rawValue] }
}
