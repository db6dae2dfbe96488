import Domain
package import Runtime
package import Store

/// Shows what is due in the database, for all nodes together: each shows the same. Loop-bound.
package struct BacklogMeter: Sendable {
    private let loop: EventLoop
    /// A store with a write connection of the background's own.
    private let store: Store
    private let log: Log
    private let due: Gauge
    private let readyEndpoints: Gauge
    private let queuedEndpoints: Gauge
    private let oldest: Gauge
    private let brokenEndpoints: Gauge
    private let held: Gauge
    private let quarantined: Gauge

    package init(loop: EventLoop, store: Store, log: Log, metrics: Metrics) {
        self.loop = loop
        self.store = store
        self.log = log
        due = metrics.gauge(
            "subgate_deliveries_due",
            help: "Deliveries whose time has come and that no node has taken, up to 10000.")
        readyEndpoints = metrics.gauge(
            "subgate_endpoints_due",
            help: "Endpoints with a queue from which something may be sent now, up to 10000.")
        queuedEndpoints = metrics.gauge(
            "subgate_endpoints_queued",
            help: "Endpoints with a queue, those that are paused too, up to 10000.")
        oldest = metrics.gauge(
            "subgate_oldest_due_seconds",
            help: "For how long the oldest of what is due has been, of deliveries and of endpoints with a queue.")
        brokenEndpoints = metrics.gauge(
            "subgate_endpoints_broken",
            help: "Endpoints with a queue whose breaker is open, or half open, up to 10000.")
        held = metrics.gauge(
            "subgate_deliveries_held", help: "Deliveries held until their endpoint is enabled again, up to 10000.")
        quarantined = metrics.gauge(
            "subgate_events_quarantined",
            help: "Events that wait for a person to say whose they are, up to 10000.")
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        var looks = 0
        while !Task.isCancelled {
            await runOnce()
            if looks % Limits.looksPerKept == 0 { await countKept() }
            looks += 1
            await loop.sleep(for: Limits.backlogInterval)
        }
    }

    /// While the database is away what was seen last stays.
    package func runOnce() async {
        do throws(StoreError) {
            let backlog = try await store.backlog(limit: Limits.countedBacklog)
            due.set(backlog.timed)
            readyEndpoints.set(backlog.readyLanes)
            queuedEndpoints.set(backlog.lanes)
            let age = backlog.oldestDueAt.map { store.clock.now() - $0 } ?? .zero
            oldest.set(max(0, Int(age.components.seconds)))
            brokenEndpoints.set(backlog.brokenLanes)
        } catch {
            log.heldUp("what is due could not be counted", by: error)
        }
    }

    /// What waits for a person does not change from one second to the next.
    private func countKept() async {
        do throws(StoreError) {
            let kept = try await store.kept(limit: Limits.countedBacklog)
            held.set(kept.held)
            quarantined.set(kept.quarantined)
        } catch {
            log.heldUp("what waits for a person could not be counted", by: error)
        }
    }
}
