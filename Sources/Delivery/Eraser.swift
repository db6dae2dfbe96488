import Domain
package import Runtime
package import Store

/// Does the work of erasures, chunk after chunk, on every node: the database lets one node at a time work on each.
/// Loop-bound.
package struct Eraser: Sendable {
    private let loop: EventLoop
    /// A store with a write connection that nothing else uses: what shared a commit with a chunk would wait for it.
    private let store: Store
    private let log: Log

    package init(loop: EventLoop, store: Store, log: Log) {
        self.loop = loop
        self.store = store
        self.log = log
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let isGoing = await runOnce()
            await loop.sleep(for: isGoing ? Limits.erasurePause : Limits.erasureInterval)
        }
    }

    /// One chunk of each erasure that is due; whether any of them goes on at once.
    package func runOnce() async -> Bool {
        var isGoing = false
        do throws(StoreError) {
            for due in try await store.dueErasures(limit: Limits.erasuresAtOnce) {
                switch try await store.eraseChunk(
                    due, size: Limits.erasureChunk, settling: Limits.erasureSettling)
                {
                case .going:
                    isGoing = true
                case .ended:
                    try await store.end(due)
                    log.info(
                        "an erasure is done",
                        [(.subClient, .bytes(due.subClient.text)), (.erasure, .bytes(due.id.text))])
                case .waiting, .busy: break
                }
            }
        } catch {
            // What was not committed is done again.
            log.heldUp("an erasure was held up", by: error)
        }
        return isGoing
    }
}
