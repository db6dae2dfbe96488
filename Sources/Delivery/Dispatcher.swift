package import Domain
package import HTTPClient
package import Runtime
package import Store

/// Sends the deliveries of one loop: those that were just accepted here, handed over in memory, and those claimed from
/// the database. Loop-bound.
///
/// The handover or the row with its lease is the truth; what is in memory is a shortcut to it. A delivery is only
/// attempted while its lease covers the attempt, so what waited too long here is left to whoever claims it next.
package final class Dispatcher: Sendable {
    struct State {
        var queue = DispatchQueue()
        var handovers = HandoverLog()
        var look = ClaimLook()
        /// The last claim brought something for an endpoint that is known to answer well.
        var bringsProven = false
        /// The last claim looked at lanes in which what is written may make room.
        var seesBoundLanes = false
        var isStopping = false
        /// The gate is closed: see `setHeld(_:)`.
        var isHeld = false
        var isPumping = false
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    let loop: EventLoop
    let store: Store
    let leases: LeaseSource
    let clock: Clock
    let log: Log
    let metrics: DeliveryMetrics
    /// Off, all deliveries are left to other nodes.
    let isSending: Bool
    private let attempt: Attempt
    /// How much of its lease must be left when an attempt begins.
    private let timeOfAttempt: Duration
    private let endpoints: EndpointCache
    private let watch: EndpointWatch
    private let recorder: Recorder
    let state: LoopState<State>
    let nudge: Nudge

    package init(
        loop: EventLoop, store: Store, client: HTTPClient, leases: LeaseSource, policy: AddressPolicy,
        retries: RetryPolicy, attemptTimeout: Duration = Limits.attemptTimeout, isSending: Bool = true, log: Log,
        metrics: DeliveryMetrics
    ) {
        self.isSending = isSending
        self.loop = loop
        self.store = store
        self.leases = leases
        self.log = log
        self.metrics = metrics
        clock = store.clock
        attempt = Attempt(
            client: client, policy: policy, clock: store.clock, identifiers: store.identifiers, retries: retries,
            timeout: attemptTimeout)
        timeOfAttempt = LeaseSource.timeOfAttempt(attemptTimeout)
        endpoints = EndpointCache(loop: loop, store: store, policy: policy, log: log)
        watch = EndpointWatch(loop: loop, store: store, policy: retries.health, log: log, metrics: metrics)
        let state = LoopState(loop, State())
        let nudge = Nudge(loop: loop)
        self.state = state
        self.nudge = nudge
        recorder = Recorder(
            loop: loop, store: store, node: leases.node, log: log,
            isAwaited: { state.withValue { $0.seesBoundLanes || $0.isStopping } },
            onWrite: { if state.withValue(\.seesBoundLanes) { nudge.signal() } })
    }

    // MARK: Taking deliveries

    /// A lease for deliveries that are about to be made, or nil when memory is full or the dispatcher stops: then they
    /// must wait in their lanes instead, for any node to claim. It is full for them while there is room for a claim.
    package func leaseForNew() -> Lease? {
        state.withValue { state in
            !isSending || state.isStopping || state.isHeld || state.queue.room < Limits.claimRoom + Limits.acceptSize
                ? nil : leases.next(at: clock.now())
        }
    }

    /// Endpoints of which so much waits here that what is new for them stays in the database.
    package var fullEndpoints: [EndpointID] { state.withValue { $0.queue.fullEndpoints } }

    /// Takes deliveries whose lease this node holds: a claim's, or all of one handover in its order.
    package func take(_ deliveries: [DueDelivery]) {
        guard let first = deliveries.first else { return }
        state.withValue { state in
            if let place = first.handover { state.handovers.take(place.handover, deliveries, at: clock.now()) }
        }
        var elsewhere: [DueDelivery] = []
        for delivery in deliveries {
            switch watch.place(delivery) {
            case .lane: elsewhere.append(delivery)
            case .memory(let limit):
                state.withValue { state in
                    state.queue.push(delivery)
                    if let limit { state.queue.limit(delivery.endpoint, to: limit) }
                }
            }
        }
        settle(elsewhere, as: .waiting)
        pump()
    }

    /// Something became due: look now rather than at the next interval.
    package func lookNow() { nudge.signal() }

    /// Others have taken this node for dead and hold what it held: what waits here is left to them, so that only what
    /// is in flight is sent twice. What was taken since is given back.
    package func yieldWaiting() {
        settle(state.withValue { $0.queue.removeWaiting() }, as: .due)
        lookNow()
    }

    // MARK: Sending

    private func pump() {
        let begins = state.withValue { state in
            defer { state.isPumping = true }
            return !state.isPumping
        }
        guard begins else { return }
        let asked = EventLoop.monotonicNanoseconds
        loop.atTurnEnd { [self] in
            state.withValue {
                $0.isPumping = false
                $0.queue.note(turn: .nanoseconds(Int64(EventLoop.monotonicNanoseconds - asked)))
            }
            while let delivery = state.withValue({ $0.isStopping ? nil : $0.queue.next() }) {
                loop.spawn { [self] in await send(delivery) }
            }
            if state.withValue({ $0.queue.takeNewRoom() }) { nudge.signal() }
        }
    }

    private func send(_ delivery: DueDelivery) async {
        let isProven = await attemptOnce(delivery)
        let waiters = state.withValue { state -> [CheckedContinuation<Void, Never>] in
            state.queue.finished(delivery.endpoint, isProven: isProven)
            guard state.queue.inFlight == 0 else { return [] }
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
        pump()
    }

    /// Returns whether the endpoint answered well and quickly; nil if it was not asked.
    private func attemptOnce(_ delivery: DueDelivery) async -> Bool? {
        guard let endpoint = await endpoint(of: delivery) else {
            // Told to stop before it was read: another node may send it at once.
            if leaseCoversAttempt(delivery) { settle([delivery], as: .due) } else { metrics.lapsed.add() }
            return nil
        }
        switch endpoint.target {
        case .send(let url, let signer, let headers):
            state.withValue { $0.queue.learn(delivery.endpoint, host: endpoint.authority) }
            guard leaseCoversAttempt(delivery) else {
                metrics.lapsed.add()
                return nil
            }
            guard watch.admits(delivery, endpoint) else {
                settle([delivery] + state.withValue { $0.queue.removeWaiting(delivery.endpoint) }, as: .waiting)
                return nil
            }
            guard
                let (finished, outcome) = await attempt.make(
                    delivery, format: endpoint.payloadFormat, url: url, signer: signer, headers: headers,
                    retrySchedule: endpoint.settings.retrySchedule)
            else {
                watch.takeBack(delivery)
                settle([delivery], as: .due)
                return nil
            }
            let work = watch.note(
                delivery, outcome, startedAt: finished.startedAt, random: store.identifiers.draw(), actions: self)
            // Held before its endpoint is disabled, it would be taken from its lane at once.
            if finished.decision == .endpointGone { await work?.value }
            finish(finished)
            return finished.decision == .delivered && finished.duration < Limits.provenWithin
        case .disabled: settle([delivery], as: .held)
        case .deleted: settle([delivery], as: .cancelled)
        case .unsendable:
            finish(
                FinishedAttempt(
                    delivery: delivery, id: store.identifiers.next(), startedAt: clock.now(), duration: .zero,
                    statusCode: nil, errorCode: "addressRefused", responseBody: nil, decision: .failed))
        }
        return false
    }

    /// The endpoint, read again and again while the database is away; nil when the lease no longer covers an attempt.
    private func endpoint(of delivery: DueDelivery) async -> ReadyEndpoint? {
        while leaseCoversAttempt(delivery), !state.withValue(\.isStopping) {
            if let endpoint = await endpoints.endpoint(delivery.subClient, delivery.endpoint) { return endpoint }
            await loop.sleep(for: Limits.giveBackInterval)
        }
        return nil
    }

    private func leaseCoversAttempt(_ delivery: DueDelivery) -> Bool {
        clock.now() + timeOfAttempt < delivery.leaseEnd
    }

    // MARK: Writing what became of them

    private func finish(_ finished: FinishedAttempt) {
        note(finished)
        recorder.record([
            advance(finished.delivery, .init(finished.decision, now: clock.now()), attempt: finished)
        ])
    }

    /// Without an attempt.
    func settle(_ deliveries: [DueDelivery], as next: DeliveryAdvance.Next) {
        recorder.record(deliveries.map { advance($0, next) })
    }

    private func advance(
        _ delivery: DueDelivery, _ next: DeliveryAdvance.Next, attempt: FinishedAttempt? = nil
    ) -> DeliveryAdvance {
        let place = state.withValue { $0.handovers.finish(delivery) }
        return DeliveryAdvance(
            delivery, handover: place?.handover, endsHandover: place?.isLast ?? false, next: next, attempt: attempt)
    }

    /// Gives rows of their own to deliveries that have been in memory for long: their owner is to see them.
    func writeOverdue() {
        let overdue = state.withValue { $0.handovers.overdue(before: clock.now() - Limits.handoverAge) }
        for (handover, deliveries) in overdue {
            recorder.record(
                deliveries.enumerated().map { index, delivery in
                    DeliveryAdvance(
                        delivery, handover: handover, endsHandover: index == deliveries.count - 1, next: .delivering)
                })
        }
    }

    private func note(_ finished: FinishedAttempt) {
        metrics.attempts(finished.decision).add()
        metrics.attemptSeconds.observe(finished.duration)
        store.noteAttempt(
            finished.delivery.subClient, finished.delivery.endpoint, statusCode: finished.statusCode,
            errorCode: finished.errorCode, duration: finished.duration, at: finished.startedAt)
        store.noteUsage(finished.delivery.subClient, finished.delivery.environment, UsageCount(attempts: 1))
        if finished.delivery.attempt == 1 {
            metrics.lagSeconds.observe(finished.startedAt - finished.delivery.event.receivedAt)
        }
        log.info("attempt", finished.logFields)
    }

    // MARK: Ending

    /// Starts no more attempts, waits up to `grace` for those in flight, records them, and gives back what waits; what
    /// cannot be written by then, or within half a second more, is for whoever takes it over.
    package func stop(grace: Duration) async {
        let started = clock.now()
        let waiting = state.withValue { state in
            state.isStopping = true
            return state.queue.removeWaiting()
        }
        nudge.signal()
        settle(waiting, as: .due)
        let deadline = loop.spawn { [self] in
            await loop.sleep(for: grace)
            releaseIdleWaiters()
        }
        await withCheckedContinuation { continuation in
            let isIdle = state.withValue { state in
                if state.queue.inFlight > 0 { state.idleWaiters.append(continuation) }
                return state.queue.inFlight == 0
            }
            if isIdle { continuation.resume() }
        }
        deadline.cancel()
        await recorder.drain(within: max(grace - (clock.now() - started), .milliseconds(500)))
    }

    private func releaseIdleWaiters() {
        let waiters = state.withValue { state in
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Deliveries waiting in memory and attempts in flight, for the gauges.
    package var load: (waiting: Int, inFlight: Int) { state.withValue { ($0.queue.waiting, $0.queue.inFlight) } }
}

extension Dispatcher: HealthActions {
    func limit(_ endpoint: EndpointID, to count: Int?) {
        state.withValue { $0.queue.limit(endpoint, to: count) }
        pump()
    }

    func clear(_ endpoint: EndpointID) {
        settle(state.withValue { $0.queue.removeWaiting(endpoint) }, as: .waiting)
    }

    func forget(_ endpoint: EndpointID) { endpoints.forget(endpoint) }

    func hold(_ endpoint: EndpointID) { settle(state.withValue { $0.queue.removeWaiting(endpoint) }, as: .held) }
}
