package import Domain
import Synchronization

/// Whether deliveries are on hold as far as this node knows; read on every loop.
package final class GateState: Sendable {
    /// 0, or one more than the reason's place.
    private let current = Atomic<Int>(0)

    package init() {}

    /// Nil while deliveries go out.
    package var hold: HoldReason? {
        let place = current.load(ordering: .relaxed)
        return place == 0 ? nil : HoldReason.allCases[place - 1]
    }

    func set(_ hold: HoldReason?) {
        let place = hold.flatMap { HoldReason.allCases.firstIndex(of: $0) }.map { $0 + 1 }
        current.store(place ?? 0, ordering: .relaxed)
    }
}
