import Delivery
import Domain
import Postgres
import Runtime
import Synchronization

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
    private let outages = Outages()

    /// Every loop writes into it.
    private final class Outages: Sendable {
        let book = Mutex(OutageBook())
    }

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
        guard !phase.isStopped else { return }
        let (standing, now) = (shard.database.standing, EventLoop.monotonicNanoseconds)
        let isThere = if case .lost = standing { false } else { true }
        phase.setDatabase(loop: number, isThere: isThere)
        let kind: Log.Field = (.kind, .text("database"))
        switch outages.book.withLock({ $0.note(standing, loop: number, at: now) }) {
        case nil: break
        case .lost(let reason): log.error("state changed", [kind, (.state, .text("lost")), (.reason, .text(reason))])
        case .short(let reason): log.warn("state changed", [kind, (.state, .text("short")), (.reason, .text(reason))])
        case .still(let reason, let after):
            log.error("the database is still away", [(.reason, .text(reason)), (.durationMs, .duration(after))])
        case .back(let after):
            log.info("state changed", [kind, (.state, .text("back")), (.durationMs, .duration(after))])
        }
    }
}
