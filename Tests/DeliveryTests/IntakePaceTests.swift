import Testing

@testable import Delivery

@Suite struct IntakePaceTests {
    private static let millisecond: UInt64 = 1_000_000
    private static let second = 1_000 * millisecond

    @Test func withoutALargeCommitThereIsNoBound() {
        var pace = IntakePace(answerWithin: .milliseconds(200))
        #expect(pace.room(at: 0) == .max)
        pace.note(63, from: 0, to: 40 * Self.millisecond)
        #expect(pace.room(at: 0) == .max, "most of what a small one costs it costs once")
    }

    @Test func asManyWaitAsAreStoredInHalfTheTime() {
        var pace = IntakePace(answerWithin: .milliseconds(200))
        pace.note(256, from: Self.second, to: Self.second + 64 * Self.millisecond)
        #expect(pace.room(at: Self.second) == 400, "a quarter of a millisecond each, 100 ms in all")
        pace.note(256, from: Self.second, to: Self.second + 128 * Self.millisecond)
        #expect(pace.room(at: 2 * Self.second) == 320, "one slow commit is not all that counts")
    }

    @Test func aDatabaseThatIsVerySlowStillGetsSome() {
        var pace = IntakePace(answerWithin: .milliseconds(200))
        pace.note(64, from: 0, to: 10 * Self.second)
        #expect(pace.room(at: 10 * Self.second) == Limits.fewWebhooks)
        // The room is small, so small commits tell when it is better.
        for turn in 1...40 {
            let now = 10 * Self.second + UInt64(turn) * 100 * Self.millisecond
            let count = pace.room(at: now)
            pace.note(count, from: now, to: now + UInt64(count) * Self.millisecond / 2)
        }
        #expect(pace.room(at: 15 * Self.second) > 150)
    }

    @Test func whatWasLongAgoDoesNotCount() {
        var pace = IntakePace(answerWithin: .milliseconds(200))
        pace.note(256, from: 0, to: Self.second)
        #expect(pace.room(at: 11 * Self.second) < 100)
        #expect(pace.room(at: 11 * Self.second + 1) == .max)
        pace.note(256, from: 20 * Self.second, to: 20 * Self.second + 64 * Self.millisecond)
        #expect(pace.room(at: 20 * Self.second + 64 * Self.millisecond) == 400)
    }
}
