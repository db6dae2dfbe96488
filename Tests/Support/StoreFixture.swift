import Crypto
import Domain
package import Postgres
package import Runtime
import SQL
package import Store
import Synchronization

/// A loop, a database of its own and a store on it, for one test.
package struct StoreFixture: Sendable {
    package let loop: EventLoop
    package let testDatabase: TestDatabase
    package let store: Store
    package let clock: MovableClock

    private static let masterKey = MasterKeys.makeLine(id: [UInt8]("m1".utf8))
    private static let pepper = MasterKeys.makeLine(id: [UInt8]("p1".utf8), random: [UInt8](repeating: 7, count: 32))

    /// The same keys for every store of a test process.
    package static func keyring() throws -> Keyring {
        Keyring(KeySet(masterKeys: try MasterKeys.parse(masterKey), peppers: try MasterKeys.parse(pepper)))
    }

    /// Runs `body`, on the loop, with a fixture that is closed afterwards. `asOwner` connects the store as the role
    /// that row-level security does not stop; `statements` are prepared in place of the service's.
    package static func with(
        asOwner: Bool = false, statements: [Statement] = Statement.service, clock: MovableClock = MovableClock(),
        _ body: @escaping @Sendable (StoreFixture) async throws -> Void
    ) async throws {
        await FixtureGate.shared.enter()
        defer { FixtureGate.shared.leave() }
        let testDatabase = try await onOwnThread { try TestDatabase.make() }
        let loop = EventLoop()
        loop.start()
        let result = await loop.run { () async -> Result<Void, any Error> in
            do {
                let server = asOwner ? testDatabase.ownerConnectionString : testDatabase.connectionString
                let store = try await makeStore(loop: loop, server: server, clock: clock, statements)
                try await body(StoreFixture(loop: loop, testDatabase: testDatabase, store: store, clock: clock))
                await store.database.close()
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try await onOwnThread {
            loop.stop()
            try testDatabase.drop()
        }
        try result.get()
    }

    /// Another store on the same database, as another node would have. Close its database.
    package func anotherStore(_ keyring: Keyring? = nil) async throws -> Store {
        try await StoreFixture.makeStore(
            loop: loop, server: testDatabase.connectionString, clock: clock, keyring: keyring)
    }

    private static func makeStore(
        loop: EventLoop, server: String, clock: MovableClock, _ statements: [Statement] = Statement.service,
        keyring: Keyring? = nil
    ) async throws -> Store {
        var configuration = DatabaseConfiguration.patient(server)
        configuration.lanes = Lane.allCases
        configuration.settings = [("search_path", "subgate, pg_catalog"), ("jit", "off")]
        let database = Database(loop: loop, configuration: configuration, statements: statements)
        try await database.start()
        return Store(
            loop: loop, database: database, keyring: try keyring ?? Self.keyring(), clock: clock.clock,
            identifiers: IdentifierSource(clock: clock.clock, random: .system))
    }
}

extension DatabaseConfiguration {
    /// No limit of time: on a busy machine everything takes long, and a test sets the one limit it is about.
    package static func patient(_ connection: String) -> DatabaseConfiguration {
        var configuration = DatabaseConfiguration(connectionString: connection)
        configuration.queueDeadline = .seconds(3_600)
        configuration.stallTimeout = .seconds(3_600)
        configuration.failFastAfter = .seconds(3_600)
        configuration.statementTimeout = .zero
        configuration.lockTimeout = .zero
        return configuration
    }
}

/// A clock that only a test moves, but for a millisecond at each reading: a busy machine brings no deadline nearer, and
/// what comes later has a later id. It starts at the system's time, shortly before midnight (UTC) in the next day: a
/// test of a day's total must not begin in one day and end in another unless it says so.
package final class MovableClock: Sendable {
    private let time: Atomic<Int64>
    private let runs: Bool

    /// One that `runs` does so as the system's does besides, for what PostgreSQL's own clock has a say in.
    package init(runs: Bool = false) {
        self.runs = runs
        let day: Int64 = 86_400_000_000
        let now = Clock.system.now().microseconds
        let left = day - now % day
        time = Atomic((left < day / 48 ? left + 1_000_000 : 0) + (runs ? 0 : now))
    }

    package func advance(by duration: Duration) { time.wrappingAdd(duration.microseconds, ordering: .relaxed) }

    package var clock: Clock {
        Clock(now: { Timestamp(microseconds: self.read()) }, monotonic: { Clock.system.monotonic() })
    }

    private func read() -> Int64 {
        if runs { return Clock.system.now().microseconds + time.load(ordering: .relaxed) }
        return time.wrappingAdd(1_000, ordering: .relaxed).newValue
    }
}
