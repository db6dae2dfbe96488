import Domain
package import Runtime
package import Store

/// Does the work of recoveries, chunk after chunk, on every node: the database lets one node at a time work on each.
/// Loop-bound.
package struct Recoverer: Sendable {
    private let loop: EventLoop
    /// A store with a write connection of the background's own.
    private let store: Store
    private let log: Log
    /// Called when deliveries may have been made due.
    private let onDue: @Sendable () -> Void

    package init(loop: EventLoop, store: Store, log: Log, onDue: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.store = store
        self.log = log
        self.onDue = onDue
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let isGoing = await runOnce()
            await loop.sleep(for: isGoing ? Limits.recoveryPause : Limits.recoveryInterval)
        }
    }

    /// One chunk of each recovery that is due; whether any of them goes on.
    @discardableResult
    package func runOnce() async -> Bool {
        var isGoing = false
        do throws(StoreError) {
            let due = try await store.dueRecoveries(limit: Limits.recoveriesAtOnce)
            for one in due {
                switch try await store.recoverChunk(
                    one, size: Limits.recoveryChunk, settling: Limits.recoverySettling)
                {
                case .going: isGoing = true
                case .ended:
                    log.info(
                        "a recovery has ended",
                        [(.subClient, .bytes(one.subClient.text)), (.recovery, .bytes(one.id.text))])
                case .waiting, .busy: break
                }
            }
            if !due.isEmpty { onDue() }
        } catch {
            // What was not committed is done again.
            log.heldUp("a recovery was held up", by: error)
        }
        return isGoing
    }
}
