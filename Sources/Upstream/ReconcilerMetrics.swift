package import Runtime
import Store

/// What reconciliation counts.
package struct ReconcilerMetrics: Sendable {
    /// What became of something that a list told, beside what the store says of it.
    enum Finding: Hashable {
        case fate(ReconciledFate)
        /// Made without Subgate.
        case foreign
        /// So young that its webhook may still come.
        case early
        /// Without an id, a time, or a status that can be ranked.
        case unreadable

        fileprivate static let words = ReconciledFate.allCases.map(\.rawValue) + ["foreign", "early", "unreadable"]

        fileprivate var position: Int {
            switch self {
            case .fate(let fate): ReconciledFate.allCases.firstIndex(of: fate) ?? 0
            case .foreign: ReconciledFate.allCases.count
            case .early: ReconciledFate.allCases.count + 1
            case .unreadable: ReconciledFate.allCases.count + 2
            }
        }
    }

    let pages: Counter
    let failures: Counter
    /// Seconds.
    let lag: Gauge
    private let findings: MetricSet<Counter>

    package init(_ metrics: Metrics) {
        findings = metrics.counters(
            "subgate_reconciliation_findings_total",
            help:
                "What upstreams' lists of transfers told, by what became of it: `made` is what no webhook told.",
            MetricLabel("outcome", Finding.words))
        pages = metrics.counter(
            "subgate_reconciliation_pages_total", help: "Pages read of upstreams' lists of transfers.")
        failures = metrics.counter(
            "subgate_reconciliation_failures_total", help: "Pages of upstreams' lists that could not be read or stored."
        )
        lag = metrics.gauge(
            "subgate_reconciliation_lag_seconds",
            help: "Age of the oldest transfers that no finished pass has looked at, at the upstream furthest behind.")
    }

    func found(_ finding: Finding, _ count: Int = 1) { findings[finding.position].add(count) }
}
