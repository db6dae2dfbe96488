import Testing

@testable import HTTPServer

@Suite struct AcceptPaceTests {
    @Test(arguments: [
        (taken: 0, waiting: 0, AcceptPace.Verdict.now), (3, 0, .now), (4, 0, .nextTurn), (0, 9, .now),
        (0, 10, .later), (4, 10, .later), (0, 11, .later),
    ]) func itJudgesByTheTurnAndByThoseWhoWait(_ taken: Int, _ waiting: Int, _ verdict: AcceptPace.Verdict) {
        var pace = AcceptPace(perTurn: 4, waitingLimit: 10)
        for _ in 0..<taken { _ = pace.judge(waiting: 0) }
        let found = pace.judge(waiting: waiting)
        #expect(found == verdict)
        #expect(pace.takenInTurn == taken + (verdict == .now ? 1 : 0))
    }

    /// However many come and whoever waits, no turn takes more than its number, and nobody is taken beyond the limit.
    @Test(arguments: 0..<20) func itHoldsBothBounds(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (perTurn, limit) = (Int.random(in: 1...64, using: &random), Int.random(in: 1...500, using: &random))
        var pace = AcceptPace(perTurn: perTurn, waitingLimit: limit)
        var (waiting, turnsUnused) = (0, 0)
        for _ in 0..<1_000 {
            let coming = Int.random(in: 0...200, using: &random)
            let taken = (0..<coming).count { _ in
                guard pace.judge(waiting: waiting) == .now else { return false }
                waiting += 1
                return true
            }
            #expect(taken == min(coming, perTurn, limit - (waiting - taken)))
            if coming > 0, taken == 0 { turnsUnused += 1 }
            waiting -= Int.random(in: 0...waiting, using: &random)
            pace.endTurn()
        }
        #expect(waiting <= limit && turnsUnused < 1_000)
    }
}
