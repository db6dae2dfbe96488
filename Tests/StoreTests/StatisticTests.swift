import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct StatisticTests {
    private func note(
        _ store: Store, _ seed: Seed, _ endpoint: EndpointID, _ status: Int32?, _ error: String? = nil,
        _ duration: Duration = .milliseconds(10), count: Int = 1
    ) {
        for _ in 0..<count {
            store.noteAttempt(
                seed.subClient, endpoint, statusCode: status, errorCode: error, duration: duration,
                at: store.clock.now())
        }
    }

    @Test func attemptsOfSeveralLoopsAddUp() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let another = try await fixture.anotherStore()
            note(fixture.store, seed, endpoint, 204, count: 90)
            note(another, seed, endpoint, 200, nil, .milliseconds(1_000), count: 6)
            note(another, seed, endpoint, 503, "httpStatus", count: 2)
            note(another, seed, endpoint, nil, "timeout", .seconds(15))
            note(fixture.store, seed, endpoint, 301)
            for store in [fixture.store, another, fixture.store] { try await store.writeStatistics() }
            await another.database.close()
            let found = try await fixture.store.statistics(seed.scope, of: endpoint)
            for span in [found.lastHour, found.lastDay] {
                #expect(span.attempts == 100 && span.succeeded == 96)
                #expect(span.failures == ["http5xx": 2, "timeout": 1, "http3xx": 1])
                let half = try #require(span.durations.percentile(50))
                #expect(half > .milliseconds(8) && half < .milliseconds(12))
                let most = try #require(span.durations.percentile(95))
                #expect(most > .milliseconds(700) && most < .milliseconds(1_420))
            }
        }
    }

    @Test func anHourForgetsAndADayDoesNot() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            note(fixture.store, seed, endpoint, 200, count: 3)
            try await fixture.store.writeStatistics()
            fixture.clock.advance(by: .seconds(2 * 3_600))
            note(fixture.store, seed, endpoint, 500)
            try await fixture.store.writeStatistics()
            let found = try await fixture.store.statistics(seed.scope, of: endpoint)
            #expect(found.lastHour.attempts == 1 && found.lastHour.succeeded == 0)
            #expect(found.lastDay.attempts == 4 && found.lastDay.succeeded == 3)
            try await fixture.store.forgetStatistics(olderThan: .seconds(3_600))
            #expect(try await fixture.store.statistics(seed.scope, of: endpoint).lastDay.attempts == 1)
            fixture.clock.advance(by: .seconds(25 * 3_600))
            #expect(try await fixture.store.statistics(seed.scope, of: endpoint).lastDay.attempts == 0)
        }
    }

    @Test func whatCannotBeWrittenIsKept() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let broken = try await fixture.anotherStore()
            await broken.database.close()
            note(broken, seed, endpoint, 200)
            for _ in 0..<2 {
                await #expect(throws: StoreError.self) { try await broken.writeStatistics() }
            }
        }
    }

    @Test func theBacklogIsWhatIsStillOwed() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            let other = try await seed.endpoint("http://127.0.0.1:9/other")
            let session = try await seed.linkSession()
            let before = fixture.clock.clock.now()
            for _ in 0..<3 {
                _ = try await fixture.store.accept([seed.received("Pending", session)], lease: nil)
                fixture.clock.advance(by: .seconds(10))
            }
            var found = try await fixture.store.statistics(seed.scope, of: endpoint)
            #expect(found.backlog == 3)
            let oldest = try #require(found.oldestDueAt)
            #expect(oldest >= before && oldest < before + .seconds(10))
            _ = try await fixture.store.setEndpoint(seed.scope, other, enabled: false)
            try await fixture.store.deleteEndpoint(seed.scope, endpoint)
            await #expect(throws: StoreError.notFound) {
                try await fixture.store.statistics(seed.scope, of: endpoint)
            }
            found = try await fixture.store.statistics(seed.scope, of: other)
            #expect(found.backlog == 3)
        }
    }
}
