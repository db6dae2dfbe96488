import Glibc
import Postgres
import SQL
import Store
import Synchronization
import TestSupport
import Testing

@Suite struct MigratorTests {
    /// Two databases of one cluster, so that they also race for the roles, which belong to the cluster.
    @Test func eightMigratorsAtOnceMakeOneSchema() async throws {
        let folder = "/tmp/subgate-migrate-\(getpid())"
        let (outcomes, dumps) = try await onOwnThread {
            let cluster = try PrivateCluster(folder: folder, options: .forTests)
            try cluster.start()
            let databases = ["first", "second"]
            let admin = try BlockingConnection(cluster.connectionString())
            for name in databases { try admin.execute("create database \(name)") }
            let outcomes = MigratorTests.race(8) { number in
                let server = cluster.connectionString(database: databases[number % 2])
                return try Migrator(try BlockingConnection(server)).run().count
            }
            let dumps = try databases.map { try SchemaDump.make(of: cluster.connectionString(database: $0)) }
            try cluster.stop()
            return (outcomes, dumps)
        }
        let ran = try outcomes.map { try $0.get() }
        #expect(ran.sorted() == [0, 0, 0, 0, 0, 0] + [Migration.all.count, Migration.all.count])
        #expect(dumps[0] == dumps[1])
        let template = try await onOwnThread { try SchemaDump.make(of: try TestDatabase.make().ownerConnectionString) }
        #expect(dumps[0] == template)
    }

    /// Runs a body on threads of their own, all at once.
    private static func race<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
    ) -> [Result<Value, any Error>] {
        let outcomes = Mutex<[Result<Value, any Error>]>([])
        let crew = Crew(count) { number in
            let outcome = Result { try body(number) }
            outcomes.withLock { $0.append(outcome) }
        }
        while !crew.join(within: .seconds(60)) {}
        return outcomes.withLock { $0 }
    }

    @Test func aFailingMigrationLeavesNothingAndItsForerunnersAll() async throws {
        let failing = Migration(
            number: 2, name: "0002_breaks", text: "create table half (n int); create table nowhere.half (n int);")
        let first = Migration(number: 1, name: "0001_works", text: "create table whole (n int);")
        try await onOwnThread {
            let database = try TestDatabase.makeEmpty()
            let connection = try database.owner()
            let error = #expect(throws: Migrator.Failure.self) {
                try Migrator(connection, known: [first, failing]).run()
            }
            #expect("\(String(describing: error))".contains("0002_breaks"))
            let found = try connection.query(
                "select to_regclass('public.whole') is not null, to_regclass('public.half') is not null")
            #expect(found.bool(0, 0) && !found.bool(0, 1))
            // The session is in no transaction and holds no lock: another one can go on, with the migration repaired.
            let repaired = Migration(number: 2, name: "0002_works", text: "create table half (n int);")
            let other = Migrator(try database.owner(), known: [first, repaired])
            #expect(try other.pending().map(\.name) == ["0002_works"])
            #expect(try other.run().map(\.name) == ["0002_works"])
            #expect(try other.run().isEmpty)
        }
    }

    /// So that a build can be taken back: what a newer one added is not in the way.
    @Test func theDatabaseOfANewerBuildIsWorkedWithUnlessItSaysOtherwise() async throws {
        try await onOwnThread {
            let database = try TestDatabase.make()
            let connection = try database.owner()
            let all = Migration.all.count
            let adding = Migration(
                number: 9998, name: "9998_adds", text: "alter table subgate.sub_client add column later int;")
            #expect(try Migrator(connection, known: Migration.all + [adding]).run().map(\.name) == ["9998_adds"])
            #expect(try Migrator(connection).pending().isEmpty && Migrator(connection).run().isEmpty)
            #expect(try Migrator(connection, known: []).pending().isEmpty && Migration.all.count == all)
            let breaking = Migration(
                number: 9999, name: "9999_breaks",
                text: "-- breaking: nobody needs it\nalter table subgate.sub_client drop column later;")
            try Migrator(connection, known: Migration.all + [adding, breaking]).run()
            #expect(try Migrator(connection, known: Migration.all + [adding, breaking]).pending().isEmpty)
            for attempt in [{ try Migrator(connection).pending() }, { try Migrator(connection).run() }] {
                let error = #expect(throws: Migrator.Failure.self) { try attempt() }
                guard case .newerDatabase(name: "9999_breaks") = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
        }
    }

    /// A database that a build without the column for it has migrated.
    @Test func anOlderListOfMigrationsIsRead() async throws {
        try await onOwnThread {
            let connection = try TestDatabase.make().owner()
            try connection.execute("alter table public.subgate_migration drop column is_breaking")
            #expect(try Migrator(connection).pending().isEmpty)
            let next = Migration(number: 9999, name: "9999_next", text: "create table next (n int);")
            #expect(try Migrator(connection, known: Migration.all + [next]).run().count == 1)
        }
    }

    /// Whoever uses the table waits behind a migration that waits: so it does not wait for long, and tries again.
    @Test func aMigrationThatDoesNotGetItsLocksIsTriedAgain() async throws {
        try await onOwnThread {
            let database = try TestDatabase.makeEmpty()
            let holder = try database.owner()
            try holder.execute("create table busy (n int)")
            try holder.execute("begin; select from busy")
            let migration = Migration(
                number: 1, name: "0001_waits", text: "create table made (n int); alter table busy add column m int;")
            var lines: [String] = []
            let migrator = Migrator(
                try database.owner(), known: [migration], lockTimeout: .milliseconds(20), pause: .zero
            ) { line in
                lines.append(line)
                if lines.count == 2 { try? holder.execute("rollback") }
            }
            #expect(try migrator.run().count == 1)
            #expect(
                lines == [
                    "0001_waits waits for its locks, attempt 1 of 60",
                    "0001_waits waits for its locks, attempt 2 of 60",
                ])
            // One that never gets them gives up, and has kept nothing.
            try holder.execute("begin; select from busy")
            let other = Migration(
                number: 2, name: "0002_waits", text: "create table more (n int); alter table busy add column o int;")
            let error = #expect(throws: Migrator.Failure.self) {
                try Migrator(
                    try database.owner(), known: [migration, other], lockTimeout: .milliseconds(1), pause: .zero
                ).run()
            }
            guard case .locked(name: "0002_waits") = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try holder.query("select to_regclass('public.more') is null").bool(0, 0))
            // Nobody is kept out of the database meanwhile.
            try holder.execute("rollback")
            #expect(try Migrator(holder, known: [migration, other]).run().map(\.name) == ["0002_waits"])
        }
    }

    @Test func anEmptyDatabaseLacksEveryMigrationAndIsNotTouchedByTheQuestion() async throws {
        try await onOwnThread {
            let connection = try TestDatabase.makeEmpty().owner()
            #expect(try Migrator(connection).pending().map(\.number) == Migration.all.map(\.number))
            #expect(!(try connection.query(Statement.findMigrationTable.text).bool(0, 0)))
        }
    }

    @Test func migrationsAreNumberedWithoutGaps() {
        #expect(Migration.all.map(\.number) == Array(1...Migration.all.count))
    }
}
