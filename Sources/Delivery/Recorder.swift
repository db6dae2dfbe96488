import Domain
import Runtime
import Store

/// Writes finished attempts, many in one statement: while one write is under way the next gathers. Loop-bound.
struct Recorder: Sendable {
    private struct State {
        var finished: [FinishedAttempt] = []
        var isWriting = false
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let loop: EventLoop
    private let store: Store
    private let node: UUIDValue
    private let log: Log
    private let clock: Clock
    private let state: LoopState<State>

    init(loop: EventLoop, store: Store, node: UUIDValue, log: Log) {
        self.loop = loop
        self.store = store
        self.node = node
        self.log = log
        clock = store.clock
        state = LoopState(loop, State())
    }

    func record(_ attempt: FinishedAttempt) {
        let begins = state.withValue { state in
            state.finished.append(attempt)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { loop.atTurnEnd { loop.spawn { await write() } } }
    }

    /// Returns when everything handed over so far is written or given up.
    func drain() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withValue { state in
                if state.isWriting { state.idleWaiters.append(continuation) }
                return !state.isWriting
            }
            if isIdle { continuation.resume() }
        }
    }

    private func write() async {
        while true {
            let batch = state.withValue { state in
                let batch = Array(state.finished.prefix(Limits.recordSize))
                state.finished.removeFirst(batch.count)
                if batch.isEmpty { state.isWriting = false }
                return batch
            }
            if batch.isEmpty { break }
            await write(batch)
        }
        let waiters = state.withValue { state in
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Tries until it is written or the leases have ended: then others hold the deliveries, and will send them again.
    private func write(_ batch: [FinishedAttempt]) async {
        var delay: Duration = .milliseconds(50)
        while true {
            do throws(StoreError) {
                return try await store.record(batch, node: node)
            } catch {
                let leaseEnd = batch.map(\.delivery.leaseEnd).max() ?? clock.now()
                log.warn(
                    "attempts could not be recorded", [(.count, .integer(batch.count)), (.error, .text("\(error)"))])
                guard clock.now() < leaseEnd else { return }
            }
            await loop.sleep(for: delay)
            delay = min(delay * 2, .seconds(1))
        }
    }
}
