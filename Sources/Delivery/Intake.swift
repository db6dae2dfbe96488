import Domain
package import Runtime
package import Store

/// Accepts verified webhooks for one loop: those that arrive while a commit is under way share the next one.
/// Loop-bound.
///
/// Nothing is acknowledged before its commit has returned; deliveries of what was committed go straight to the
/// dispatcher.
///
/// Nor is anything acknowledged late. An upstream waits for a short time; after that it has given up and will send the
/// event again, whatever we still say. So one that waits longer is refused when its time is over: if its commit has not
/// begun it is dropped, as storing it would cost what the next one needs; if it has, nobody can take it back, and it
/// may be stored. At least once stays true in both cases: what was refused comes again, and the key of the event makes
/// the repetition of a stored one a duplicate, which is answered 200 and delivered no second time.
package struct Intake: Sendable {
    private typealias Waiter = CheckedContinuation<Result<AcceptedEvent.Fate, StoreError>, Never>

    private struct State {
        /// How many may wait.
        var pace: IntakePace
        /// What waits for a commit, numbered in the order it came.
        var events: [(event: ReceivedEvent, number: UInt64)] = []
        var nextNumber: UInt64 = 0
        /// Who is still to be answered.
        var waiters: [UInt64: Waiter] = [:]
        /// Of those who are, and of some who were a moment ago; in monotonic nanoseconds, the first first.
        var deadlines = FIFO<(number: UInt64, time: UInt64)>()
        var isWatched = false
        var commits = 0
        /// Events in the commits that are under way.
        var committing = 0

        /// Whether one more commit may begin. A second beside a small one spares those that come now a wait; beside a
        /// large one it would halve the batches, and most of what a commit costs it costs once.
        var hasRoom: Bool {
            commits == 0 || commits < Intake.concurrentCommits && committing < Limits.fewWebhooks
        }

        /// Whether the first of a turn came, so that a commit begins, and whether nobody watches the time yet.
        mutating func add(_ event: ReceivedEvent, _ waiter: Waiter, until deadline: UInt64) -> (Bool, Bool) {
            events.append((event, nextNumber))
            waiters[nextNumber] = waiter
            deadlines.push((nextNumber, deadline))
            nextNumber += 1
            defer { isWatched = true }
            return (events.count == 1 && hasRoom, !isWatched)
        }

        /// Begins a commit of what waits, if there is any and room for it.
        mutating func begin() -> [(event: ReceivedEvent, number: UInt64)] {
            let batch = hasRoom ? Array(events.prefix(Limits.acceptSize)) : []
            if batch.isEmpty { return [] }
            events.removeFirst(batch.count)
            commits += 1
            committing += batch.count
            return batch
        }

        /// Takes out those whose time is over, and drops what of theirs has not begun: the oldest of what waits.
        mutating func overdue(_ now: UInt64) -> [(waiter: Waiter, mayBeStored: Bool)] {
            let firstWaiting = events.first?.number ?? nextNumber
            var overdue: [(Waiter, Bool)] = []
            while let next = deadlines.first, next.time <= now || waiters[next.number] == nil {
                _ = deadlines.pop()
                guard let waiter = waiters.removeValue(forKey: next.number) else { continue }
                overdue.append((waiter, next.number < firstWaiting))
            }
            events.removeFirst(overdue.count { !$0.1 })
            isWatched = !deadlines.isEmpty
            return overdue
        }

        /// Ends a commit that began then, and takes out whoever came last, where more wait than that allows.
        mutating func end(_ count: Int, begun began: UInt64, _ now: UInt64) -> [Waiter] {
            commits -= 1
            committing -= count
            pace.note(count, from: began, to: now)
            let surplus = events.suffix(max(0, events.count - room(now)))
            events.removeLast(surplus.count)
            return surplus.compactMap { waiters.removeValue(forKey: $0.number) }
        }

        /// How many may wait now.
        func room(_ now: UInt64) -> Int {
            min(Limits.waitingWebhooks, max(Limits.fewWebhooks, pace.room(at: now) - committing))
        }
    }

    /// Commits under way at once: one at work, and one on its way there or back.
    private static let concurrentCommits = 2

    private let loop: EventLoop
    private let store: Store
    private let dispatcher: Dispatcher
    private let answerWithin: Duration
    private let state: LoopState<State>

    /// Whether one more webhook can be stored in time, as far as is known.
    package var hasRoom: Bool { state.withValue { $0.events.count < $0.room(EventLoop.monotonicNanoseconds) } }

    package init(loop: EventLoop, store: Store, dispatcher: Dispatcher, answerWithin: Duration) {
        self.loop = loop
        self.answerWithin = answerWithin
        self.store = store
        self.dispatcher = dispatcher
        state = LoopState(loop, State(pace: IntakePace(answerWithin: answerWithin)))
    }

    /// Returns once the event is durable (or was before). Throws if it may not be, or if that took too long: then it
    /// must not be acknowledged. `.unavailable` if it was not stored, `.outcomeUnknown` if it may be.
    package func accept(_ event: ReceivedEvent) async throws(StoreError) -> AcceptedEvent.Fate {
        guard hasRoom else { throw .unavailable }
        let deadline = EventLoop.monotonicNanoseconds + UInt64(answerWithin.microseconds) * 1_000
        let result = await withCheckedContinuation { (waiter: Waiter) in
            // Others of the turn join the first's commit.
            let (begins, watches) = state.withValue { $0.add(event, waiter, until: deadline) }
            if begins { loop.atTurnEnd { loop.spawn { await commit() } } }
            if watches { loop.spawn { await watch() } }
        }
        return try result.get()
    }

    /// Refuses those whose time is over, as long as anybody waits.
    private func watch() async {
        while let next = state.withValue({ $0.deadlines.first?.time }) {
            let now = EventLoop.monotonicNanoseconds
            if next > now { await loop.sleep(for: .nanoseconds(Int64(next - now))) }
            for (waiter, mayBeStored) in state.withValue({ $0.overdue(EventLoop.monotonicNanoseconds) }) {
                waiter.resume(returning: .failure(mayBeStored ? .outcomeUnknown : .unavailable))
            }
        }
    }

    /// Answers who waits for that webhook, unless its time was over.
    private func answer(_ number: UInt64, _ result: Result<AcceptedEvent.Fate, StoreError>) {
        state.withValue { $0.waiters.removeValue(forKey: number) }?.resume(returning: result)
    }

    private func commit() async {
        while true {
            let batch = state.withValue { $0.begin() }
            if batch.isEmpty { return }
            let began = EventLoop.monotonicNanoseconds
            await commit(batch)
            // Whoever was just answered sends the next: they come one by one, and had better go in together.
            if let pause = Intake.pause(after: batch.count) { await loop.sleep(for: pause) }
            let surplus = state.withValue {
                $0.end(batch.count, begun: began, EventLoop.monotonicNanoseconds)
            }
            for waiter in surplus { waiter.resume(returning: .failure(.unavailable)) }
        }
    }

    private static func pause(after count: Int) -> Duration? {
        if count < Limits.fewWebhooks { return nil }
        return count < Limits.manyWebhooks ? Limits.gatheringTime : Limits.longGatheringTime
    }

    private func commit(_ batch: [(event: ReceivedEvent, number: UInt64)]) async {
        let lease = dispatcher.leaseForNew()
        do throws(StoreError) {
            let accepted = try await store.accept(
                batch.map(\.event), lease: lease, busy: dispatcher.fullEndpoints)
            dispatcher.take(accepted.flatMap(\.deliveries))
            if accepted.contains(where: \.isQueued) { dispatcher.lookNow() }
            for (index, entry) in batch.enumerated() {
                answer(entry.number, .success(accepted[index].fate))
            }
        } catch {
            switch error {
            case .unavailable, .outcomeUnknown:
                for entry in batch { answer(entry.number, .failure(error)) }
                if let lease, error == .outcomeUnknown { dispatcher.giveBack(lease) }
            default:
                // One of them was refused and took the others with it: they must not share its fate.
                if batch.count == 1 { return answer(batch[0].number, .failure(error)) }
                for entry in batch { await commit([entry]) }
            }
        }
    }
}
