import Domain
package import Runtime
package import Store

/// Gives back a lease whose taking had no answer: its deliveries may be ours without our knowing them, and would wait
/// for its end. Loop-bound.
package struct LeaseReturn: Sendable {
    private let loop: EventLoop
    private let store: Store
    private let log: Log

    package init(loop: EventLoop, store: Store, log: Log) {
        self.loop = loop
        self.store = store
        self.log = log
    }

    /// Gives back again and again what there is of `lease`, at most until its end: the server goes on with what a lost
    /// connection had begun, and may commit it after the first time. `onReturn` is called each time.
    package func run(_ lease: Lease, onReturn: () -> Void = {}) async {
        let started = EventLoop.monotonicNanoseconds
        while store.clock.now() < lease.end {
            await loop.sleep(for: Limits.giveBackInterval)
            do throws(StoreError) {
                try await store.release(lease)
                onReturn()
                let passed = Duration.nanoseconds(Int64(EventLoop.monotonicNanoseconds - started))
                if passed > Limits.timeOfLastCommits { return }
            } catch {
                log.heldUp("a lease could not be given back", by: error)
            }
        }
    }
}
