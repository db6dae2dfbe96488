import Glibc
import Postgres
import Runtime
import TestSupport
import Testing

@Suite struct DatabaseTests {
    @Test func aFailingUnitFailsAloneAndTheOthersAreStored() async throws {
        let table = try makeTable("id int8 constraint \("one_each") unique")
        let statements = makeStatements(["insert": "insert into \(table) values ($1)"])
        try SharedCluster.connect().execute("insert into \(table) values (3)")
        try await withDatabase(statements) { database, loop in
            let units = (1...5).map { Unit(Query(statements[0], [.int64($0)])) }
            let results = await runAll(units, .write, database, loop)
            #expect(results.map(\.isSuccess) == [true, true, false, true, true])
            #expect(try results.at(2).error?.sqlState == .uniqueViolation)
            #expect(try results.at(2).error?.constraint == "one_each")
            #expect(database.counters(.write).batches == 1 && database.counters(.write).splitBatches == 1)
            let stored = try SharedCluster.connect().query("select id from \(table) order by id")
            #expect(stored.indices.map { stored.int64($0, 0) } == [1, 2, 3, 4, 5])
        }
    }

    @Test func aUnitTakesEffectWholeOrNotAtAll() async throws {
        let table = try makeTable("id int8 primary key")
        let statements = makeStatements(["insert": "insert into \(table) values ($1) returning id"])
        try await withDatabase(statements) { database, loop in
            func unit(_ ids: Int64...) -> Unit { Unit(queries: ids.map { Query(statements[0], [.int64($0)]) }) }
            let results = await runAll([unit(1, 2), unit(3, 4, 3), unit(5)], .write, database, loop)
            #expect(results.map(\.isSuccess) == [true, false, true])
            #expect(try results.at(0).get().map { $0.int64(0, 0) } == [1, 2])
            let stored = try SharedCluster.connect().query("select id from \(table) order by id")
            #expect(stored.indices.map { stored.int64($0, 0) } == [1, 2, 5])
        }
    }

    @Test func aDeferredConstraintFailsItsOwnUnitAtTheCommit() async throws {
        let parent = try makeTable("id int8 primary key")
        let table = try makeTable("p int8 references \(parent) deferrable initially deferred")
        let statements = makeStatements(["insert": "insert into \(table) values ($1)"])
        try SharedCluster.connect().execute("insert into \(parent) values (1), (3)")
        try await withDatabase(statements) { database, loop in
            let units = (1...3).map { Unit(Query(statements[0], [.int64($0)])) }
            let results = await runAll(units, .write, database, loop)
            #expect(results.map(\.isSuccess) == [true, false, true])
            #expect(try results.at(1).error?.sqlState == .foreignKeyViolation)
            _ = try await database.run(Query(statements[0], [.int64(1)]), lane: .write)
        }
    }

    @Test func settingsOfAPreludeDoNotLeakToOtherUnitsOrBatches() async throws {
        let statements = makeStatements([
            "scope": "select set_config('test.scope', $1, true)",
            "read": "select coalesce(current_setting('test.scope', true), ''), pg_backend_pid()",
            "fail": "select 1 / $1::int8",
        ])
        @Sendable func unit(_ scope: String?) -> Unit {
            Unit(prelude: scope.map { Query(statements[0], [.string($0)]) }, Query(statements[1]))
        }
        try await withDatabase(statements) { database, loop in
            let scopes = ["a", nil, "a", "b", nil, "a", "", "b", nil]
            for _ in 0..<3 {
                var units = scopes.map(unit)
                units.append(Unit(prelude: Query(statements[0], [.string("x")]), Query(statements[2], [.int64(0)])))
                let results = await runAll(units, .read, database, loop)
                let answers = try results.prefix(scopes.count).map { try $0.get() }
                #expect(answers.map { $0[0].string(0, 0) } == scopes.map { $0 ?? "" })
                #expect(answers.allSatisfy { $0.count == 1 })
                #expect(results.last?.error?.sqlState?.description == "22012")
                let after = try await database.run(unit(nil), lane: .read)
                #expect(try after.at(0).string(0, 0) == "")
            }
        }
    }

