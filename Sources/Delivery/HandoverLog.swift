package import Domain
package import Store

/// What is left of each handover in this loop's memory: its deliveries have no rows of their own before they were
/// tried, and the handover's row must go in the same commit as the last of them is written. Pure.
package struct HandoverLog {
    private struct Entry {
        var deliveries: [DueDelivery]
        var isDone: [Bool]
        var left: Int
        let takenAt: Timestamp
    }

    private var entries: [UUIDValue: Entry] = [:]
    /// In the order in which they were taken, with those that have ended since.
    private var order: [UUIDValue] = []

    package init() {}

    /// Takes the deliveries of one handover.
    package mutating func take(_ handover: UUIDValue, _ deliveries: [DueDelivery], at now: Timestamp) {
        entries[handover] = Entry(
            deliveries: deliveries, isDone: deliveries.map { _ in false }, left: deliveries.count, takenAt: now)
        order.append(handover)
    }

    /// One of them is about to be written: the handover it stands in, if it has no row yet, and whether it is the last.
    package mutating func finish(_ delivery: DueDelivery) -> (handover: UUIDValue, isLast: Bool)? {
        guard let place = delivery.handover, let index = entries.index(forKey: place.handover) else { return nil }
        precondition(!entries.values[index].isDone[place.position], "a delivery is finished once")
        entries.values[index].isDone[place.position] = true
        entries.values[index].left -= 1
        let isLast = entries.values[index].left == 0
        if isLast { entries.remove(at: index) }
        return (place.handover, isLast)
    }

    /// Ends the handovers that were taken before `moment`, and gives what has not been tried of each.
    package mutating func overdue(before moment: Timestamp) -> [(handover: UUIDValue, deliveries: [DueDelivery])] {
        var found: [(handover: UUIDValue, deliveries: [DueDelivery])] = []
        var passed = 0
        while passed < order.count {
            guard let entry = entries[order[passed]] else {
                passed += 1
                continue
            }
            guard entry.takenAt < moment else { break }
            entries[order[passed]] = nil
            found.append((order[passed], zip(entry.deliveries, entry.isDone).filter { !$0.1 }.map(\.0)))
            passed += 1
        }
        order.removeFirst(passed)
        return found
    }
}
