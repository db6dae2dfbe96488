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
    }

    /// Commits under way at once. One lets batches grow; a second keeps the database busy while one returns.
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
                guard state.commits < Intake.concurrentCommits else { return false }
                // The first of a turn starts a commit; the others of the turn join it.
                guard state.events.count == 1 else { return false }
                state.commits += 1
                return true
            }
            if begins { loop.atTurnEnd { loop.spawn { await commit() } } }
        }
        return try result.get()
    }

    private func commit() async {
        while true {
            let batch = state.withValue { state in
                let batch = Array(state.events.prefix(Limits.acceptSize))
                state.events.removeFirst(batch.count)
                if batch.isEmpty { state.commits -= 1 }
                return batch
            }
            if batch.isEmpty { return }
            await commit(batch)
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
