import Domain
package import Runtime

/// What delivery counts.
package struct DeliveryMetrics: Sendable {
    let claimed: Counter
    let lapsed: Counter
    let rescued: Counter
    let attemptSeconds: Histogram
    let lagSeconds: Histogram
    private let attempts: MetricSet<Counter>

    package init(_ metrics: Metrics) {
        attempts = metrics.counters(
            "subgate_delivery_attempts_total", help: "Attempts made, by what followed.",
            MetricLabel("outcome", ["delivered", "retried", "failed", "gone"]))
        claimed = metrics.counter("subgate_deliveries_claimed_total", help: "Due deliveries claimed from the database.")
        lapsed = metrics.counter(
            "subgate_delivery_leases_lapsed_total", help: "Deliveries dropped from memory because their lease ran out.")
        rescued = metrics.counter(
            "subgate_delivery_leases_rescued_total", help: "Deliveries taken back from nodes that died.")
        attemptSeconds = metrics.histogram(
            "subgate_delivery_attempt_seconds", help: "Duration of an attempt.", buckets: .latency)
        lagSeconds = metrics.histogram(
            "subgate_delivery_lag_seconds", help: "From accepting an event to starting the first attempt.",
            buckets: .latency)
    }

    func attempts(_ decision: DeliveryMachine.Decision) -> Counter {
        switch decision {
        case .delivered: attempts[0]
        case .retry: attempts[1]
        case .failed: attempts[2]
        case .endpointGone: attempts[3]
        }
    }
}
