package import Domain
package import HTTPClient
package import Runtime
package import Store

/// Sends the deliveries of one loop: those that were just accepted here, handed over in memory, and those claimed from
/// the database. Loop-bound.
///
/// The row with its lease is the truth; what is in memory is a shortcut to it. A delivery is only attempted while its
/// lease covers the attempt, so what waited too long here is left to whoever claims it next.
package struct Dispatcher: Sendable {
    private struct State {
        var queue: DispatchQueue
        var isStopping = false
        var isPumping = false
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let loop: EventLoop
    private let store: Store
    private let leases: LeaseSource
    private let clock: Clock
    private let log: Log
    private let metrics: DeliveryMetrics
    /// Off, all deliveries are left to other nodes.
    private let isSending: Bool
    private let attempt: Attempt
    private let endpoints: EndpointCache
    private let recorder: Recorder
    private let state: LoopState<State>
    private let nudge: Nudge

    package init(
        loop: EventLoop, store: Store, client: HTTPClient, leases: LeaseSource, policy: AddressPolicy,
        schedule: RetrySchedule, isSending: Bool = true, log: Log, metrics: DeliveryMetrics
    ) {
        self.isSending = isSending
        self.loop = loop
        self.store = store
        self.leases = leases
        self.log = log
        self.metrics = metrics
        clock = store.clock
        attempt = Attempt(
            client: client, policy: policy, clock: store.clock, identifiers: store.identifiers,
            machine: DeliveryMachine(schedule: schedule))
        endpoints = EndpointCache(loop: loop, store: store, policy: policy, log: log)
        recorder = Recorder(loop: loop, store: store, node: leases.node, log: log)
        state = LoopState(loop, State(queue: DispatchQueue(caps: .standard)))
        nudge = Nudge(loop: loop)
    }

    // MARK: Taking deliveries

    /// A lease for deliveries that are about to be made, or nil when memory is full or the dispatcher stops: then they
    /// must be born due instead, for any node to claim.
    package func leaseForNew() -> Lease? {
        state.withValue { state in
            !isSending || state.isStopping || state.queue.room < Limits.acceptSize
                ? nil : leases.next(at: clock.now())
        }
    }

    /// Endpoints of which enough waits here: more of theirs stay in the database.
    package var busyEndpoints: [EndpointID] { state.withValue { $0.queue.busyEndpoints } }

    /// Takes deliveries whose lease this node holds.
    package func take(_ deliveries: [DueDelivery]) {
        if deliveries.isEmpty { return }
        state.withValue { state in for delivery in deliveries { state.queue.push(delivery) } }
        pump()
    }

    /// Something became due: look now rather than at the next interval.
    package func lookNow() { nudge.signal() }

    // MARK: Sending

    private func pump() {
        let begins = state.withValue { state in
            defer { state.isPumping = true }
            return !state.isPumping
        }
        guard begins else { return }
        loop.atTurnEnd {
            state.withValue { $0.isPumping = false }
            while let delivery = state.withValue({ $0.isStopping ? nil : $0.queue.next() }) {
                loop.spawn { await send(delivery) }
            }
        }
    }

    private func send(_ delivery: DueDelivery) async {
        await attemptOnce(delivery)
        let waiters = state.withValue { state -> [CheckedContinuation<Void, Never>] in
            state.queue.finished(delivery.endpoint)
            guard state.queue.inFlight == 0 else { return [] }
            defer { state.idleWaiters = [] }
            return state.idleWaiters
        }
        for waiter in waiters { waiter.resume() }
        pump()
    }

    private func attemptOnce(_ delivery: DueDelivery) async {
        guard let endpoint = await endpoint(of: delivery) else {
            // Told to stop before it was read: another node may send it at once.
            return leaseCoversAttempt(delivery) ? await giveBack([delivery]) : metrics.lapsed.add()
        }
        switch endpoint.target {
        case .send(let url, let signer, let headers):
            guard leaseCoversAttempt(delivery) else { return metrics.lapsed.add() }
            guard
                let finished = await attempt.make(
                    delivery, format: endpoint.payloadFormat, url: url, signer: signer, headers: headers)
            else { return await giveBack([delivery]) }
            note(finished)
            recorder.record(finished)
        case .disabled: await settle(delivery, as: .held)
        case .deleted: await settle(delivery, as: .cancelled)
        case .unsendable:
            let finished = FinishedAttempt(
                delivery: delivery, id: store.identifiers.next(), startedAt: clock.now(), duration: .zero,
                statusCode: nil, errorCode: "addressRefused", responseBody: nil, decision: .failed)
            note(finished)
            recorder.record(finished)
        }
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
        clock.now() + Limits.attemptTimeout + Limits.recordingMargin < delivery.leaseEnd
    }

    private func giveBack(_ deliveries: [DueDelivery]) async {
        do throws(StoreError) {
            try await store.release(deliveries, node: leases.node)
        } catch {
            log.warn("leases could not be given back", [(.error, .text("\(error)"))])
        }
    }

    private func settle(_ delivery: DueDelivery, as status: DeliveryStatus) async {
        do throws(StoreError) {
            try await store.settle([delivery], as: status, node: leases.node)
        } catch {
            log.warn("a delivery could not be settled", [(.error, .text("\(error)"))])
        }
    }

    private func note(_ finished: FinishedAttempt) {
        metrics.attempts(finished.decision).add()
        metrics.attemptSeconds.observe(finished.duration)
        if finished.delivery.attempt == 1 {
            metrics.lagSeconds.observe(finished.startedAt - finished.delivery.event.receivedAt)
        }
        if finished.decision != .delivered {
            log.info(
                "attempt failed",
                [
                    (.delivery, .bytes(finished.delivery.id.text)),
                    (.endpoint, .bytes(finished.delivery.endpoint.text)),
                    (.attempt, .integer(Int(finished.delivery.attempt))),
                    (.status, .integer(Int(finished.statusCode ?? 0))), (.reason, .text(finished.errorCode ?? "")),
                ])
        }
    }

    // MARK: Claiming

    /// Claims due deliveries until `stop()`.
    package func run() async {
        while isSending && !state.withValue(\.isStopping) {
            let claimed = await claim()
            // A full claim means there is more; otherwise wait, and be woken when something becomes due here.
            if claimed < Limits.claimSize { await nudge.wait(atMost: Limits.claimInterval) }
        }
    }

    private func claim() async -> Int {
        let (room, busy) = state.withValue { ($0.queue.room, $0.queue.busyEndpoints) }
        guard room >= Limits.claimSize else {
            await nudge.wait(atMost: Limits.claimInterval)
            return 0
        }
        let lease = leases.next(at: clock.now())
        do throws(StoreError) {
            let deliveries = try await store.claimDue(limit: Limits.claimSize, busy: busy, lease: lease)
            if state.withValue(\.isStopping) {
                try await store.release(deliveries, node: leases.node)
            } else {
                take(deliveries)
            }
            metrics.claimed.add(deliveries.count)
            return deliveries.count
        } catch {
            log.warn("due deliveries could not be claimed", [(.error, .text("\(error)"))])
            if error == .outcomeUnknown { loop.spawn { await giveBack(lease) } }
            return 0
        }
    }

    /// Gives back a lease whose taking had no answer: its deliveries may be ours without our knowing them, and would
    /// wait for its end. Tries until then.
    package func giveBack(_ lease: Lease) async {
        while clock.now() < lease.end {
            await loop.sleep(for: Limits.giveBackInterval)
            do throws(StoreError) {
                try await store.release(lease)
                return lookNow()
            } catch {
                log.warn("a lease could not be given back", [(.error, .text("\(error)"))])
            }
        }
    }

    // MARK: Ending

    /// Starts no more attempts, waits up to `grace` for those in flight, records them, and gives back what waits.
    package func stop(grace: Duration) async {
        let waiting = state.withValue { state in
            state.isStopping = true
            return state.queue.removeWaiting()
        }
        nudge.signal()
        for chunk in stride(from: 0, to: waiting.count, by: Limits.recordSize) {
            await giveBack(Array(waiting[chunk..<min(chunk + Limits.recordSize, waiting.count)]))
        }
        let deadline = loop.spawn {
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
        await recorder.drain()
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
