import Testing

@testable import HTTPServer

@Suite struct RestQueueTests {
    @Test func whoRestsComesBackInOrderAndNotBeforeItsTime() {
        var queue = RestQueue<Int>()
        for element in 0..<3 { _ = queue.add(element, until: 100 + UInt64(element)) }
        let early = queue.take(99)
        #expect(early.isEmpty)
        let first = queue.take(101)
        #expect(first == [0, 1])
        let last = queue.take(102)
        #expect(last == [2] && queue.count == 0)
    }

    /// How many come back in a second, when `isRefused` says of each whether it is refused again.
    private static func comingBack(_ isRefused: Bool) -> Int {
        var queue = RestQueue<Int>()
        for element in 0..<20_000 { _ = queue.add(element, until: 100) }
        var found = 0
        for now in stride(from: UInt64(100), to: 1_100, by: 5) {
            let some = queue.take(now)
            found += some.count
            if isRefused { for element in some { _ = queue.add(element, until: now + 100) } }
        }
        return found
    }

    @Test func theMoreRestTheLongerEachDoesWhileAllAreRefusedAgain() {
        #expect((1_990...2_080).contains(Self.comingBack(true)))
        #expect(Self.comingBack(false) == 16_000)
    }

    @Test func whoWasNeverThereTakesNobodysTurn() {
        var queue = RestQueue<Int>()
        for element in 0..<1_000 { _ = queue.add(element, until: 100) }
        let first = queue.take(5_000)
        #expect(first.count == Limits.restedAtOnce)
        // Refusals of others, more than there is room for.
        for element in 0..<1_000 { _ = queue.add(element, until: 5_100) }
        let next = queue.take(5_005)
        #expect(next.count == 5 * Limits.restedPerMillisecond)
    }

    /// Beside a plain list, as elements come, leave and have their turn at random.
    @Test(arguments: 0..<50) func itKnowsWhoIsThere(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = RestQueue<Int>()
        var there: [(element: Int, place: Int)] = []
        var now: UInt64 = 1
        for element in 0..<3_000 {
            switch UInt64.random(in: 0...9, using: &random) {
            case 0...4: there.append((element, queue.add(element, until: now)))
            case 5...6 where !there.isEmpty:
                let gone = there.remove(at: Int.random(in: 0..<there.count, using: &random))
                queue.remove(gone.place)
                queue.remove(gone.place)
            default:
                now += UInt64.random(in: 0...3, using: &random)
                let taken = queue.take(now)
                #expect(taken == there.prefix(taken.count).map(\.element))
                for gone in there.prefix(taken.count) { queue.remove(gone.place) }
                there.removeFirst(taken.count)
            }
            #expect(queue.count == there.count)
        }
    }
}
