import Testing

@testable import HTTPServer

@Suite struct RefusalRoomTests {
    /// What is refused in a second of ticks when all that may begin is, from `start` on, beside so much that is served.
    private static func refused(
        in room: inout RefusalRoom, from start: UInt64, tick: UInt64 = 5, served: (_ tick: Int) -> Int
    ) -> Int {
        var refused = 0
        for (number, now) in stride(from: start, to: start + 1_000, by: UInt64.Stride(tick)).enumerated() {
            room.advance(Int(tick), to: now)
            let left = room.left
            room.noteRefusal(weight: left)
            refused += left
            room.noteServed(weight: served(number))
        }
        return refused
    }

    /// Served a tick, on the average, and what is refused in a second beside it.
    @Test(arguments: [(0, 2_000), (5, 1_840), (10, 1_680), (25, 1_200), (40, 720), (50, 400), (51, 400), (1_000, 400)])
    func theMoreIsServedTheLessIsRefused(_ served: Int, _ expected: Int) {
        var room = RefusalRoom()
        _ = Self.refused(in: &room, from: 1_000) { _ in served }
        let evenly = Self.refused(in: &room, from: 2_000) { _ in served }
        #expect(abs(evenly - expected) <= 20)
        // A database answers many at once, and then none for a while.
        _ = Self.refused(in: &room, from: 3_000) { $0.isMultiple(of: 20) ? 20 * served : 0 }
        let unevenly = Self.refused(in: &room, from: 4_000) { $0.isMultiple(of: 20) ? 20 * served : 0 }
        #expect(abs(unevenly - expected) <= 40)
    }

    @Test func onceNobodyIsServedOthersHaveTheirTurnAsFastAsBefore() {
        var room = RefusalRoom()
        _ = Self.refused(in: &room, from: 1_000) { _ in 1_000 }
        let next = Self.refused(in: &room, from: 2_000) { _ in 0 }
        #expect(next >= 2_000 - 2 * Int(Limits.servedWindowMilliseconds) * Limits.restedPerMillisecond)
        let last = Self.refused(in: &room, from: 3_000) { _ in 0 }
        #expect(last == 2_000)
    }

    @Test func whatWasServedLongAgoCountsForNothing() {
        var room = RefusalRoom()
        room.advance(1, to: 1_000)
        room.noteServed(weight: 100_000)
        room.noteRefusal(weight: Limits.restedAtOnce)
        room.advance(1, to: 60_000)
        room.advance(5, to: 60_005)
        #expect(room.left >= 5 * Limits.restedPerMillisecond)
    }

    /// However refusals, the served and time come.
    @Test(arguments: 0..<50) func itNeverGivesMoreThanItsPaceNorLessThanAPart(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var room = RefusalRoom()
        var (now, refused, passed) = (UInt64(1_000), 0, 0)
        for _ in 0..<3_000 {
            let step = Int.random(in: 0...8, using: &random)
            now += UInt64(step)
            passed += step
            room.advance(step, to: now)
            #expect((0...Limits.restedAtOnce).contains(room.left))
            #expect(room.isWhole == (room.left == Limits.restedAtOnce))
            if Bool.random(using: &random) { room.noteServed(weight: Int.random(in: 0...200, using: &random)) }
            let weight = Int.random(in: 0...room.left, using: &random)
            room.noteRefusal(weight: weight)
            refused += weight
            #expect(refused + room.left <= Limits.restedAtOnce + passed * Limits.restedPerMillisecond)
        }
        room.noteRefusal(weight: Limits.restedAtOnce)
        room.noteServed(weight: 1_000_000)
        room.advance(Limits.leastOfRefusals, to: now)
        #expect(room.left >= Limits.restedPerMillisecond)
    }

    @Test func moreThanThereIsRoomForLeavesNoDebt() {
        var room = RefusalRoom()
        room.noteRefusal(weight: 1_000_000)
        #expect(room.left == 0 && !room.isWhole)
        room.advance(1, to: 1)
        #expect(room.left == Limits.restedPerMillisecond)
        room.advance(Limits.restedAtOnce, to: 100)
        #expect(room.isWhole)
    }
}
