import Runtime
import Store

/// Writes down every few seconds, and at a stop, what attempts came to and what sub-clients used. Loop-bound.
struct StatisticWriter: Sendable {
    /// How far the statistics that are shown may be behind; what a crash loses of them.
    private static let interval: Duration = .seconds(5)

    let store: Store
    let log: Log

    /// Goes on until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await store.loop.sleep(for: StatisticWriter.interval)
            await write()
        }
    }

    func write() async {
        do throws(StoreError) {
            try await store.writeStatistics()
        } catch {
            log.heldUp("could not write down what attempts came to", by: error)
        }
        do throws(StoreError) {
            try await store.writeUsage()
        } catch {
            log.heldUp("could not write down what sub-clients used", by: error)
        }
    }
}
