package import Domain
package import Store
import Synchronization

/// Makes the leases of one node. No two end at the same microsecond, so that a lease is told by its end.
package final class LeaseSource: Sendable {
    package let node: UUIDValue
    private let span: Duration
    private let lastEnd = Atomic<Int64>(0)

    package init(node: UUIDValue, span: Duration = Limits.lease) {
        self.node = node
        self.span = span
    }

    /// How much of a lease one attempt may take, until it is recorded.
    package static func timeOfAttempt(_ timeout: Duration) -> Duration { timeout + Limits.recordingMargin }

    package func next(at now: Timestamp) -> Lease {
        let wanted = (now + span).microseconds
        var last = lastEnd.load(ordering: .relaxed)
        while true {
            let end = max(wanted, last + 1)
            let (exchanged, found) = lastEnd.compareExchange(expected: last, desired: end, ordering: .relaxed)
            if exchanged { return Lease(node: node, end: Timestamp(microseconds: end)) }
            last = found
        }
    }
}
