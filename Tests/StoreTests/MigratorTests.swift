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

    @Test func theDatabaseOfANewerBuildIsRefused() async throws {
        try await onOwnThread {
            let database = try TestDatabase.make()
            let connection = try database.owner()
            #expect(try Migrator(connection).pending().isEmpty)
            try connection.execute("insert into public.subgate_migration (number, name) values (9999, '9999_later')")
            for attempt in [{ try Migrator(connection).pending() }, { try Migrator(connection).run() }] {
                let error = #expect(throws: Migrator.Failure.self) { try attempt() }
                guard case .newerDatabase(name: "9999_later") = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
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
