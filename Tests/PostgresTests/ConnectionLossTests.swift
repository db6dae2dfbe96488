import Glibc
import Postgres
import Runtime
import TestSupport
import Testing

@Suite struct ConnectionLossTests {
    private static let common = makeStatements([
        "sleep": "select pg_sleep($1::int8::float8 / 1000), $2::int8",
        "backend": "select pg_backend_pid()",
        "wait": "select pg_advisory_xact_lock($1), $2::int8",
    ])
    private static let sleep = common[0]
    private static let backend = common[1]
    private static let wait = common[2]

    /// Ends the backend of an application name while it waits for the lock that the connection holds, and lets go.
    private func terminate(_ application: String, waitingFor lock: Int64, of holder: BlockingConnection) throws {
        while true {
            let ended = try holder.query(
                """
                select pg_terminate_backend(pid, 5000) from pg_stat_activity
                where application_name = $1 and wait_event = 'advisory'
                """, parameters: [.string(application)])
            if ended.count > 0 { break }
            sched_yield()
        }
        _ = try holder.query("select pg_advisory_unlock($1)", parameters: [.int64(lock)])
    }

    /// Runs units that wait for a lock, and ends their connection while they do.
    private func losing(
        _ lane: Lane,
        _ check: @escaping @Sendable (Database, [Result<[Rows], PostgresError>]) async throws -> Void
    ) async throws {
        let application = uniqueName("loss")
        let lock = Int64.random(in: 1 ... .max)
        let holder = try SharedCluster.connect()
        _ = try holder.query("select pg_advisory_lock($1)", parameters: [.int64(lock)])
        try await withDatabase(
            ConnectionLossTests.common,
            configure: { $0.applicationName = application }
        ) { database, loop in
            onThread { try? terminate(application, waitingFor: lock, of: holder) }
            let units = (0..<3).map { Unit(Query(ConnectionLossTests.wait, [.int64(lock), .int64($0)])) }
            let results = await runAll(units, lane, database, loop)
            try await check(database, results)
        }
    }

    @Test func aWriteInFlightOnALostConnectionHasAnUnknownOutcome() async throws {
        try await losing(.write) { database, results in
            for result in results {
                guard case .connectionLost(.outcomeUnknown) = result.error else {
                    Issue.record("unexpected: \(result)")
                    continue
                }
            }
            // The lane connects again by itself.
            let again = try await database.run(Query(ConnectionLossTests.backend), lane: .write)
            #expect(again.count == 1)
            #expect(database.counters(.write).lostConnections == 1 && database.counters(.write).connects == 2)
        }
    }

    @Test func aReadInFlightOnALostConnectionIsSentAgain() async throws {
        try await losing(.read) { database, results in
            let values = try results.map { try $0.get().at(0).int64(0, 1) }
            #expect(values == [0, 1, 2])
            #expect(database.counters(.read).lostConnections == 1)
        }
    }

    @Test func aUnitIsGivenUpWhenNoConnectionIsFreeBeforeItsDeadline() async throws {
        try await withDatabase(
            ConnectionLossTests.common,
            configure: {
                $0.queueDeadline = .milliseconds(500)
                $0.unitsPerBatch = 1
            }
        ) { database, loop in
            let units = [2_000, 0, 0].map { Unit(Query(ConnectionLossTests.sleep, [.int64($0), .int64(0)])) }
            let results = await runAll(units, .read, database, loop)
            #expect(results.first?.isSuccess == true)
            for result in results.dropFirst() {
                guard case .unavailable(.deadline) = result.error else {
                    Issue.record("unexpected: \(result)")
                    continue
                }
            }
            #expect(database.counters(.read).expiredUnits == 2)
        }
    }

    @Test func aFullQueueRefusesAtOnce() async throws {
        try await withDatabase(ConnectionLossTests.common, configure: { $0.queueLimit = 3 }) { database, loop in
            let units = Array(repeating: Unit(Query(ConnectionLossTests.backend)), count: 5)
            let results = await runAll(units, .read, database, loop)
            #expect(results.map(\.isSuccess) == [true, true, true, false, false])
            guard case .unavailable(.queueFull) = results.last?.error else {
                _ = Issue.record("\(results)")
                return
            }
        }
    }

