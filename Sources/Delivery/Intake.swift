package import Runtime
package import Store

/// Accepts verified webhooks for one loop: those that arrive while a commit is under way share the next one.
/// Loop-bound.
///
/// Nothing is acknowledged before its commit has returned; deliveries of what was committed go straight to the
/// dispatcher.
package struct Intake: Sendable {
    private typealias Waiter = CheckedContinuation<Result<AcceptedEvent.Fate, StoreError>, Never>
    private struct State {
        var events: [(ReceivedEvent, Waiter)] = []
        var commits = 0
        /// Events in the commits that are under way.
        var committing = 0

        /// Whether one more commit may begin. A second beside a small one spares those that come now a wait; beside a
        /// large one it would halve the batches, and most of what a commit costs it costs once.
        var hasRoom: Bool {
            commits == 0 || commits < Intake.concurrentCommits && committing < Limits.fewWebhooks
        }

        /// Begins a commit of what waits, if there is any and room for it.
        mutating func begin() -> [(ReceivedEvent, Waiter)] {
            let batch = hasRoom ? Array(events.prefix(Limits.acceptSize)) : []
            if batch.isEmpty { return [] }
            events.removeFirst(batch.count)
            commits += 1
            committing += batch.count
            return batch
        }

        mutating func end(_ count: Int) {
            commits -= 1
            committing -= count
        }
    }

    /// Commits under way at once: one at work, and one on its way there or back.
    private static let concurrentCommits = 2

    private let loop: EventLoop
    private let store: Store
    private let dispatcher: Dispatcher
    private let state: LoopState<State>

    package init(loop: EventLoop, store: Store, dispatcher: Dispatcher) {
        self.loop = loop
        self.store = store
        self.dispatcher = dispatcher
        state = LoopState(loop, State())
    }

    /// Returns once the event is durable (or was before). Throws if it may not be: then it must not be acknowledged.
    package func accept(_ event: ReceivedEvent) async throws(StoreError) -> AcceptedEvent.Fate {
        guard state.withValue({ $0.events.count < Limits.waitingWebhooks }) else { throw .unavailable }
        let result = await withCheckedContinuation { (waiter: Waiter) in
            let begins = state.withValue { state in
                state.events.append((event, waiter))
                // The first of a turn starts a commit; the others of the turn join it.
                return state.events.count == 1 && state.hasRoom
            }
            if begins { loop.atTurnEnd { loop.spawn { await commit() } } }
        }
        return try result.get()
    }

    private func commit() async {
        while true {
            let batch = state.withValue { $0.begin() }
            if batch.isEmpty { return }
            await commit(batch)
            // Whoever was just answered sends the next: they come one by one, and had better go in together.
            if batch.count >= Limits.fewWebhooks { await loop.sleep(for: Limits.gatheringTime) }
            state.withValue { $0.end(batch.count) }
        }
    }

    private func commit(_ batch: [(event: ReceivedEvent, waiter: Waiter)]) async {
        let lease = dispatcher.leaseForNew()
        do throws(StoreError) {
            let accepted = try await store.accept(
                batch.map(\.event), lease: lease, busy: dispatcher.busyEndpoints)
            dispatcher.take(accepted.flatMap(\.deliveries))
            if accepted.contains(where: \.isQueued) { dispatcher.lookNow() }
            for (index, entry) in batch.enumerated() {
                entry.waiter.resume(returning: .success(accepted[index].fate))
            }
        } catch {
            switch error {
            case .unavailable, .outcomeUnknown:
                for entry in batch { entry.waiter.resume(returning: .failure(error)) }
                if let lease, error == .outcomeUnknown { loop.spawn { await dispatcher.giveBack(lease) } }
            default:
                // One of them was refused and took the others with it: they must not share its fate.
                if batch.count == 1 { return batch[0].waiter.resume(returning: .failure(error)) }
                for entry in batch { await commit([entry]) }
            }
        }
    }
}
