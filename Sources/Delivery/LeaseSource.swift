package import Domain
package import Store
import Synchronization

/// Makes the leases of one node. No two end at the same microsecond, so that a lease is told by its end.
package final class LeaseSource: Sendable {
    package let node: UUIDValue
    private let lastEnd = Atomic<Int64>(0)

    package init(node: UUIDValue) { self.node = node }

    package func next(at now: Timestamp) -> Lease {
        let wanted = (now + Limits.lease).microseconds
        var last = lastEnd.load(ordering: .relaxed)
        while true {
            let end = max(wanted, last + 1)
            let (exchanged, found) = lastEnd.compareExchange(expected: last, desired: end, ordering: .relaxed)
            if exchanged { return Lease(node: node, end: Timestamp(microseconds: end)) }
            last = found
        }
    }
}
