import Domain
import Runtime
import Store

/// What follows for the deliveries in memory from how an endpoint fares.
protocol HealthActions: Sendable {
    /// How many may be in flight to it from now on; nil for as many as to any.
    func limit(_ endpoint: EndpointID, to count: Int?)
    /// All nodes know that it is paused: what waits here for it belongs in its lane.
    func clear(_ endpoint: EndpointID)
    /// What waits in its lane may be sent.
    func lookNow()
    /// It is not what was read of it any more.
    func forget(_ endpoint: EndpointID)
    /// It is disabled: what waits here for it is held.
    func hold(_ endpoint: EndpointID)
}

/// Watches how the endpoints that one loop sends to fare, tells other nodes of it, and gives up those that are gone.
/// Loop-bound.
struct EndpointWatch: Sendable {
    private struct State {
        var board: HealthBoard
        /// Endpoints that are being disabled just now.
        var endings: Set<EndpointID> = []
    }

    private let loop: EventLoop
    private let store: Store
    private let clock: Clock
    private let policy: HealthPolicy
    private let log: Log
    private let metrics: DeliveryMetrics
    private let state: LoopState<State>

    init(loop: EventLoop, store: Store, policy: HealthPolicy, log: Log, metrics: DeliveryMetrics) {
        self.loop = loop
        self.store = store
        self.policy = policy
        self.log = log
        self.metrics = metrics
        clock = store.clock
        state = LoopState(loop, State(board: HealthBoard(policy: policy)))
    }

    // MARK: Before an attempt

    enum Place { case memory(limit: Int?), lane }

    /// Where a delivery that came waits: here, with so many in flight to its endpoint, or in its lane, if no node sends
    /// there for a while.
    func place(_ delivery: DueDelivery) -> Place {
        state.withValue { state in
            if state.board.isEmpty { return .memory(limit: nil) }
            let now = clock.now()
            if delivery.probeEnd != nil {
                state.board.awaitProbe(delivery.endpoint)
            } else if state.board.pause(delivery.endpoint, at: now)?.isShared ?? false {
                return .lane
            }
            return .memory(limit: state.board.limit(delivery.endpoint, at: now))
        }
    }

    /// Whether an attempt may begin now, after `endpoint` was read for it.
    func admits(_ delivery: DueDelivery, _ endpoint: ReadyEndpoint) -> Bool {
        let now = clock.now()
        return state.withValue { state in
            state.board.learn(delivery.endpoint, endpoint.health, version: endpoint.healthVersion, at: now)
            guard let end = delivery.probeEnd else { return state.board.admit(delivery.endpoint, at: now) }
            if now >= end {
                state.board.missProbe(delivery.endpoint)
                return false
            }
            state.board.takeProbe(delivery.endpoint, endpoint.health, until: end, at: now)
            return true
        }
    }

    /// What `admits` let begin was not sent.
    func takeBack(_ delivery: DueDelivery) {
        state.withValue { $0.board.abandonProbe(delivery.endpoint, at: clock.now()) }
    }

    // MARK: After it

    /// Counts an attempt that has just ended. The task that is returned writes what follows for the endpoint.
    @discardableResult
    func note(
        _ delivery: DueDelivery, _ outcome: AttemptOutcome, startedAt start: Timestamp, random: UInt64,
        actions: some HealthActions
    ) -> Task<Void, Never>? {
        let now = clock.now()
        let endpoint = delivery.endpoint
        let noted = state.withValue { $0.board.note(endpoint, outcome, startedAt: start, at: now, random: random) }
        guard let (news, shared) = noted else { return nil }
        let (limit, pause) = state.withValue { state in
            (state.board.limit(endpoint, at: now), state.board.pause(endpoint, at: now)?.end)
        }
        actions.limit(endpoint, to: limit)
        if let pause { wake(endpoint, after: pause - now, actions) }
        if news.tellsBreaker { report(delivery, shared, now) }
        guard news.isToTell || news.disable != nil else { return nil }
        return loop.spawn { await act(delivery, shared, news, actions) }
    }

    /// Looks at it again when its pause ends, if that is soon: what waits longer does not wait here.
    private func wake(_ endpoint: EndpointID, after delay: Duration, _ actions: some HealthActions) {
        guard delay < Limits.lease else { return }
        loop.spawn {
            await loop.sleep(for: delay + .milliseconds(1))
            actions.limit(endpoint, to: state.withValue { $0.board.limit(endpoint, at: clock.now()) })
        }
    }

    private func report(_ delivery: DueDelivery, _ shared: EndpointHealth.Shared, _ now: Timestamp) {
        var fields: [Log.Field] = [
            (.kind, .text("breaker")), (.state, .text("\(shared.breaker)")),
            (.subClient, .bytes(delivery.subClient.text)), (.endpoint, .bytes(delivery.endpoint.text)),
            (.delivery, .bytes(delivery.id.text)), (.traceId, .bytes(delivery.trace.traceText)),
        ]
        if let end = shared.pausedUntil {
            metrics.pauses.add()
            fields.append((.delayMs, .integer(Int((end - now).milliseconds))))
        }
        log.info("state changed", fields)
    }

    private func act(
        _ delivery: DueDelivery, _ shared: EndpointHealth.Shared, _ news: EndpointHealth.News,
        _ actions: some HealthActions
    ) async {
        let (subClient, endpoint) = (delivery.subClient, delivery.endpoint)
        guard await tell(subClient, endpoint, shared, news) else { return }
        actions.forget(endpoint)
        if news.tellsBreaker {
            if shared.breaker == .closed { actions.lookNow() } else { actions.clear(endpoint) }
        }
        guard let reason = news.disable,
            state.withValue({ $0.endings.insert(endpoint).inserted })
        else { return }
        await giveUp(delivery, reason, actions)
        state.withValue { _ = $0.endings.remove(endpoint) }
    }

    /// Tries while the database is away; whether it is written.
    private func tell(
        _ subClient: SubClientID, _ endpoint: EndpointID, _ shared: EndpointHealth.Shared, _ news: EndpointHealth.News
    ) async -> Bool {
        for _ in 0..<Limits.healthTries {
            do throws(StoreError) {
                guard let version = try await store.tellHealth(of: endpoint, subClient, shared, news) else {
                    state.withValue { $0.board.forget(endpoint) }
                    return false
                }
                state.withValue { $0.board.told(endpoint, version: version) }
                return true
            } catch {
                log.heldUp("an endpoint's health could not be written", by: error)
            }
            await loop.sleep(for: Limits.giveBackInterval)
        }
        return false
    }

    private func giveUp(_ delivery: DueDelivery, _ reason: DisabledReason, _ actions: some HealthActions) async {
        let (subClient, endpoint) = (delivery.subClient, delivery.endpoint)
        do throws(StoreError) {
            let moment = clock.now() - policy.disableAfter
            guard try await store.giveUp(endpoint, subClient, reason, failedSince: moment) else { return }
        } catch {
            // The next failure tries again.
            return log.heldUp("an endpoint could not be disabled", by: error)
        }
        metrics.disabled(reason).add()
        log.warn(
            "state changed",
            [
                (.kind, .text("endpoint")), (.state, .text("disabled")), (.reason, .text(reason.rawValue)),
                (.subClient, .bytes(subClient.text)), (.endpoint, .bytes(endpoint.text)),
                (.delivery, .bytes(delivery.id.text)), (.traceId, .bytes(delivery.trace.traceText)),
            ])
        actions.forget(endpoint)
        actions.hold(endpoint)
    }
}
