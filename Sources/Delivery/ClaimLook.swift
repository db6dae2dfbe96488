import Domain
import Store

/// From where a dispatcher looks for what is due: most looks leave out the time that an earlier one has left empty, as
/// there finished deliveries may lie that somebody's open transaction keeps from being cleared away. Pure.
struct ClaimLook {
    /// Where a look begins that leaves nothing out.
    static let everything = Timestamp(seconds: 0)

    /// On the clock, or in lanes.
    private struct Side {
        var from = everything
        var wholeAt: UInt64?

        mutating func begin(_ now: UInt64) -> Timestamp {
            let isWhole = wholeAt.map { now >= $0 } ?? true
            if isWhole { wholeAt = now + UInt64(Limits.wholeLookInterval.microseconds) * 1_000 }
            return isWhole ? everything : from
        }
    }

    private var timed = Side()
    private var lanes = Side()
    /// When lanes have waited for their turn for long.
    private var turnsDue: UInt64 = 0

    /// Whether there was none for all lanes for long, at the steady reading `now`.
    func lacksTurns(_ now: UInt64) -> Bool { now >= turnsDue }

    /// Where the look that begins at the steady reading `now` starts, on the clock and in lanes, of which it may look
    /// only for `some`.
    ///
    /// Now and then it leaves nothing out: a commit that a full disk or a standby has held up for long puts things
    /// where nobody looks any more.
    mutating func begin(_ now: UInt64, some: Bool = false) -> (timedFrom: Timestamp, lanesFrom: Timestamp) {
        if !some { turnsDue = now + UInt64(Limits.turnInterval.microseconds) * 1_000 }
        return (timed.begin(now), some ? lanes.from : lanes.begin(now))
    }

    /// A look brought that. After one that failed the next begins where it would have begun.
    mutating func end(_ claim: Claim) {
        timed.from = claim.timedFrom
        lanes.from = claim.lanesFrom
    }
}
