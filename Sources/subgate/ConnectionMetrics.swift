import HTTPServer
import Runtime

/// The connections that a node's listeners hold. Each server publishes its part four times a second. Made once per
/// process.
struct ConnectionMetrics: Sendable {
    private static let interval: Duration = .milliseconds(250)

    /// In the order of the metric's values.
    private enum Listener: String, CaseIterable { case `public`, admin, ops }

    private let connections: MetricSet<Gauge>

    init(_ metrics: Metrics) {
        connections = metrics.gauges(
            "subgate_http_connections",
            help: "Open connections, and those of them whose first request or TLS handshake waits for its turn.",
            MetricLabel("listener", Listener.allCases.map(\.rawValue)), MetricLabel("state", ["open", "waiting"]))
    }

    /// Watches a node's servers from now on: the public listener has one on each loop.
    func follow(
        _ servers: [(loop: EventLoop, server: HTTPServer)], admin: HTTPServer, ops: HTTPServer, on first: EventLoop
    ) {
        for (loop, server) in servers { follow(server, of: .public, on: loop) }
        follow(admin, of: .admin, on: first)
        follow(ops, of: .ops, on: first)
    }

    private func follow(_ server: HTTPServer, of listener: Listener, on loop: EventLoop) {
        let place = Listener.allCases.firstIndex(of: listener)!
        loop.spawn { [self] in
            var shown = (open: 0, waiting: 0)
            while !Task.isCancelled {
                let now = (open: server.statistics.openConnections, waiting: server.waitingConnections)
                connections[place, 0].add(now.open - shown.open)
                connections[place, 1].add(now.waiting - shown.waiting)
                shown = now
                await loop.sleep(for: ConnectionMetrics.interval)
            }
        }
    }
}
