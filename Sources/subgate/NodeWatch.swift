import Delivery
import Domain
import Postgres
import Runtime

/// What a node holds at the moment of a scrape, how late its loops are, and whether they have their database. Each loop
/// publishes its part four times a second; the scraping one reads.
struct NodeWatch: Sendable {
    private static let interval: Duration = .milliseconds(250)

    private let waiting: Gauge
    private let inFlight: Gauge
    private let lag: Histogram
    private let databases: DatabaseMetrics
    private let phase: NodePhase
    private let log: Log

    init(_ metrics: Metrics, databases: DatabaseMetrics, phase: NodePhase, log: Log) {
        waiting = metrics.gauge("subgate_deliveries_waiting", help: "Deliveries waiting in this node's memory.")
        inFlight = metrics.gauge("subgate_attempts_in_flight", help: "Attempts under way.")
        lag = metrics.histogram(
            "subgate_loop_lag_seconds", help: "How late an event loop is with what it is to do at a moment.",
            buckets: .latency)
        self.databases = databases
        self.phase = phase
        self.log = log
    }

    /// Watches one loop from now on.
    func begin(_ shard: Shard, number: Int) {
        shard.loop.spawn { [self] in
            var load = (waiting: 0, inFlight: 0)
            var lanes: [Lane: LaneCounters] = [:]
            while !Task.isCancelled {
                let now = shard.dispatcher.load
                waiting.add(now.waiting - load.waiting)
                inFlight.add(now.inFlight - load.inFlight)
                load = now
                databases.show(shard.database, after: &lanes)
                tellDatabase(shard, number)
                let asked = EventLoop.monotonicNanoseconds
                await shard.loop.sleep(for: NodeWatch.interval)
                let late = Int64(EventLoop.monotonicNanoseconds - asked) - NodeWatch.interval.microseconds * 1_000
                lag.observe(Int(max(0, late)))
            }
        }
    }

    private func tellDatabase(_ shard: Shard, _ number: Int) {
        let outage = shard.database.outage
        guard !phase.isStopped, phase.setDatabase(loop: number, isThere: outage == nil) else { return }
        let fields: [Log.Field] = [(.kind, .text("database")), (.loop, .integer(number))]
        if let outage {
            log.error("state changed", fields + [(.state, .text("lost")), (.reason, .text(outage))])
        } else {
            log.info("state changed", fields + [(.state, .text("back"))])
        }
    }
}
