package import Runtime
import Store
import Upstream

/// Counts requests by route and kind of status. Made once per process and shared by all loops.
package struct RequestMetrics: Sendable {
    private let requests: MetricSet<Counter>
    private let seconds: MetricSet<Histogram>
    /// Webhooks for link sessions that were erased.
    let erasedEvents: Counter
    private let acknowledgements: MetricSet<Histogram>
    private let linkTokens: MetricSet<Counter>
    private let linkTokenSeconds: Histogram
    private let upstreamSeconds: Histogram
    /// Position of a table's first route among the label's values, by listener.
    private let offsets: [String: Int]
    private static let classes = ["2xx", "3xx", "4xx", "5xx"]

    package init(_ metrics: Metrics, tables: [RouteTable] = RouteTable.all) {
        // The value for requests that match no route comes first.
        var names = ["none"]
        var offsets: [String: Int] = [:]
        for table in tables {
            offsets["\(table.listener)"] = names.count
            names += table.served.map(\.name)
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
        acknowledgements = metrics.histograms(
            "subgate_inbound_ack_seconds",
            help: "From a webhook's head to its answer, by what became of it; Mesh waits 0.2 s.",
            buckets: .acknowledgement, MetricLabel("outcome", Acknowledgement.allCases.map { "\($0)" }))
        linkTokens = metrics.counters(
            "subgate_link_tokens_total", help: "Link tokens asked for upstream, by what it answered.",
            MetricLabel("outcome", LinkTokenResult.allCases.map { "\($0)" }))
        linkTokenSeconds = metrics.histogram(
            "subgate_link_token_seconds", help: "From a link token's request to its answer, where one was minted.",
            buckets: .latency)
        upstreamSeconds = metrics.histogram(
            "subgate_link_token_upstream_seconds", help: "The upstream's share of that.", buckets: .latency)
    }

    /// What became of a webhook: stored in one way or another, not taken, or not stored for a fault of ours.
    private enum Acknowledgement: Int, CaseIterable { case stored, duplicate, quarantined, erased, refused, failed }

    /// `fate` is nil where it was not stored.
    func acknowledged(_ fate: AcceptedEvent.Fate?, status: Int, nanoseconds: UInt64) {
        let outcome: Acknowledgement =
            switch fate {
            case .stored: .stored
            case .duplicate: .duplicate
            case .quarantined: .quarantined
            case .erased: .erased
            case nil: status < 500 ? .refused : .failed
            }
        acknowledgements[outcome.rawValue].observe(Int(clamping: nanoseconds))
    }

    private enum LinkTokenResult: Int, CaseIterable {
        case minted, refused, tooManyRequests, keysRefused, failed, unreachable
    }

    /// What the upstream answered, after so long.
    func linkToken(_ outcome: LinkTokenOutcome, upstream nanoseconds: UInt64) {
        let result: LinkTokenResult =
            switch outcome {
            case .minted: .minted
            case .refused: .refused
            case .tooManyRequests: .tooManyRequests
            case .keysRefused: .keysRefused
            case .failed: .failed
            case .unreachable: .unreachable
            }
        linkTokens[result.rawValue].add()
        upstreamSeconds.observe(Int(clamping: nanoseconds))
    }

    /// A merchant gets one now.
    func linkTokenMinted(nanoseconds: UInt64) { linkTokenSeconds.observe(Int(clamping: nanoseconds)) }

    func offset(of listener: StaticString) -> Int { offsets["\(listener)"] ?? 0 }

    /// `position` is the route's place in the label's values, 0 for none.
    func count(position: Int, status: Int, nanoseconds: UInt64) {
        requests[position, min(max(status / 100 - 2, 0), 3)].add()
        seconds[position].observe(Int(clamping: nanoseconds))
    }
}
