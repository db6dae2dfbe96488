import Domain

/// What is to happen, by its time; what is added first comes first at the same time. A binary heap.
struct Agenda<Step> {
    private struct Entry {
        let at: Timestamp
        let order: Int
        let step: Step
        static func < (left: Entry, right: Entry) -> Bool { (left.at, left.order) < (right.at, right.order) }
    }

    private var heap: [Entry] = []
    private var added = 0

    mutating func add(_ step: Step, at moment: Timestamp) {
        heap.append(Entry(at: moment, order: added, step: step))
        added += 1
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out the next step, if it is to happen before `end`.
    mutating func next(before end: Timestamp) -> (Timestamp, Step)? {
        guard let first = heap.first, first.at < end else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { return (first.at, first.step) }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// The same numbers in every run (splitmix64).
struct SimulationRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// True `share` of 100 times.
    mutating func chance(_ share: UInt64) -> Bool { next() % 100 < share }
}