    @Test func tenThousandUnitsAtOnceAreAllAnsweredWithTheirOwnRows() async throws {
        let statements = makeStatements(["echo": "select $1::int8, $2::bytea"])
        try await withDatabase(statements) { database, loop in
            let units = (0..<10_000).map {
                Unit(Query(statements[0], [.int64($0), .bytes(Array(repeating: UInt8($0 & 255), count: 100))]))
            }
            let results = await runAll(units, .read, database, loop)
            for (index, result) in results.enumerated() {
                let rows = try result.get().at(0)
                try #require(rows.int64(0, 0) == Int64(index) && rows.bytes(0, 1).first == UInt8(index & 255))
            }
            let counters = database.counters(.read)
            #expect(counters.units == 10_000 && counters.batches < 100 && counters.waiting == 0)
        }
    }

    @Test func unitsRunInTheOrderOfTheirSubmission() async throws {
        let table = try makeTable("seq int8 generated always as identity, id int8")
        let statements = makeStatements(["insert": "insert into \(table) (id) values ($1)"])
        try await withDatabase(statements) { database, loop in
            _ = await runAll((0..<2_000).map { Unit(Query(statements[0], [.int64($0)])) }, .write, database, loop)
            let stored = try SharedCluster.connect().query("select id from \(table) order by seq")
            #expect(stored.indices.map { stored.int64($0, 0) } == Array(0..<2_000))
        }
    }

    @Test func largeParametersAndResultsFlowBothWaysAtOnce() async throws {
        let statements = makeStatements(["echo": "select $1::bytea"])
        try await withDatabase(statements) { database, loop in
            let large = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
            let results = await runAll(
                Array(repeating: Unit(Query(statements[0], [.bytes(large)])), count: 8), .read, database, loop)
            let answers = try results.map { try $0.get().at(0).bytes(0, 0) }
            #expect(answers.allSatisfy { $0 == large })
        }
    }

