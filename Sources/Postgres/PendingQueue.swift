/// A unit and its caller.
struct Pending {
    let unit: Unit
    /// Monotonic nanoseconds.
    let submitted: UInt64
    let deadline: UInt64
    /// How often it was in flight when a connection died or was let go.
    var losses = 0
    let answer: (Result<[Rows], PostgresError>) -> Void
}

/// First in, first out, with a way back to the front for units whose connection died.
struct PendingQueue {
    private var items: [Pending?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { count == 0 }
    var first: Pending? { isEmpty ? nil : items[head] }

    mutating func append(_ pending: Pending) { items.append(pending) }

    mutating func popFirst() -> Pending? {
        if isEmpty { return nil }
        let taken = items[head]
        items[head] = nil
        head += 1
        // The spent front is cut off when it is the larger part, so that each item is moved once on average.
        if head > 64 && head > items.count / 2 {
            items.removeFirst(head)
            head = 0
        }
        return taken
    }

    /// Puts units back before all others, in their order.
    mutating func putBack(_ pendings: [Pending]) {
        items.replaceSubrange(..<head, with: pendings.map { $0 })
        head = 0
    }

    /// Takes the next batch: as many as both limits allow, and at least one.
    mutating func takeBatch(units: Int, bytes: Int) -> [Pending] {
        var batch: [Pending] = []
        var size = 0
        while batch.count < units, let next = first {
            size += next.unit.approximateSize
            if size > bytes && !batch.isEmpty { break }
            batch.append(next)
            _ = popFirst()
        }
        return batch
    }
}
