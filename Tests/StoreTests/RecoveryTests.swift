import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct RecoveryTests {
    /// Ten seconds between events: a recovery examines what is older than five.
    private static let pace: Duration = .seconds(10)

    /// `count` events, each with one delivery to `endpoint` that came to what `decide` says.
    private func events(
        _ fixture: StoreFixture, _ seed: Seed, _ count: Int, _ decide: (Int) -> DeliveryMachine.Decision
    ) async throws {
        let session = try await seed.linkSession()
        for index in 0..<count {
            _ = try await fixture.store.accept([seed.received("Pending", session)], lease: nil)
            _ = try await ReplayTests.attemptAll(fixture.store) { _ in decide(index) }
            fixture.clock.advance(by: Self.pace)
        }
    }

    private func begin(
        _ fixture: StoreFixture, _ seed: Seed, _ endpoint: EndpointID, since: Timestamp, until: Timestamp? = nil,
        onlyFailed: Bool = true, rate: Int = 10_000
    ) async throws -> RecoveryID {
        try await fixture.store.beginRecovery(
            seed.scope, of: endpoint,
            NewRecovery(
                since: since, until: until ?? fixture.store.clock.now(), onlyFailed: onlyFailed, ratePerSecond: rate)
        ).id
    }

    /// Runs chunks of `size` until it ends, a second after each; returns how many took something on.
    @discardableResult
    private func run(_ fixture: StoreFixture, _ size: Int = 500) async throws -> [RecoveryProgress] {
        var steps: [RecoveryProgress] = []
        for _ in 0..<200 {
            let due = try await fixture.store.dueRecoveries(limit: 10)
            for one in due {
                steps.append(try await fixture.store.recoverChunk(one, size: size, settling: .seconds(5)))
            }
            if steps.last == .ended { return steps }
            fixture.clock.advance(by: .seconds(1))
        }
        return steps
    }

    @Test(arguments: [1, 3, 500])
    func whatFailedInTheSpanIsDueOnce(_ size: Int) async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let start = fixture.store.clock.now()
            // Of twelve, every third was delivered, every third waits for its retry, every third failed for good.
            try await events(fixture, seed, 12) { index in
                [.delivered, .retry(after: .seconds(36_000)), .failed][index % 3]
            }
            let all = try await fixture.store.deliveries(seed.scope, DeliveryFilter(), PageRequest(limit: 100)).items
            let id = try await begin(
                fixture, seed, endpoint, since: start + Self.pace * 2, until: start + Self.pace * 11)
            await #expect(throws: StoreError.recoveryRunning) {
                try await self.begin(fixture, seed, endpoint, since: start)
            }
            try await run(fixture, size)
            let done = try await fixture.store.recovery(seed.scope, id)
            #expect(done.status == .done && done.completedAt != nil)
            #expect(done.examined == 9 && done.reopened == 6 && done.created == 0)
            // The span holds the third event up to the eleventh.
            let expected = Set(all.reversed()[2..<11].filter { $0.status != .delivered }.map(\.id))
            var filter = DeliveryFilter()
            filter.status = .pending
            let due = try await fixture.store.deliveries(seed.scope, filter, PageRequest(limit: 100)).items
            #expect(Set(due.map(\.id)) == expected && due.allSatisfy { $0.attempts == 1 })
            #expect(Set(try await ReplayTests.attemptAll(fixture.store) { _ in .delivered }) == expected)
            // It has ended: another may begin, and finds nothing any more.
            let next = try await begin(
                fixture, seed, endpoint, since: start + Self.pace * 2, until: start + Self.pace * 11)
            try await run(fixture, size)
            #expect(try await fixture.store.recovery(seed.scope, next).reopened == 0)
        }
    }

    @Test func allIsSentAgainWhenAskedFor() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let start = fixture.store.clock.now()
            try await events(fixture, seed, 4) { _ in .delivered }
            let id = try await begin(fixture, seed, endpoint, since: start, onlyFailed: false)
            try await run(fixture, 2)
            #expect(try await fixture.store.recovery(seed.scope, id).reopened == 4)
            #expect(try await ReplayTests.attemptAll(fixture.store) { _ in .delivered }.count == 4)
        }
    }

    /// What the endpoint never had is made, if its filter lets it through; test events of others are not.
    @Test func anEndpointMadeLaterGetsWhatItMissed() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let first = try await seed.endpoint()
            let start = fixture.store.clock.now()
            try await events(fixture, seed, 3) { _ in .delivered }
            _ = try await fixture.store.createTestEvent(seed.scope, for: first) { _, _, _ in Seed.bytes("{}") }
            _ = try await ReplayTests.attemptAll(fixture.store) { _ in .delivered }
            fixture.clock.advance(by: Self.pace)
            let late = try await seed.endpoint("http://127.0.0.1:9/late")
            let picky = try await seed.endpoint("http://127.0.0.1:9/picky", types: ["transfer.failed"])
            for (endpoint, missed) in [(late, Int64(3)), (picky, 0)] {
                let id = try await begin(fixture, seed, endpoint, since: start)
                try await run(fixture, 2)
                let done = try await fixture.store.recovery(seed.scope, id)
                #expect(done.reopened == missed && done.created == missed && done.examined == 4)
            }
            #expect(try await ReplayTests.counted(fixture) == UsageCount(linkTokens: 1, events: 3, deliveries: 6))
            var filter = DeliveryFilter()
            filter.endpoint = late
            let made = try await fixture.store.deliveries(seed.scope, filter, PageRequest()).items
            #expect(made.count == 3 && made.allSatisfy { $0.status == .pending && $0.attempts == 0 })
        }
    }

    @Test func itKeepsItsPace() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let start = fixture.store.clock.now()
            let session = try await seed.linkSession()
            _ = try await fixture.store.accept(
                (0..<20).map { _ in seed.received("Pending", session) }, lease: nil)
            _ = try await ReplayTests.attemptAll(fixture.store) { _ in .failed }
            fixture.clock.advance(by: Self.pace)
            let id = try await begin(fixture, seed, endpoint, since: start, rate: 5)
            let began = fixture.store.clock.now()
            let steps = try await run(fixture)
            let took = fixture.store.clock.now() - began
            #expect(steps.filter { $0 == .going }.count >= 3)
            #expect(took >= .seconds(2) && took <= .seconds(6))
            #expect(try await fixture.store.recovery(seed.scope, id).reopened == 20)
        }
    }

    /// The youngest events may have deliveries that stand in a node's memory only.
    @Test func itWaitsUntilTheEndOfItsSpanIsOld() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let start = fixture.store.clock.now()
            let session = try await seed.linkSession()
            _ = try await fixture.store.accept([seed.received("Pending", session)], lease: nil)
            _ = try await ReplayTests.attemptAll(fixture.store) { _ in .failed }
            fixture.clock.advance(by: .milliseconds(10))
            let id = try await begin(fixture, seed, endpoint, since: start)
            let due = try #require(try await fixture.store.dueRecoveries(limit: 1).first)
            #expect(try await fixture.store.recoverChunk(due, size: 10, settling: .seconds(5)) == .waiting)
            #expect(try await fixture.store.recovery(seed.scope, id).examined == 0)
            #expect(try await fixture.store.recoverChunk(due, size: 10, settling: .seconds(5)) == .busy)
            let steps = try await run(fixture)
            #expect(steps.contains(.waiting) && steps.last == .ended)
            #expect(try await fixture.store.recovery(seed.scope, id).reopened == 1)
        }
    }

    @Test func itStopsWhenToldToOrWhenTheEndpointGoes() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let start = fixture.store.clock.now()
            try await events(fixture, seed, 4) { _ in .failed }
            let id = try await begin(fixture, seed, endpoint, since: start, rate: 1)
            let due = try #require(try await fixture.store.dueRecoveries(limit: 1).first)
            #expect(try await fixture.store.recoverChunk(due, size: 10, settling: .seconds(5)) == .going)
            let cancelled = try await fixture.store.cancelRecovery(seed.scope, id)
            #expect(cancelled.status == .cancelled && cancelled.reopened == 1)
            fixture.clock.advance(by: .seconds(2))
            #expect(try await fixture.store.recoverChunk(due, size: 10, settling: .seconds(5)) == .busy)
            #expect(try await fixture.store.cancelRecovery(seed.scope, id).completedAt == cancelled.completedAt)

            let next = try await begin(fixture, seed, endpoint, since: start, rate: 1)
            try await fixture.store.deleteEndpoint(seed.scope, endpoint)
            #expect(try await run(fixture) == [.ended])
            #expect(try await fixture.store.recovery(seed.scope, next).status == .cancelled)
        }
    }

    /// Two nodes work on it at once, and one is killed in the middle: nothing is sent twice, nothing is left out.
    @Test func nodesTakeTurnsAndTakeOver() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let start = fixture.store.clock.now()
            let session = try await seed.linkSession()
            _ = try await fixture.store.accept(
                (0..<60).map { _ in seed.received("Pending", session) }, lease: nil)
            _ = try await ReplayTests.attemptAll(fixture.store) { _ in .failed }
            fixture.clock.advance(by: Self.pace)
            let id = try await begin(fixture, seed, endpoint, since: start)
            let other = try await fixture.anotherStore()
            let due = try #require(try await fixture.store.dueRecoveries(limit: 1).first)
            for _ in 0..<20 {
                async let one = fixture.store.recoverChunk(due, size: 4, settling: .seconds(5))
                async let two = other.recoverChunk(due, size: 4, settling: .seconds(5))
                _ = try await (one, two)
                fixture.clock.advance(by: .milliseconds(10))
            }
            await other.database.close()
            try await run(fixture, 4)
            let done = try await fixture.store.recovery(seed.scope, id)
            #expect(done.status == .done && done.examined == 60 && done.reopened == 60)
        }
    }

    @Test func ofADisabledEndpointItIsHeld() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let start = fixture.store.clock.now()
            try await events(fixture, seed, 2) { _ in .failed }
            _ = try await fixture.store.setEndpoint(seed.scope, endpoint, enabled: false)
            _ = try await begin(fixture, seed, endpoint, since: start)
            try await run(fixture)
            var filter = DeliveryFilter()
            filter.status = .held
            #expect(try await fixture.store.deliveries(seed.scope, filter, PageRequest()).items.count == 2)
        }
    }
}
