import Domain
import Testing

@testable import Delivery

@Suite struct KnownRingTests {
    private static func id(_ number: Int) -> EndpointID { EndpointID(UUIDValue(high: 0, low: UInt64(number))) }

    private static func ring(_ numbers: Range<Int>, recents: Int = 0) -> KnownRing {
        var ring = KnownRing(recents: recents)
        for number in numbers { ring.insert(id(number)) }
        return ring
    }

    @Test func eachHasItsTurn() {
        var ring = Self.ring(0..<5)
        ring.insert(Self.id(3))
        let looks = (0..<5).map { _ in ring.next(2) { _ in true } }
        #expect(looks.allSatisfy { $0.count == 2 })
        let numbers = looks.flatMap { $0 }.map(\.uuid.low)
        #expect(numbers == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
    }

    @Test func aLookHasEachOnceAndAnEmptyRingNone() {
        var ring = Self.ring(0..<3)
        _ = ring.next(2) { _ in true }
        #expect(ring.next(100) { _ in true }.map(\.uuid.low) == [2, 0, 1])
        var empty = Self.ring(0..<0)
        #expect(empty.next(10) { _ in true }.isEmpty)
    }

    @Test func whoHadSomethingLatelyIsAskedForEachTime() {
        var ring = Self.ring(0..<10, recents: 2)
        for number in [4, 9, 8, 9, 9] { ring.note(Self.id(number)) }
        #expect(ring.next(4) { _ in true }.map(\.uuid.low) == [9, 8, 0, 1])
        #expect(ring.leavesSome)
        #expect(ring.next(4) { $0 != Self.id(9) }.map(\.uuid.low) == [8, 2, 3, 4])
        #expect(ring.next(5) { _ in true }.map(\.uuid.low) == [9, 8, 5, 6, 7])
        for number in 0..<100 { ring.note(Self.id(number % 3)) }
        #expect(ring.next(2) { _ in true }.map(\.uuid.low) == [0, 2])
        #expect(ring.next(1) { _ in true }.map(\.uuid.low) == [0])
        // As many as there are beside the two.
        #expect(Set(ring.next(12) { _ in true }).count == 10)
        #expect(!ring.leavesSome)
        // They take no place of the others.
        for number in 0..<3 { ring.note(Self.id(number)) }
        #expect(Set(ring.next(10) { _ in true }).count == 10 && !ring.leavesSome)
        #expect(Set(ring.next(9) { _ in true }).count == 9 && ring.leavesSome)
    }

    /// Whoever leaves while a look goes round: nobody comes twice in it, and nobody who stays is left out.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func whoIsNoLongerKnownIsForgotten(_ seed: UInt64) {
        var random = SimulationRandom(seed: seed)
        var ring = Self.ring(0..<20)
        var gone: Set<EndpointID> = []
        for _ in 0..<10 {
            gone.insert(Self.id(Int(random.next() % 20)))
            let found = ring.next(Int(random.next() % 25)) { !gone.contains($0) }
            #expect(Set(found).count == found.count && gone.isDisjoint(with: found))
        }
        #expect(Set(ring.next(20) { !gone.contains($0) }) == Set((0..<20).map(Self.id)).subtracting(gone))
        #expect(ring.count == 20 - gone.count)
        gone = []
        ring.insert(Self.id(7))
        ring.keep { $0 == Self.id(7) }
        #expect(ring.next(5) { _ in true } == [Self.id(7)])
    }
}
