import Runtime
import Store

/// Writes down once a minute, and at a stop, when credentials and admin keys were last used; and soon, which of them
/// were recognised by an earlier pepper. Loop-bound.
struct UseWriter: Sendable {
    /// How soon a digest is made anew: nothing is asked of the database when there is none.
    private static let interval: Duration = .seconds(1)
    /// How far the times that are shown may be behind, in intervals.
    private static let intervalsPerWrite = 60

    let store: Store
    let log: Log

    /// Goes on until the task is cancelled.
    func run() async {
        var intervals = 0
        while !Task.isCancelled {
            await store.loop.sleep(for: UseWriter.interval)
            intervals += 1
            if intervals % UseWriter.intervalsPerWrite == 0 { await write() } else { await renew() }
        }
    }

    private func renew() async {
        do throws(StoreError) {
            try await store.renewDigests()
        } catch {
            log.heldUp("could not renew digests", by: error)
        }
    }

    func write() async {
        await renew()
        do throws(StoreError) {
            try await store.writeUses()
        } catch {
            log.heldUp("could not write down what was used", by: error)
        }
    }
}
