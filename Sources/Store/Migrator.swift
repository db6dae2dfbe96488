import Glibc
import Domain
package import Postgres
package import SQL

/// Brings a database to the schema this build was made for, while nodes use it. Forward only; each migration is one
/// transaction, so that one that was killed is run again; migrators that start together take turns. Blocks: never call
/// it on a loop.
package struct Migrator {
    /// How long a migration may wait for a lock: whoever comes to the same table meanwhile waits behind it.
    package static let lockTimeout: Duration = .seconds(2)
    /// How often a migration is tried that did not get its locks.
    package static let attempts = 60

    private let connection: BlockingConnection
    private let known: [Migration]
    private let lockTimeout: Duration
    private let pause: Duration
    private let onWait: (_ line: String) -> Void

    /// `connection` is the owner's; `known` is what this build has, in the order of their numbers. `onWait` is given a
    /// line each time that a migration did not get its locks and is to be tried again after `pause`.
    package init(
        _ connection: BlockingConnection, known: [Migration] = Migration.all,
        lockTimeout: Duration = Migrator.lockTimeout, pause: Duration = .seconds(1),
        onWait: @escaping (_ line: String) -> Void = { _ in }
    ) {
        self.connection = connection
        self.known = known
        self.lockTimeout = lockTimeout
        self.pause = pause
        self.onWait = onWait
    }

    package enum Failure: Error, CustomStringConvertible {
        case database(PostgresError)
        /// The migration that the server refused; nothing of it was kept.
        case refused(name: String, PostgresError)
        /// It did not get its locks: somebody holds a table for long.
        case locked(name: String)
        /// A newer build has changed the database in a way that this one cannot work with.
        case newerDatabase(name: String)

        package var description: String {
            switch self {
            case .database(let error): "\(error)"
            case .refused(let name, let error): "migration \(name): \(error.debugDescription)"
            case .locked(let name):
                "migration \(name) did not get its locks \(Migrator.attempts) times: a long transaction holds a table; "
                    + "nothing of it was kept, run it again"
            case .newerDatabase(let name):
                "the database has migration \(name), which builds that do not know it cannot work with"
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
            try connection.execute(Statement.markBreakingMigrations.text)
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
        // What a newer build added is not in the way of this one, unless it says so.
        for row in applied.indices where applied.bool(row, 2) {
            if !known.contains(where: { $0.number == Int(applied.int32(row, 0)) }) {
                throw .newerDatabase(name: applied.string(row, 1))
            }
        }
        return known.filter { !numbers.contains($0.number) }
    }

    private func apply(_ migration: Migration) throws(Failure) {
        for attempt in 1...Migrator.attempts {
            do throws(PostgresError) {
                return try attemptOnce(migration)
            } catch {
                try? connection.execute(Statement.rollBackTransaction.text)
                guard error.sqlState == .lockNotAvailable || error.sqlState == .deadlockDetected else {
                    throw .refused(name: migration.name, error)
                }
                if attempt < Migrator.attempts {
                    onWait("\(migration.name) waits for its locks, attempt \(attempt) of \(Migrator.attempts)")
                    usleep(UInt32(clamping: pause.microseconds))
                }
            }
        }
        throw .locked(name: migration.name)
    }

    private func attemptOnce(_ migration: Migration) throws(PostgresError) {
        try connection.execute(Statement.beginTransaction.text)
        let (seconds, attoseconds) = lockTimeout.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        _ = try connection.query(Statement.limitLockWaits.text, parameters: [.string("\(milliseconds)ms")])
        try connection.execute(migration.text)
        _ = try connection.query(
            Statement.recordMigration.text,
            parameters: [.int32(Int32(migration.number)), .string(migration.name), .bool(migration.isBreaking)])
        try connection.execute(Statement.commitTransaction.text)
    }
}
