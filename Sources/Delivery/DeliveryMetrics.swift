package import Domain
package import Runtime

/// What delivery counts.
package struct DeliveryMetrics: Sendable {
    let delivered: Counter
    let retried: Counter
    let failed: Counter
    let claimed: Counter
    let lapsed: Counter
    let rescued: Counter
    let attemptSeconds: Histogram
    let lagSeconds: Histogram

    package init(_ metrics: Metrics) {
        let attempts = metrics.counter(
            "subgate_delivery_attempts_total", help: "Attempts made, by what followed.", label: "outcome",
            values: ["delivered", "retried", "failed"])
        delivered = attempts[0]
        retried = attempts[1]
        failed = attempts[2]
        claimed = metrics.counter("subgate_deliveries_claimed_total", help: "Due deliveries claimed from the database.")
        lapsed = metrics.counter(
            "subgate_delivery_leases_lapsed_total", help: "Deliveries dropped from memory because their lease ran out.")
        rescued = metrics.counter(
            "subgate_delivery_leases_rescued_total", help: "Deliveries taken back from nodes that died.")
        attemptSeconds = metrics.histogram(
            "subgate_delivery_attempt_seconds", help: "Duration of an attempt.",
            buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 15])
        lagSeconds = metrics.histogram(
            "subgate_delivery_lag_seconds", help: "From accepting an event to starting the first attempt.",
            buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60])
    }

    func attempts(_ decision: DeliveryMachine.Decision) -> Counter {
        switch decision {
        case .delivered: delivered
        case .retry: retried
        case .failed: failed
        }
    }
}
