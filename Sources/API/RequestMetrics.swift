package import Runtime

/// Counts requests by route and kind of status. Made once per process and shared by all loops.
package struct RequestMetrics: Sendable {
    private let requests: MetricSet<Counter>
    private let seconds: MetricSet<Histogram>
    /// Webhooks for link sessions that were erased.
    let erasedEvents: Counter
    /// Position of a table's first route among the label's values, by listener.
    private let offsets: [String: Int]
    private static let classes = ["2xx", "3xx", "4xx", "5xx"]

    package init(_ metrics: Metrics, tables: [RouteTable] = RouteTable.all) {
        // The value for requests that match no route comes first.
        var names = ["none"]
        var offsets: [String: Int] = [:]
        for table in tables {
            offsets["\(table.listener)"] = names.count
            names += table.routes.map(\.name)
        }
        self.offsets = offsets
        requests = metrics.counters(
            "subgate_http_requests_total", help: "Requests answered, by route and kind of status.",
            MetricLabel("route", names), MetricLabel("status", RequestMetrics.classes))
        seconds = metrics.histograms(
            "subgate_http_request_seconds", help: "From a request's head to its answer.", buckets: .latency,
            MetricLabel("route", names))
        erasedEvents = metrics.counter(
            "subgate_inbound_erased_total", help: "Webhooks dropped because their link session was erased.")
    }

    func offset(of listener: StaticString) -> Int { offsets["\(listener)"] ?? 0 }

    /// `position` is the route's place in the label's values, 0 for none.
    func count(position: Int, status: Int, nanoseconds: UInt64) {
        requests[position, min(max(status / 100 - 2, 0), 3)].add()
        seconds[position].observe(Int(clamping: nanoseconds))
    }
}
