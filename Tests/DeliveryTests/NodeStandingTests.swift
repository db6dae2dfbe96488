import Delivery
import Testing

@Suite struct NodeStandingTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func aNodeThatHasJustStartedJudges() {
        var standing = NodeStanding(settlingTime: .seconds(2))
        #expect(standing.shown(through: 1, at: 0) == .judges)
        #expect(standing.shown(through: 1, at: Self.second) == .judges)
    }

    @Test func aNodeWhoseSessionWasReplacedWaitsForTheOthers() {
        var standing = NodeStanding(settlingTime: .seconds(2))
        _ = standing.shown(through: 1, at: 0)
        #expect(standing.shown(through: 2, at: 10 * Self.second) == .waits)
        #expect(standing.shown(through: 2, at: 12 * Self.second - 1) == .waits)
        #expect(standing.shown(through: 2, at: 12 * Self.second) == .judges)
        #expect(standing.shown(through: 2, at: 13 * Self.second) == .judges)
    }

    @Test func eachReplacementBeginsTheWaitAnew() {
        var standing = NodeStanding(settlingTime: .seconds(2))
        _ = standing.shown(through: 1, at: 0)
        _ = standing.shown(through: 2, at: Self.second)
        #expect(standing.shown(through: 3, at: 2 * Self.second) == .waits)
        #expect(standing.shown(through: 3, at: 3 * Self.second) == .waits)
        #expect(standing.shown(through: 3, at: 4 * Self.second) == .judges)
    }
}
