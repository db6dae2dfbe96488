import Runtime
import Store

/// Writes down once a minute, and at a stop, when credentials and admin keys were last used. Loop-bound.
struct UseWriter: Sendable {
    /// How far the times that are shown may be behind.
    private static let interval: Duration = .seconds(60)

    let store: Store
    let log: Log

    /// Goes on until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await store.loop.sleep(for: UseWriter.interval)
            await write()
        }
    }

    func write() async {
        do throws(StoreError) {
            try await store.writeUses()
        } catch {
            log.warn("could not write down what was used", [(.error, .text("\(error)"))])
        }
    }
}
