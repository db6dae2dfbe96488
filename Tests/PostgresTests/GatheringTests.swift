import Runtime
import TestSupport
import Testing

@testable import Postgres

/// When what waited for a batch to land is the next.
@Suite struct GatheringTests {
    /// How many batches there were by the time that the first one's answer is worked on, when so many units waited.
    private static func batches(_ lane: Lane, waiting: Int) async throws -> UInt64 {
        let key = Int64.random(in: .min ... .max)
        let holder = try SharedCluster.connect()
        try holder.execute("select pg_advisory_lock(\(key))")
        let statements = makeStatements(["wait": "select pg_advisory_xact_lock_shared(\(key))", "one": "select 1"])
        let found = Locked<UInt64?>(nil)
        try await withDatabase(statements) { database, loop in
            await withTaskGroup { group in
                group.addTask(executorPreference: loop) {
                    _ = try? await database.run(Query(statements[0]), lane: lane)
                    found.withValue { $0 = database.counters(lane).batches }
                }
                while database.counters(lane).flying == 0 { await Task.yield() }
                for _ in 0..<waiting {
                    group.addTask(executorPreference: loop) {
                        _ = try? await database.run(Query(statements[1]), lane: lane)
                    }
                }
                while database.counters(lane).waiting < waiting { await Task.yield() }
                _ = try? holder.execute("select pg_advisory_unlock(\(key))")
            }
            let counters = database.counters(lane)
            #expect(counters.batches == 2 && counters.units == UInt64(waiting + 1) && counters.failedUnits == 0)
        }
        return try #require(found.withValue { $0 })
    }

    @Test func manyReadsFlyBeforeTheLastAnswersAreWorkedOn() async throws {
        #expect(try await Self.batches(.read, waiting: Limits.unitsNotGathered) == 2)
    }

    /// Whoever asks again at once comes along, and shares a commit.
    @Test(arguments: [(Lane.read, Limits.unitsNotGathered - 1), (.write, 100)])
    func fewReadsAndAllWritesWaitForWhatTheAnswersBring(_ lane: Lane, _ waiting: Int) async throws {
        #expect(try await Self.batches(lane, waiting: waiting) == 1)
    }
}
