import Domain
package import Runtime
package import Store

/// Brings upstreams to what they are to know of sub-clients: takes due registrations, one attempt each at a time, as
/// long as the process runs. Any number of nodes may do so. Loop-bound.
package struct Registrar: Sendable {
    private struct State {
        var isStopping = false
        var isBusy = false
        /// Upstreams that failed as a whole, and until when they are left in peace.
        var resting: [UpstreamID: Timestamp] = [:]
    }

    private let loop: EventLoop
    private let store: Store
    private let client: AccountClient
    private let upstreams: UpstreamDirectory
    private let lists: AccountLists
    private let pace: RegistrarPace
    private let random: RandomSource
    private let log: Log
    private let metrics: RegistrarMetrics
    private let interrupts: @Sendable (RegistrationStep) -> Bool
    private let state: LoopState<State>

    /// `interrupts` plays a crash: where it says true, an attempt ends as if the process had died.
    package init(
        loop: EventLoop, store: Store, client: AccountClient, upstreams: UpstreamDirectory,
        pace: RegistrarPace = .standard, random: RandomSource, log: Log, metrics: RegistrarMetrics,
        interrupts: @escaping @Sendable (RegistrationStep) -> Bool = { _ in false }
    ) {
        self.loop = loop
        self.store = store
        self.client = client
        self.upstreams = upstreams
        self.pace = pace
        self.random = random
        self.log = log
        self.metrics = metrics
        self.interrupts = interrupts
        lists = AccountLists(loop: loop, client: client)
        state = LoopState(loop, State())
    }

    /// Works until the task is cancelled or `stop()` is called.
    package func run() async {
        while !Task.isCancelled, !state.withValue({ $0.isStopping }) {
            if await runOnce() == 0 {
                lists.forgetOld(now: store.clock.now(), maximumAge: pace.listAge)
                await loop.sleep(for: pace.pollInterval)
            }
        }
    }

    /// Begins no further attempts, and waits up to `grace` for those under way: what is cut off is searched for later.
    package func stop(grace: Duration) async {
        state.withValue { $0.isStopping = true }
        let deadline = EventLoop.monotonicNanoseconds + UInt64(max(grace.microseconds, 0)) * 1_000
        while state.withValue({ $0.isBusy }), EventLoop.monotonicNanoseconds < deadline {
            await loop.sleep(for: .milliseconds(10))
        }
    }

    /// One look, and an attempt at each registration it found. Returns how many.
    @discardableResult
    package func runOnce() async -> Int {
        let now = store.clock.now()
        let resting = state.withValue { state in
            state.isBusy = true
            state.resting = state.resting.filter { $0.value > now }
            return Array(state.resting.keys)
        }
        defer { state.withValue { $0.isBusy = false } }
        do throws(StoreError) {
            let claimed = try await store.claimRegistrations(
                limit: pace.claimSize, lease: pace.lease, resting: resting)
            let attempts = claimed.map { claimed in loop.spawn { await attempt(claimed) } }
            for attempt in attempts { await attempt.value }
            return claimed.count
        } catch {
            if error != .unavailable {
                log.heldUp("due registrations could not be claimed", by: error)
            }
            return 0
        }
    }

    // MARK: One attempt

    private func attempt(_ claimed: ClaimedRegistration) async {
        do throws(StoreError) {
            try await tryOnce(claimed)
        } catch {
            // The lease is lost, or runs out: then it is taken again, from where it stands.
            if error != .stale { log.warn("a registration could not be recorded", facts(claimed, "\(error)")) }
        }
    }

    private func tryOnce(_ claimed: ClaimedRegistration) async throws(StoreError) {
        let task = try await store.readRegistration(claimed)
        guard let account = await upstreams.upstream(claimed.upstream)?.account else {
            // The keys were taken away, or just given and not read yet.
            let failure = RegistrationFailure(
                state: .pending, dueAt: store.clock.now() + pace.rest, code: "noKeys")
            return try await store.failRegistration(claimed, version: task.version, failure)
        }
        let steps = RegistrationSteps(
            claimed: claimed, account: account, client: client, store: store, lists: lists, pace: pace,
            interrupts: interrupts)
        let reached: RegistrationState
        do throws(RegistrationStop) {
            reached = try await steps.perform(task)
        } catch {
            return try await end(claimed, task, error)
        }
        try await store.settleRegistration(claimed, version: task.version, state: reached)
        metrics.attempts(.done).add()
    }

    private func end(
        _ claimed: ClaimedRegistration, _ task: RegistrationTask, _ stop: RegistrationStop
    ) async throws(StoreError) {
        let now = store.clock.now()
        let failure: RegistrationFailure
        switch stop {
        case .interrupted: return
        case .store(let error): throw error
        case .wait(let until, let code): failure = RegistrationFailure(state: .pending, dueAt: until, code: code)
        case .ambiguous: failure = RegistrationFailure(state: .failed, dueAt: nil, code: "ambiguous")
        case .outOfTime:
            failure = RegistrationFailure(state: .pending, dueAt: now + pace.firstPause, code: "outOfTime")
        case .account(let error):
            rest(claimed.upstream, after: error, now: now)
            failure = pace.failure(error, attempts: claimed.attempts, now: now, random: random.next())
        }
        log.warn("a registration is not done", facts(claimed, failure.code))
        try await store.failRegistration(claimed, version: task.version, failure)
        metrics.attempts(failure.state == .failed ? .failed : .later).add()
    }

    private func rest(_ upstream: UpstreamID, after failure: AccountFailure, now: Timestamp) {
        let pause: Duration
        switch failure {
        case .keysRefused, .unreachable: pause = pace.rest
        case .tooManyRequests(let retryAfter): pause = max(pace.rest, .seconds(Int64(retryAfter ?? 0)))
        case .refused, .notFound, .unknown: return
        }
        state.withValue { $0.resting[upstream] = now + pause }
    }

    private func facts(_ claimed: ClaimedRegistration, _ reason: String) -> [(LogKey, LogValue)] {
        [
            (.subClient, .bytes(claimed.subClient.text)), (.upstream, .bytes(claimed.upstream.text)),
            (.reason, .text(reason)),
        ]
    }
}
