@testable import Delivery
import Domain
import Store
import Testing

@Suite struct HealthBoardTests {
    private static let endpoint = EndpointID(UUIDValue(high: 1, low: 1))
    private static let other = EndpointID(UUIDValue(high: 1, low: 2))
    private static let noon = Timestamp(seconds: 1_775_044_800)

    private func note(
        _ board: inout HealthBoard, _ outcome: AttemptOutcome, _ endpoint: EndpointID = endpoint,
        at now: Timestamp = noon
    ) -> EndpointHealth.News? {
        board.note(endpoint, outcome, startedAt: now, at: now, random: 1 << 40)?.news
    }

    @Test func endpointsThatAreWellAreNotRemembered() {
        var board = HealthBoard(policy: HealthPolicy())
        for _ in 0..<10 { #expect(note(&board, .answered(status: 200)) == nil) }
        #expect(board.isEmpty)
        #expect(board.limit(Self.endpoint, at: Self.noon) == nil)
        _ = note(&board, .answered(status: 500))
        #expect(board.limit(Self.endpoint, at: Self.noon) == 32)
        #expect(board.limit(Self.other, at: Self.noon) == nil)
        for _ in 0..<40 { _ = note(&board, .answered(status: 200)) }
        #expect(board.isEmpty)
    }

    @Test func aProbeOfItsOwnIsTakenByTheFirst() {
        var board = HealthBoard(policy: HealthPolicy())
        _ = note(&board, .answered(status: 503))
        #expect(board.limit(Self.endpoint, at: Self.noon) == 0)
        var isAdmitted = board.admit(Self.endpoint, at: Self.noon)
        #expect(!isAdmitted)
        #expect(board.pause(Self.endpoint, at: Self.noon)?.isShared == false)
        let later = Self.noon + .seconds(2)
        #expect(board.limit(Self.endpoint, at: later) == 1)
        isAdmitted = board.admit(Self.endpoint, at: later)
        #expect(isAdmitted)
        isAdmitted = board.admit(Self.endpoint, at: later)
        #expect(!isAdmitted)
        #expect(board.limit(Self.endpoint, at: later) == 0)
    }

    /// Nothing is known by it, so the next need not wait for its time to pass.
    @Test func aProbeThatWasNotSentMakesPlaceForAnother() {
        var board = HealthBoard(policy: HealthPolicy())
        _ = note(&board, .answered(status: 503))
        let later = Self.noon + .seconds(2)
        for _ in 0..<3 {
            let isAdmitted = board.admit(Self.endpoint, at: later)
            #expect(isAdmitted)
            #expect(board.limit(Self.endpoint, at: later) == 0)
            board.abandonProbe(Self.endpoint, at: later)
            #expect(board.limit(Self.endpoint, at: later) == 1)
        }
        board.abandonProbe(Self.other, at: later)
        #expect(board.limit(Self.other, at: later) == nil)
    }

    @Test func theProbeOfASharedPauseComesFromTheLane() {
        var board = HealthBoard(policy: HealthPolicy())
        let news = note(&board, .answered(status: 503, retryAfter: .seconds(60)))
        #expect(news?.tellsBreaker == true)
        #expect(board.pause(Self.endpoint, at: Self.noon)?.isShared == true)
        board.told(Self.endpoint, version: 3)
        let later = Self.noon + .seconds(100)
        let isAdmitted = board.admit(Self.endpoint, at: later)
        #expect(!isAdmitted, "another node may have sent it")
        var shared = EndpointHealth.Shared()
        shared.breaker = .halfOpen
        shared.pausedUntil = later + .seconds(20)
        shared.failingSince = Self.noon
        // It waits for its turn, and then it goes out.
        board.awaitProbe(Self.endpoint)
        board.learn(Self.endpoint, shared, version: 4, at: later)
        #expect(board.limit(Self.endpoint, at: later) == 1)
        board.takeProbe(Self.endpoint, shared, until: later + .seconds(20), at: later)
        #expect(board.limit(Self.endpoint, at: later) == 0)
        let end = note(&board, .answered(status: 200), at: later)
        #expect(end?.tellsBreaker == true && end?.replaces == later + .seconds(20))
        #expect(board.limit(Self.endpoint, at: later) == 1)
    }

    @Test func onlyWhatIsNewIsLearnt() {
        var board = HealthBoard(policy: HealthPolicy())
        board.learn(Self.endpoint, EndpointHealth.Shared(), version: 9, at: Self.noon)
        #expect(board.isEmpty)
        var shared = EndpointHealth.Shared()
        shared.breaker = .open
        shared.pausedUntil = Self.noon + .seconds(60)
        board.learn(Self.endpoint, shared, version: 2, at: Self.noon)
        #expect(board.limit(Self.endpoint, at: Self.noon) == 0)
        board.learn(Self.endpoint, EndpointHealth.Shared(), version: 2, at: Self.noon)
        #expect(board.limit(Self.endpoint, at: Self.noon) == 0)
        board.learn(Self.endpoint, EndpointHealth.Shared(), version: 3, at: Self.noon)
        #expect(board.limit(Self.endpoint, at: Self.noon) == 1, "closed, and swelling")
    }

    @Test func itsSizeIsBounded() {
        var board = HealthBoard(policy: HealthPolicy(), capacity: 100)
        for number in 0..<1_000 as Range<UInt64> {
            let endpoint = EndpointID(UUIDValue(high: 2, low: number))
            let outcome = AttemptOutcome.answered(status: number % 20 == 0 ? 503 : 500)
            _ = note(&board, outcome, endpoint)
        }
        let known = (0..<1_000 as Range<UInt64>).count {
            board.limit(EndpointID(UUIDValue(high: 2, low: $0)), at: Self.noon) != nil
        }
        #expect(known <= 100 && known > 0)
    }
}
