import Testing

@testable import HTTPServer

extension RestQueue<Int> {
    /// As in the clear: whether there is room for one is known at once.
    fileprivate mutating func begins(weight: Int, _ now: UInt64) -> Bool {
        let beginning = begin(weight: weight, now)
        if beginning == .asking { noteAnswer(weight: weight) }
        return beginning != nil
    }

    fileprivate mutating func taken(_ now: UInt64, weight: (Int) -> Int = { _ in 1 }) -> [Int] {
        let turns = take(now)
        for turn in turns where turn.asks { noteAnswer(weight: weight(turn.element)) }
        return turns.map(\.element)
    }
}

@Suite struct RestQueueTests {
    @Test func whoRestsComesBackInOrderAndNotBeforeItsTime() {
        var queue = RestQueue<Int>()
        for element in 0..<3 { _ = queue.add(element, until: 100 + UInt64(element)) }
        let early = queue.taken(99)
        #expect(early.isEmpty)
        let first = queue.taken(101)
        #expect(first == [0, 1])
        let last = queue.taken(102)
        #expect(last == [2] && queue.count == 0)
    }

    /// How many come back in a second, when `isRefused` says of each whether it is refused again.
    private static func comingBack(_ isRefused: Bool) -> Int {
        var queue = RestQueue<Int>()
        for element in 0..<20_000 { _ = queue.add(element, until: 100) }
        var found = 0
        for now in stride(from: UInt64(100), to: 1_100, by: 5) {
            let some = queue.taken(now)
            found += some.count
            if !isRefused { continue }
            for element in some {
                queue.noteRefusal(weight: 1)
                _ = queue.add(element, until: now + 100)
            }
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
        let first = queue.taken(5_000)
        #expect(first.count == Limits.restedAtOnce)
        // Refusals of others, more than there is room for.
        queue.noteRefusal(weight: 1_000)
        let next = queue.taken(5_005)
        #expect(next.count == 5 * Limits.restedPerMillisecond)
    }

    // MARK: Newcomers

    /// In a second of ticks, as `tick` milliseconds pass between two of them: newcomers of whom all but `capacity` a
    /// tick are refused, and who come again at once on another connection, whatever they were told.
    private static func closing(_ capacity: Int, tick: UInt64 = 5, weight: Int = 1) -> (served: Int, refused: Int) {
        var queue = RestQueue<Int>()
        var (served, refused) = (0, 0)
        for element in 0..<20_000 { _ = queue.add(newcomer: element, weight: weight, 100) }
        for now in stride(from: UInt64(100), to: 1_100, by: UInt64.Stride(tick)) {
            let some = queue.taken(now) { _ in weight }
            for (index, element) in some.enumerated() {
                if index < capacity { queue.noteServed(weight: weight) } else { queue.noteRefusal(weight: weight) }
                _ = queue.add(newcomer: element, weight: weight, now)
            }
            served += min(some.count, capacity)
            refused += max(0, some.count - capacity)
        }
        return (served, refused)
    }

    /// A tick's capacity, and the milliseconds between ticks.
    @Test(arguments: [(0, 5), (5, 5), (30, 5), (100, 5), (400, 5), (30, 40), (400, 40)])
    func newcomersAreServedAsFastAsEver(
        _ capacity: Int, _ tick: UInt64
    ) {
        let ticks = 1_000 / Int(tick)
        let (served, refused) = Self.closing(capacity, tick: tick)
        // It takes some ticks until there are as many as can be served.
        #expect(served >= capacity * ticks * 9 / 10 - capacity * 8)
        // Refusals are so many a tick, also when ticks come late: who is short of time refuses less.
        #expect(refused <= 10 * ticks + Limits.restedAtOnce + Limits.spare)
    }

    @Test func refusedHandshakesCountForMore() {
        let (_, refused) = Self.closing(0, weight: Limits.handshakeWeight)
        #expect(refused <= (10 * 200 + Limits.restedAtOnce) / Limits.handshakeWeight + 1)
        #expect(refused >= 10 * 200 / Limits.handshakeWeight * 9 / 10)
    }

    @Test func whileNobodyIsRefusedNewcomersDoNotWait() {
        var queue = RestQueue<Int>()
        for now in stride(from: UInt64(1_000), to: 2_000, by: 1) {
            let begun = (0..<Limits.begunUnasked).count { _ in queue.begins(weight: 1, now) }
            #expect(begun == Limits.begunUnasked)
        }
    }

    @Test(arguments: [Limits.newcomerWeight, Limits.handshakeWeight])
    func ofVeryManyInOneTurnOnlySomeBeginBeforeItIsKnownWhetherThereIsRoom(_ weight: Int) {
        var queue = RestQueue<Int>()
        var begun = 0
        for element in 0..<4_000 {
            if queue.begins(weight: weight, 1_000) {
                begun += 1
            } else {
                _ = queue.add(newcomer: element, weight: weight, 1_000)
            }
        }
        #expect(begun == Limits.begunUnasked / weight && queue.newcomers == 4_000 - begun)
        // As none was refused, many more do in each tick.
        let next = queue.taken(1_005) { _ in weight }
        #expect(next.count == Limits.restedAtOnce / weight)
        // As all were, only so many as may be refused.
        queue.noteRefusal(weight: 1_000)
        let last = queue.taken(1_015) { _ in weight }
        #expect(last.count == 5 * Limits.restedPerMillisecond / weight)
    }

    @Test func onceSomeAreRefusedOnlySoManyBegin() {
        var queue = RestQueue<Int>()
        let first = queue.begins(weight: 1, 1_000)
        queue.noteRefusal(weight: 20)
        let left = (0..<1_000).count { _ in queue.begins(weight: 1, 1_000) }
        #expect(first && left == Limits.restedAtOnce - 20 - 1)
        // In the next tick others may, and in the end all.
        let next = (0..<1_000).count { _ in queue.begins(weight: 1, 1_005) }
        let last = (0..<1_000).count { _ in queue.begins(weight: 1, 1_100) }
        #expect(next == Limits.restedAtOnce - 10 && last == Limits.begunUnasked)
    }

    /// Handshakes take longer than ticks do.
    @Test func afterARefusalOnlySoManyAskBeforeTheFirstAreAnswered() {
        var queue = RestQueue<Int>()
        let (weight, atOnce) = (Limits.handshakeWeight, Limits.restedAtOnce / Limits.handshakeWeight)
        for element in 0..<4_000 { _ = queue.add(newcomer: element, weight: weight, 10_000) }
        let calm = queue.take(10_000) + queue.take(10_005)
        #expect(calm.count == 2 * atOnce && calm.allSatisfy(\.asks))
        for _ in calm { queue.noteAnswer(weight: weight) }
        queue.noteRefusal(weight: weight)
        let next = queue.take(10_100)
        let later = (1...50 as ClosedRange<UInt64>).flatMap { queue.take(10_100 + 5 * $0) }
        #expect(next.count == atOnce && later.isEmpty)
        // Whoever has a place asks for none.
        queue.noteServed(weight: weight)
        let placed = queue.take(10_350)
        #expect(placed.count == 1 && placed[0].asks == false)
        // There was room for three, and not for the others: only as many ask as may be refused.
        for _ in next { queue.noteAnswer(weight: weight) }
        for _ in next.dropFirst(3) { queue.noteRefusal(weight: weight) }
        let last = queue.take(10_351)
        let more = (1...190 as ClosedRange<UInt64>).flatMap { queue.take(10_351 + 5 * $0) }
        #expect(last.count == 3 && more.count == atOnce - 3)
        let calmAgain = queue.take(10_350 + Limits.calmMilliseconds)
        #expect(calmAgain.count == atOnce)
    }

    @Test func nobodyOvertakesWhoWaits() {
        var queue = RestQueue<Int>()
        let place = queue.add(newcomer: 1, weight: 1, 1_000)
        let before = (queue.newcomers, queue.begins(weight: 1, 1_000))
        queue.remove(place)
        let after = (queue.newcomers, queue.begins(weight: 1, 1_000))
        #expect(before == (1, false) && after == (0, true))
    }

    @Test func aNewcomerHasItsTurnAfterThoseWhoCameBefore() {
        var queue = RestQueue<Int>()
        _ = queue.add(1, until: 1_100)
        _ = queue.add(newcomer: 2, weight: 1, 1_000)
        let early = queue.taken(1_099)
        #expect(early.isEmpty)
        let both = queue.taken(1_100)
        #expect(both == [1, 2] && queue.newcomers == 0)
    }

    @Test func whoIsServedMakesRoomAlsoWhenAllOthersAreRefused() {
        var queue = RestQueue<Int>()
        for element in 0..<100 { _ = queue.add(newcomer: element, weight: 1, 1_000) }
        queue.noteRefusal(weight: 1_000)
        let first = queue.taken(1_000)
        #expect(first.count == Limits.restedPerMillisecond * Int(Limits.restTickMilliseconds))
        queue.noteRefusal(weight: 1_000)
        let none = queue.taken(1_000)
        #expect(none.isEmpty)
        for _ in 0..<7 { queue.noteServed(weight: 1) }
        let some = queue.taken(1_000)
        #expect(some.count == 7)
    }

    /// Beside a plain list, as elements come, leave and have their turn at random.
    @Test(arguments: 0..<50) func itKnowsWhoIsThere(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = RestQueue<Int>()
        var there: [(element: Int, place: Int)] = []
        var now: UInt64 = 1
        for element in 0..<3_000 {
            switch UInt64.random(in: 0...9, using: &random) {
            case 0...2: there.append((element, queue.add(element, until: now)))
            case 3...4: there.append((element, queue.add(newcomer: element, weight: 1 + element % 4, now)))
            case 5...6 where !there.isEmpty:
                let gone = there.remove(at: Int.random(in: 0..<there.count, using: &random))
                queue.remove(gone.place)
                queue.remove(gone.place)
            default:
                now += UInt64.random(in: 0...3, using: &random)
                let taken = queue.taken(now) { 1 + $0 % 4 }
                #expect(taken == there.prefix(taken.count).map(\.element))
                for gone in there.prefix(taken.count) { queue.remove(gone.place) }
                there.removeFirst(taken.count)
            }
            #expect(queue.count == there.count)
        }
    }
}