    @Test func aBatchThatNeverEndsIsGivenUp() async throws {
        try await withDatabase(
            ConnectionLossTests.common,
            configure: { $0.stallTimeout = .milliseconds(100) }
        ) { database, _ in
            let error = await #expect(throws: PostgresError.self) {
                try await database.run(Query(ConnectionLossTests.sleep, [.int64(2_000), .int64(0)]), lane: .write)
            }
            guard case .connectionLost(.outcomeUnknown) = error else {
                _ = Issue.record("\(String(describing: error))")
                return
            }
            // The lane connects again by itself. On a busy machine a quick query stalls that long as well.
            var answer: Rows?
            while answer == nil {
                do throws(PostgresError) {
                    answer = try await database.run(Query(ConnectionLossTests.backend), lane: .write)
                } catch {
                    guard case .connectionLost = error else { throw error }
                }
            }
        }
    }

    @Test func aServerThatAnswersNothingCountsAsAway() async throws {
        let holder = try SharedCluster.connect()
        let lock = Int64.random(in: 1 ... .max)
        _ = try holder.query("select pg_advisory_lock($1)", parameters: [.int64(lock)])
        try await withDatabase(
            ConnectionLossTests.common,
            configure: { $0.silenceLimit = .seconds(1) }
        ) { database, loop in
            let waiting = Task(executorPreference: loop) {
                try await database.run(Query(ConnectionLossTests.wait, [.int64(lock), .int64(1)]), lane: .write)
            }
            while database.outage == nil { await loop.sleep(for: .milliseconds(10)) }
            #expect(database.standing == .lost("it does not answer"))
            _ = try await database.run(Query(ConnectionLossTests.backend), lane: .read)
            #expect(database.standing == .whole, "one slow statement is no silence")
            _ = try holder.query("select pg_advisory_unlock($1)", parameters: [.int64(lock)])
            _ = try await waiting.value
            #expect(database.standing == .whole)
        }
    }

    @Test func closingWaitsForWhatIsInFlightAndRefusesMore() async throws {
        try await withDatabase(ConnectionLossTests.common) { database, loop in
            let running = Task(executorPreference: loop) {
                try await database.run(Query(ConnectionLossTests.sleep, [.int64(100), .int64(7)]), lane: .write)
            }
            while database.counters(.write).inFlight == 0 { await loop.sleep(for: .milliseconds(1)) }
            await database.close(within: .seconds(3_600))
            let answer = try await running.value
            #expect(answer.int64(0, 1) == 7)
            let error = await #expect(throws: PostgresError.self) {
                try await database.run(Query(ConnectionLossTests.backend), lane: .read)
            }
            guard case .unavailable(.closed) = error else {
                _ = Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func whatDoesNotEndInTimeFailsWhenTheDatabaseCloses() async throws {
        try await withDatabase(ConnectionLossTests.common, configure: { $0.unitsPerBatch = 1 }) { database, loop in
            let units = (0..<2).map { Unit(Query(ConnectionLossTests.sleep, [.int64(4_000), .int64($0)])) }
            let running = Task(executorPreference: loop) { await runAll(units, .write, database, loop) }
            while database.counters(.write).inFlight == 0 { await loop.sleep(for: .milliseconds(1)) }
            await database.close(within: .milliseconds(10))
            let errors = await running.value.map { $0.error?.description ?? "none" }
            #expect(errors == ["the database connection ended before the outcome was known", "the database is closed"])
        }
    }

    @Test func aChangedTableIsPreparedAnew() async throws {
        let table = try makeTable("a int8")
        let statements = makeStatements(["all": "select * from \(table)"])
        try await withDatabase(statements) { database, _ in
            #expect(try await database.run(Query(statements[0]), lane: .read).columnCount == 1)
            try SharedCluster.connect().execute("alter table \(table) add column b int8")
            #expect(try await database.run(Query(statements[0]), lane: .read).columnCount == 2)
        }
    }

    @Test func anUnreachableServerFailsTheStartWithOneSafeLine() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await withDatabase([], connection: "host=/nowhere user=x password=hunter2") { _, _ in }
        }
        let words = String(describing: error)
        #expect(words.contains("/nowhere") && !words.contains("hunter2") && !words.contains("\n"))
        let malformed = #expect(throws: PostgresError.self) { try BlockingConnection("hunter2 host") }
        #expect(!String(reflecting: malformed).contains("hunter2"))
    }
}
