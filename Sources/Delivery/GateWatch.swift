package import Domain
package import Runtime
package import Store

/// Looks whether the database is the one that was served before, and holds deliveries if it may be a restored one:
/// see `DeliveryGate`. Loop-bound.
package final class GateWatch: Sendable {
    private struct State {
        /// The last pulse that was seen while deliveries went out.
        var witness: Int64?
        var toldAt: Timestamp?
        var isBlind = false
    }

    private let loop: EventLoop
    private let store: Store
    private let gate: DeliveryGate
    private let shown: GateState
    private let log: Log
    private let gauge: Gauge
    private let state: LoopState<State>
    /// Called with whether deliveries are held, each time that was looked at.
    private let onLook: @Sendable (Bool) -> Void

    package init(
        loop: EventLoop, store: Store, gate: DeliveryGate, shown: GateState, log: Log, metrics: Metrics,
        onLook: @escaping @Sendable (Bool) -> Void
    ) {
        self.loop = loop
        self.store = store
        self.gate = gate
        self.shown = shown
        self.log = log
        self.onLook = onLook
        gauge = metrics.gauge(
            "subgate_deliveries_on_hold", help: "Whether nothing is delivered until somebody runs `subgate release`.")
        state = LoopState(loop, State())
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await runOnce()
            await loop.sleep(for: Limits.gateInterval)
        }
    }

    /// One look. While the database is away what was seen last stays: no delivery can be claimed then.
    package func runOnce() async {
        do throws(StoreError) {
            // Whoever writes in between is another node with the same question; its answer is there at the next look.
            for _ in 0..<Limits.gateLooks where try await look() { break }
            state.withValue { $0.isBlind = false }
        } catch {
            let wasBlind = state.withValue { state in
                defer { state.isBlind = true }
                return state.isBlind
            }
            if !wasBlind { log.heldUp("could not look whether deliveries may go out", by: error) }
        }
    }

    /// Returns whether there is nothing more to look at.
    private func look() async throws(StoreError) -> Bool {
        let look = try await store.lookAtGate()
        let now = store.clock.now()
        let verdict = gate.verdict(
            look.server, hasRecoveryTarget: look.hasRecoveryTarget, record: look.record,
            witness: state.withValue(\.witness), now: now)
        switch verdict {
        case .hold(let reason):
            guard let hold = look.record?.hold else {
                try await store.holdGate(look, for: reason)
                return false
            }
            note(hold, now)
        case .pass:
            var number = look.record?.pulse.number
            let age = look.record.map { now - $0.pulse.at }
            if look.record?.server != look.server || age.map({ $0 >= DeliveryGate.pulseInterval }) ?? true {
                guard let pulse = try await store.passGate(look) else { return false }
                number = pulse.number
            }
            notePass(number)
        }
        return true
    }

    private func note(_ hold: DeliveryGate.Hold, _ now: Timestamp) {
        let isToBeTold = state.withValue { state in
            state.witness = nil
            if let toldAt = state.toldAt, now - toldAt < Limits.gateReminder { return false }
            state.toldAt = now
            return true
        }
        shown.set(hold.reason)
        gauge.set(1)
        onLook(true)
        if isToBeTold {
            log.warn(
                "deliveries are on hold until `subgate release`",
                [(.reason, .text(hold.reason.explanation)), (.code, .text(hold.reason.rawValue))])
        }
    }

    private func notePass(_ pulse: Int64?) {
        let wasHeld = state.withValue { state in
            defer { state.toldAt = nil }
            state.witness = pulse
            return state.toldAt != nil
        }
        shown.set(nil)
        gauge.set(0)
        onLook(false)
        if wasHeld { log.info("deliveries go out again") }
    }
}
