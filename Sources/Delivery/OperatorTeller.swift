package import Runtime
package import Store

/// Makes webhooks to the PSP of what Subgate noted: endpoints that were disabled or came back, deliveries that were
/// given up, quarantine. Runs on every node; one at a time does the work. Loop-bound.
package struct OperatorTeller: Sendable {
    private let loop: EventLoop
    /// A store with a write connection of the background's own.
    private let store: Store
    private let log: Log
    /// Called when deliveries were made due.
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
            await runOnce()
            await loop.sleep(for: Limits.noticeInterval)
        }
    }

    /// Returns how many events were made.
    @discardableResult
    package func runOnce() async -> Int {
        do throws(StoreError) {
            let made = try await store.makeOperatorEvents(pause: Limits.noticePause, size: Limits.noticesAtOnce)
            if made > 0 { onDue() }
            return made
        } catch {
            log.heldUp("the operator was not told", by: error)
            return 0
        }
    }
}
