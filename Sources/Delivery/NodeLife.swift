package import Domain
package import Runtime
package import Store

/// Keeps this node known to be alive, and gives back what dead nodes held.
///
/// A node lives as long as its session holds an advisory lock: PostgreSQL frees it the moment the process is gone, so
/// that after a crash its deliveries wait for the next look and not for their leases.
package struct NodeLife: Sendable {
    private let loop: EventLoop
    /// A store with one write connection that nothing else uses.
    private let session: Store
    private let store: Store
    private let node: UUIDValue
    private let name: String
    private let log: Log
    private let metrics: DeliveryMetrics
    /// Called when deliveries were made due.
    private let onRescue: @Sendable () -> Void

    package init(
        loop: EventLoop, session: Store, store: Store, node: UUIDValue, name: String, log: Log,
        metrics: DeliveryMetrics, onRescue: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.session = session
        self.store = store
        self.node = node
        self.name = name
        self.log = log
        self.metrics = metrics
        self.onRescue = onRescue
    }

    /// One look: shows life, then rescues. Returns how many deliveries were made due.
    @discardableResult
    package func runOnce() async -> Int {
        do throws(StoreError) {
            try await session.holdNode(node, name: name)
            let rescued = try await store.rescueLeases(for: node)
            if rescued > 0 {
                metrics.rescued.add(rescued)
                log.warn("took over the deliveries of a node that died", [(.count, .integer(rescued))])
                onRescue()
            }
            return rescued
        } catch {
            log.warn("could not show life", [(.error, .text("\(error)"))])
            return 0
        }
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        var looks = 0
        var lapsedFrom = Timestamp(seconds: 0)
        while !Task.isCancelled {
            await runOnce()
            if looks % Limits.looksPerLapse == 0 { lapsedFrom = await rescueLapsed(after: lapsedFrom) }
            looks += 1
            await loop.sleep(for: Limits.rescueInterval)
        }
    }

    /// Takes over what a node that lives has held for longer than its lease: one that was suspended, or cut off.
    /// Returns from when the next look is to begin.
    private func rescueLapsed(after earliest: Timestamp) async -> Timestamp {
        let now = store.clock.now()
        do throws(StoreError) {
            let rescued = try await store.rescueLapsedHandovers(after: earliest)
            if rescued > 0 {
                metrics.rescued.add(rescued)
                log.warn("took over deliveries whose lease had ended", [(.count, .integer(rescued))])
                onRescue()
            }
            return max(earliest, now - Limits.lapseLookBack)
        } catch {
            log.warn("could not look for ended leases", [(.error, .text("\(error)"))])
            return earliest
        }
    }
}
