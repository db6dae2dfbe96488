package import Domain
package import Runtime
package import Store

/// Keeps this node known to be alive, and gives back what dead nodes held.
///
/// A node lives as long as its session holds an advisory lock: PostgreSQL frees it the moment the process is gone, so
/// that after a crash its deliveries wait for the next look and not for their leases. The same look keeps the node's
/// time that of the server, by which all nodes judge leases.
package struct NodeLife: Sendable {
    private let loop: EventLoop
    /// A store with one write connection that nothing else uses.
    private let session: Store
    private let store: Store
    private let node: UUIDValue
    private let name: String
    private let log: Log
    private let metrics: DeliveryMetrics
    private let time: SharedClock
    private let state: LoopState<State>
    /// Called when deliveries were made due.
    private let onRescue: @Sendable () -> Void
    /// Called when others have taken this node for dead.
    private let onLoss: @Sendable () -> Void

    private static let looksPerLapse = Int(Limits.lapseInterval / Limits.rescueInterval)
    private static let looksPerWholeLapse = Int(Limits.wholeLookInterval / Limits.rescueInterval)

    private struct State {
        var standing = NodeStanding()
        var isKnown = false
        var clockWasOff = false
    }

    /// `time` is what the stores' clocks go by.
    package init(
        loop: EventLoop, session: Store, store: Store, node: UUIDValue, name: String, time: SharedClock, log: Log,
        metrics: DeliveryMetrics, onRescue: @escaping @Sendable () -> Void, onLoss: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.session = session
        self.store = store
        self.node = node
        self.name = name
        self.log = log
        self.metrics = metrics
        self.time = time
        self.onRescue = onRescue
        self.onLoss = onLoss
        state = LoopState(loop, State())
    }

    /// One look: shows life, then rescues. Returns how many deliveries were made due.
    @discardableResult
    package func runOnce() async -> Int {
        do throws(StoreError) {
            let sign = try await session.holdNode(node, name: name)
            note(sign)
            let verdict = state.withValue { $0.standing.shown(through: sign.session, at: sign.received) }
            guard verdict == .judges else { return 0 }
            let rescued = try await store.rescueLeases(for: node)
            if rescued > 0 {
                metrics.rescued.add(rescued)
                log.warn("took over the deliveries of a node that died", [(.count, .integer(rescued))])
                onRescue()
            }
            return rescued
        } catch {
            log.heldUp("could not show life", by: error)
            return 0
        }
    }

    private func note(_ sign: NodeSign) {
        time.learn(sign.time, sent: sign.sent, received: sign.received)
        let ahead = time.machineIsAhead
        let isOff = ahead > Limits.clockTolerance || ahead < .zero - Limits.clockTolerance
        let (tells, isLost) = state.withValue { state in
            defer {
                state.clockWasOff = isOff
                state.isKnown = true
            }
            return (isOff && !state.clockWasOff, sign.isNew && state.isKnown)
        }
        if tells {
            log.warn(
                "this machine's clock is off; the node goes by the database's",
                [(.delayMs, .integer(Int(ahead.milliseconds)))])
        }
        if isLost {
            log.warn("other nodes took this one for dead, and what it held is theirs")
            onLoss()
        }
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        var (looks, lapsedFrom) = (0, ClaimLook.everything)
        while !Task.isCancelled {
            await runOnce()
            if looks % NodeLife.looksPerLapse == 0 {
                let isWhole = looks % NodeLife.looksPerWholeLapse == 0
                lapsedFrom = await rescueLapsed(after: isWhole ? ClaimLook.everything : lapsedFrom) ?? lapsedFrom
            }
            looks += 1
            await loop.sleep(for: Limits.rescueInterval)
        }
    }

    /// Takes over what a node that lives has held for longer than its lease: one that was suspended, or cut off.
    /// Returns from when the next look is to begin; nil if it failed.
    private func rescueLapsed(after earliest: Timestamp) async -> Timestamp? {
        let now = store.clock.now()
        do throws(StoreError) {
            let rescued = try await store.rescueLapsedHandovers(after: earliest)
            if rescued > 0 {
                metrics.rescued.add(rescued)
                log.warn("took over deliveries whose lease had ended", [(.count, .integer(rescued))])
                onRescue()
            }
            return max(earliest, now - Limits.lapseLookBack)
        } catch {
            log.heldUp("could not look for ended leases", by: error)
            return nil
        }
    }
}
