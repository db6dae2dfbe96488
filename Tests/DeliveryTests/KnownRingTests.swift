import Domain
import Testing

@testable import Delivery

@Suite struct KnownRingTests {
    private static func id(_ number: Int) -> EndpointID { EndpointID(UUIDValue(high: 0, low: UInt64(number))) }

    private static func ring(_ numbers: Range<Int>) -> KnownRing {
        var ring = KnownRing()
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
        var empty = KnownRing()
        #expect(empty.next(10) { _ in true }.isEmpty)
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
