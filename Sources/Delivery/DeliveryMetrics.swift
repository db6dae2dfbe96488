import Domain
package import Runtime

/// What delivery counts.
package struct DeliveryMetrics: Sendable {
    let claimed: Counter
    let lapsed: Counter
    let rescued: Counter
    let attemptSeconds: Histogram
    let lagSeconds: Histogram
    let pauses: Counter
    private let attempts: MetricSet<Counter>
    private let disabled: MetricSet<Counter>

    package init(_ metrics: Metrics) {
        attempts = metrics.counters(
            "subgate_delivery_attempts_total", help: "Attempts made, by what followed.",
            MetricLabel("outcome", ["delivered", "retried", "failed", "gone"]))
        pauses = metrics.counter(
            "subgate_endpoint_pauses_total", help: "Times an endpoint was left alone for a while, as all nodes know.")
        disabled = metrics.counters(
            "subgate_endpoints_disabled_total", help: "Endpoints that were disabled without a person.",
            MetricLabel("reason", ["gone", "failing"]))
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

    func disabled(_ reason: DisabledReason) -> Counter {
        switch reason {
        case .gone: disabled[0]
        case .failing: disabled[1]
        }
    }
}
