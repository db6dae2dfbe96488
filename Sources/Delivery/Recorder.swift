import Domain
import Runtime
import Store

/// Writes what became of deliveries, many in one statement, in the order in which they are given: while one write is
/// under way the next gathers. Loop-bound.
struct Recorder: Sendable {
    private struct State {
        var waiting = FIFO<DeliveryAdvance>()
        /// Handovers of which something could not be written: their rows stay, for whoever takes them over.
        var lost: Set<UUIDValue> = []
        var isWriting = false
        /// Whether what cannot be written is left at once to whoever takes it over.
        var givesUp = false
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let loop: EventLoop
    private let store: Store
    private let node: UUIDValue
    private let log: Log
    private let clock: Clock
    private let state: LoopState<State>
    /// Whether what is written may make room in a lane.
    private let isAwaited: @Sendable () -> Bool
    /// Called when something was written.
    private let onWrite: @Sendable () -> Void

    init(
        loop: EventLoop, store: Store, node: UUIDValue, log: Log, isAwaited: @escaping @Sendable () -> Bool,
        onWrite: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.store = store
        self.node = node
        self.log = log
        self.isAwaited = isAwaited
        self.onWrite = onWrite
        clock = store.clock
        state = LoopState(loop, State())
    }

    func record(_ advances: [DeliveryAdvance]) {
        if advances.isEmpty { return }
        let begins = state.withValue { state in
            for advance in advances { state.waiting.push(advance) }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { loop.atTurnEnd { loop.spawn { await write() } } }
    }

    /// Returns when everything handed over so far is written or given up; after `limit` what is not yet written is, as
    /// a database that is away must not keep a node from ending.
    func drain(within limit: Duration) async {
        let deadline = loop.spawn {
            await loop.sleep(for: limit)
            if Task.isCancelled { return }
            let isWriting = state.withValue { state in
                state.givesUp = true
                return state.isWriting
            }
            // The process ends before the write that goes on can tell.
            if isWriting { log.warn("what could not be recorded at the end was left, and is sent again") }
            releaseIdleWaiters()
        }
        await withCheckedContinuation { continuation in
            let isIdle = state.withValue { state in
                if state.isWriting { state.idleWaiters.append(continuation) }
                return !state.isWriting
            }
            if isIdle { continuation.resume() }
        }
        deadline.cancel()
    }

    private func releaseIdleWaiters() {
        let waiters = state.withValue { state in
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func write() async {
        while true {
            // Many small statements cost far more than few large ones, and nobody waits for these but lanes.
            if !state.withValue({ $0.waiting.count >= Limits.recordSize }), !isAwaited() {
                await loop.sleep(for: Limits.recordDelay)
            }
            let batch = state.withValue { state in
                let batch = Recorder.batch(&state.waiting)
                if batch.isEmpty { state.isWriting = false }
                return batch
            }
            if batch.isEmpty { break }
            await write(batch)
            onWrite()
        }
        releaseIdleWaiters()
    }

    /// The next that can be written together: one statement can write each delivery once.
    private static func batch(_ waiting: inout FIFO<DeliveryAdvance>) -> [DeliveryAdvance] {
        var batch: [DeliveryAdvance] = []
        var seen: Set<DeliveryID> = []
        while batch.count < Limits.recordSize, let next = waiting.first, seen.insert(next.delivery.id).inserted {
            batch.append(next)
            _ = waiting.pop()
        }
        return batch
    }

    /// Tries until it is written or the leases have ended: then others hold the deliveries, and will send them again.
    private func write(_ batch: [DeliveryAdvance]) async {
        var delay: Duration = .milliseconds(50)
        while true {
            let lost = state.withValue(\.lost)
            let ended = batch.filter(\.endsHandover).compactMap(\.handover).filter { !lost.contains($0) }
            do throws(StoreError) {
                return try await store.advance(batch, node: node, endedHandovers: ended)
            } catch {
                let leaseEnd = batch.map(\.delivery.leaseEnd).max() ?? clock.now()
                log.heldUp("deliveries could not be recorded", by: error, [(.count, .integer(batch.count))])
                guard clock.now() < leaseEnd, !state.withValue(\.givesUp) else { break }
            }
            await loop.sleep(for: delay)
            delay = min(delay * 2, .seconds(1))
        }
        log.warn("deliveries were left unrecorded, and are sent again", [(.count, .integer(batch.count))])
        state.withValue { $0.lost.formUnion(batch.compactMap(\.handover)) }
    }
}