    @Test func theReadLaneCannotWrite() async throws {
        let table = try makeTable("id int8")
        let statements = makeStatements(["insert": "insert into \(table) values ($1)"])
        try await withDatabase(statements) { database, _ in
            let error = await #expect(throws: PostgresError.self) {
                try await database.run(Query(statements[0], [.int64(1)]), lane: .read)
            }
            #expect(error?.sqlState?.description == "25006")
        }
    }

    @Test func aStatementTheServerRefusesFailsTheStartThatPreparesAll() async throws {
        let statements = makeStatements(["bad": "select from nowhere_at_all"])
        let error = await #expect(throws: PostgresError.self) {
            try await withDatabase(statements, configure: { $0.preparation = .atOnce }) { _, _ in }
        }
        #expect(error?.sqlState?.description == "42P01")
    }

    @Test func aStatementTheServerRefusesFailsAloneAndIsTriedAgain() async throws {
        let table = "later_\(UInt64.random(in: 0 ..< .max))"
        let statements = makeStatements([
            "bad": "select a from \(table)", "good": "select $1::int8", "other": "select 7",
        ])
        try await withDatabase(statements) { database, loop in
            let units = [
                Unit(Query(statements[1], [.int64(1)])), Unit(Query(statements[0])),
                Unit(Query(statements[1], [.int64(2)])), Unit(queries: [Query(statements[2]), Query(statements[0])]),
                Unit(prelude: Query(statements[2]), Query(statements[1], [.int64(3)])),
            ]
            let results = await runAll(units, .write, database, loop)
            #expect(results.map(\.isSuccess) == [true, false, true, false, true])
            #expect(results[1].error?.sqlState?.description == "42P01")
            #expect(results[3].error?.sqlState?.description == "42P01")
            try SharedCluster.connect().execute("create table \(table) (a int8); insert into \(table) values (5)")
            let rows = try await database.run(Query(statements[0]), lane: .write)
            #expect(rows.int64(0, 0) == 5)
        }
    }

    @Test func aStatementThatTheDatabaseWasNotToldOfIsNotRun() async throws {
        let statements = makeStatements(["known": "select 1", "unknown": "select 2"])
        try await withDatabase([statements[0]]) { database, _ in
            let error = await #expect(throws: PostgresError.self) {
                try await database.run(Query(statements[1]), lane: .write)
            }
            #expect(error?.sqlState?.description == "26000")
        }
    }

    @Test func sessionsCarryTheConfiguredSettings() async throws {
        let statements = makeStatements(["show": "select current_setting($1)"])
        try await withDatabase(
            statements,
            configure: {
                $0.planCacheMode = .forceGeneric
                $0.statementTimeout = .seconds(5)
                $0.lockTimeout = .seconds(2)
            }
        ) { database, _ in
            let expected = [
                "statement_timeout": "5s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "10s",
                "plan_cache_mode": "force_generic_plan", "application_name": "subgate", "client_encoding": "UTF8",
            ]
            for (name, value) in expected {
                let rows = try await database.run(Query(statements[0], [.string(name)]), lane: .write)
                #expect(rows.string(0, 0) == value)
            }
        }
    }

    /// Two units take a lock each, wait until both have theirs, and then want the other's. Locks of this kind go
    /// straight to who waits for them; a row does not, so that the unit that lost could be first to take it again.
    @Test func aUnitThatLostADeadlockIsRunAgain() async throws {
        let table = try makeTable("id int8 primary key, n int8 default 0")
        try SharedCluster.connect().execute("insert into \(table) select generate_series(1, 2)")
        let statements = makeStatements([
            "bump": "update \(table) set n = n + 1 where id = $1",
            "wait": "select pg_advisory_xact_lock_shared($1)",
            "take": "select pg_advisory_xact_lock($1)",
        ])
        let gate = Int64.random(in: 3 ... .max)
        let application = uniqueName("deadlock")
        let keeper = try SharedCluster.connect()
        _ = try keeper.query("select pg_advisory_lock($1)", parameters: [.int64(gate)])
        try await withDatabase(
            statements,
            configure: {
                $0.applicationName = application
                $0.writeConnections = 2
                $0.unitsPerBatch = 1
                $0.settings = [("deadlock_timeout", "20ms")]
            }
        ) { database, loop in
            let units = [(Int64(1), Int64(2)), (2, 1)].map { (own, other) in
                Unit(queries: [
                    Query(statements[0], [.int64(own)]), Query(statements[2], [.int64(gate - own)]),
                    Query(statements[1], [.int64(gate)]), Query(statements[2], [.int64(gate - other)]),
                    Query(statements[0], [.int64(own)]),
                ])
            }
            onThread { openGate(gate, of: keeper, for: application) }
            let results = await runAll(units, .write, database, loop)
            #expect(results.allSatisfy { $0.isSuccess })
            let sums = try SharedCluster.connect().query("select n from \(table)")
            #expect(sums.int64(0, 0) == 2 && sums.int64(1, 0) == 2)
            #expect(database.counters(.write).splitBatches == 1)
        }
    }

    /// Lets go of the lock once two sessions of the application wait for it.
    private func openGate(_ gate: Int64, of keeper: BlockingConnection, for application: String) {
        let waiting = """
            select 1 from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'
            and wait_event = 'advisory'
            """
        while (try? keeper.query(waiting, parameters: [.string(application)]).count) ?? 2 < 2 { sched_yield() }
        _ = try? keeper.query("select pg_advisory_unlock($1)", parameters: [.int64(gate)])
    }

    @Test func notificationsArriveOnTheLoop() async throws {
        try await withDatabase([], configure: { $0.channels = ["hint"] }) { _, _ in }
        let loop = EventLoop()
        loop.start()
        var configuration = DatabaseConfiguration.patient(SharedCluster.cluster.connectionString())
        configuration.channels = ["hint"]
        let payload = await withCheckedContinuation { (got: CheckedContinuation<[UInt8], Never>) in
            loop.spawn { [configuration] in
                let database = Database(loop: loop, configuration: configuration, statements: [])
                let heard = Heard()
                database.onNotification = { _, payload in
                    if heard.first == nil { got.resume(returning: payload) }
                    heard.first = payload
                }
                try? await database.start()
                try? SharedCluster.connect().execute("notify hint, 'work'")
                while heard.first == nil { await loop.sleep(for: .milliseconds(1)) }
                await database.close()
            }
        }
        #expect(payload == Array("work".utf8))
    }

    private final class Heard: @unchecked Sendable { var first: [UInt8]? }
}
