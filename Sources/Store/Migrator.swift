package import Postgres
package import SQL

/// Brings a database to the schema this build was made for. Forward only; each migration is one transaction; migrators
/// that start together take turns. Blocks: never call it on a loop.
package struct Migrator {
    private let connection: BlockingConnection
    private let known: [Migration]

    /// `connection` is the owner's; `known` is what this build has, in the order of their numbers.
    package init(_ connection: BlockingConnection, known: [Migration] = Migration.all) {
        self.connection = connection
        self.known = known
    }

    package enum Failure: Error, CustomStringConvertible {
        case database(PostgresError)
        /// The migration that the server refused; nothing of it was kept.
        case refused(name: String, PostgresError)
        /// The database has a migration that this build does not know: it was made by a newer one.
        case newerDatabase(name: String)

        package var description: String {
            switch self {
            case .database(let error): "\(error)"
            case .refused(let name, let error): "migration \(name): \(error.debugDescription)"
            case .newerDatabase(let name): "the database has migration \(name), which this build does not know"
            }
        }
    }

    /// The migrations that have not run yet, in order. Changes nothing.
    package func pending() throws(Failure) -> [Migration] {
        do {
            let exists = try connection.query(Statement.findMigrationTable.text).bool(0, 0)
            return try exists ? missing() : known
        } catch let error as PostgresError {
            throw .database(error)
        } catch {
            throw error as? Failure ?? .database(.misuse("migration"))
        }
    }

    /// Runs what is pending and returns what it ran.
    @discardableResult
    package func run() throws(Failure) -> [Migration] {
        do throws(PostgresError) {
            _ = try connection.query(Statement.lockMigrations.text)
            try connection.execute(Statement.createMigrationTable.text)
        } catch {
            throw .database(error)
        }
        defer { _ = try? connection.query(Statement.unlockMigrations.text) }
        let pending = try missing()
        for migration in pending { try apply(migration) }
        return pending
    }

    private func missing() throws(Failure) -> [Migration] {
        let applied: Postgres.Rows
        do throws(PostgresError) {
            applied = try connection.query(Statement.appliedMigrations.text)
        } catch {
            throw .database(error)
        }
        let numbers = Set(applied.indices.map { Int(applied.int32($0, 0)) })
        if let last = applied.indices.last, Int(applied.int32(last, 0)) > (known.last?.number ?? 0) {
            throw .newerDatabase(name: applied.string(last, 1))
        }
        return known.filter { !numbers.contains($0.number) }
    }

    private func apply(_ migration: Migration) throws(Failure) {
        do throws(PostgresError) {
            try connection.execute(Statement.beginTransaction.text)
            try connection.execute(migration.text)
            _ = try connection.query(
                Statement.recordMigration.text, parameters: [.int32(Int32(migration.number)), .string(migration.name)])
            try connection.execute(Statement.commitTransaction.text)
        } catch {
            try? connection.execute(Statement.rollBackTransaction.text)
            throw .refused(name: migration.name, error)
        }
    }
}
