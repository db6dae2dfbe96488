import Domain
import Runtime
package import Store

extension Dispatcher {
    /// Claims due deliveries until `stop()`.
    package func run() async {
        guard isSending else { return }
        let ageing = loop.spawn { [self] in
            while !Task.isCancelled {
                writeOverdue()
                await loop.sleep(for: Limits.handoverInterval)
            }
        }
        while !state.withValue(\.isStopping) {
            let pause = await claim()
            if pause > .zero { await nudge.wait(atMost: pause) }
        }
        ageing.cancel()
    }

    /// Returns how long to wait before the next, unless something becomes due here.
    private func claim() async -> Duration {
        let (room, busy) = state.withValue { ($0.queue.room, $0.queue.busyEndpoints) }
        guard room >= Limits.claimRoom, !state.withValue(\.isHeld) else { return Limits.claimInterval }
        let lease = leases.next(at: clock.now())
        let now = EventLoop.monotonicNanoseconds
        let (lanes, from) = state.withValue { state in
            let lanes = state.queue.lanesToClaim(
                long: state.look.lacksTurns(now),
                perTurn: state.bringsProven ? Limits.claimSize : Limits.trialClaimSize)
            return (lanes, state.look.begin(now, some: lanes.inTurn == 0))
        }
        do throws(StoreError) {
            let claim = try await store.claimDue(
                limit: Limits.claimSize, lanes: lanes, busy: busy, lease: lease, timedFrom: from.timedFrom,
                lanesFrom: from.lanesFrom)
            let deliveries = claim.deliveries
            // Asked before they are taken: what is sent at once may be forgotten at once.
            let bringsProven = state.withValue { state in
                state.queue.noteLanes(of: claim.fromLanes)
                return state.queue.hasProven(deliveries)
            }
            if state.withValue({ $0.isStopping || $0.isHeld }) {
                settle(deliveries, as: .due)
            } else {
                take(deliveries)
            }
            state.withValue {
                $0.bringsProven = bringsProven
                $0.look.end(claim)
                $0.seesBoundLanes = claim.boundLanes > 0
            }
            metrics.claimed.add(deliveries.count)
            if claim.hasMore {
                // What waits here keeps the loop busy for longer than this: the database is for others meanwhile.
                if state.withValue({ $0.queue.waiting >= Limits.claimAhead }) {
                    await loop.sleep(for: bringsProven ? Limits.claimPace : Limits.unprovenPace)
                } else if !bringsProven, !deliveries.isEmpty {
                    await loop.sleep(for: Limits.trialPace)
                }
                return .zero
            }
            // Bound ones have more when what they gave is recorded, and that wakes this.
            if claim.leavesLanes, claim.boundLanes == 0 { return Limits.trialPace }
            if lanes.inTurn == 0, state.withValue(\.queue.hasManyKnown) { return Limits.duePace }
            guard let next = claim.nextWake else { return Limits.claimInterval }
            return min(Limits.claimInterval, max(next - clock.now(), Limits.duePace))
        } catch {
            log.heldUp("due deliveries could not be claimed", by: error)
            if error == .outcomeUnknown { giveBack(lease) }
            return Limits.claimInterval
        }
    }

    /// While it is held it claims nothing, and what waited here is given back. What is in flight is finished.
    ///
    /// The database keeps the gate by itself: no statement leases a delivery while it is closed. This spares it being
    /// asked, and stops what was leased before.
    package func setHeld(_ isHeld: Bool) {
        let waiting = state.withValue { state -> [DueDelivery]? in
            if state.isHeld == isHeld { return nil }
            state.isHeld = isHeld
            return isHeld ? state.queue.removeWaiting() : []
        }
        guard let waiting else { return }
        settle(waiting, as: .due)
        nudge.signal()
    }

    /// Gives back a lease whose taking had no answer.
    package func giveBack(_ lease: Lease) {
        loop.spawn { [self] in
            await LeaseReturn(loop: loop, store: store, log: log).run(lease) { lookNow() }
        }
    }
}
