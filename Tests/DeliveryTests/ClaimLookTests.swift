import Domain
import Testing

@testable import Delivery
@testable import Store

@Suite struct ClaimLookTests {
    private static let second: UInt64 = 1_000_000_000

    private static func claim(timedFrom: Int64, lanesFrom: Int64) -> Claim {
        Claim(
            timed: [], hasMore: false, nextWake: nil, timedFrom: Timestamp(seconds: timedFrom),
            lanesFrom: Timestamp(seconds: lanesFrom))
    }

    @Test func aLookBeginsWhereTheLastFoundNothing() {
        var look = ClaimLook()
        #expect(look.begin(0) == (ClaimLook.everything, ClaimLook.everything))
        look.end(Self.claim(timedFrom: 7, lanesFrom: 8))
        #expect(look.begin(Self.second) == (Timestamp(seconds: 7), Timestamp(seconds: 8)))
    }

    @Test func nowAndThenItLeavesNothingOut() {
        var look = ClaimLook()
        let interval = UInt64(Limits.wholeLookInterval.components.seconds) * Self.second
        var whole: [UInt64] = []
        for number in 0..<4 * interval / Self.second {
            if look.begin(number * Self.second).timedFrom == ClaimLook.everything { whole.append(number) }
            look.end(Self.claim(timedFrom: 100, lanesFrom: 100))
        }
        #expect(whole.map { $0 * Self.second } == [0, interval, 2 * interval, 3 * interval])
    }

    @Test func oneForSomeLanesIsNotWhole() {
        var look = ClaimLook()
        #expect(look.begin(0, some: true) == (ClaimLook.everything, ClaimLook.everything), "there was none before")
        look.end(Self.claim(timedFrom: 7, lanesFrom: 8))
        #expect(look.begin(1, some: true) == (Timestamp(seconds: 7), Timestamp(seconds: 8)))
        #expect(look.begin(2) == (Timestamp(seconds: 7), ClaimLook.everything))
        #expect(look.begin(3) == (Timestamp(seconds: 7), Timestamp(seconds: 8)))
    }

    @Test func lanesHaveTheirTurnAgainAfterAWhile() {
        var look = ClaimLook()
        let interval = UInt64(Limits.turnInterval.components.seconds) * Self.second
        #expect(look.lacksTurns(5))
        _ = look.begin(5)
        #expect(!look.lacksTurns(6))
        _ = look.begin(interval, some: true)
        #expect(!look.lacksTurns(interval + 4))
        #expect(look.lacksTurns(interval + 5))
    }

    /// Such a look may take longer than a statement may: the others must go on.
    @Test func oneThatFailsIsNotRepeatedAtOnce() {
        var look = ClaimLook()
        let interval = UInt64(Limits.wholeLookInterval.components.seconds) * Self.second
        _ = look.begin(0)
        look.end(Self.claim(timedFrom: 7, lanesFrom: 8))
        #expect(look.begin(interval) == (ClaimLook.everything, ClaimLook.everything))
        #expect(look.begin(interval + 1) == (Timestamp(seconds: 7), Timestamp(seconds: 8)))
    }
}
