import Postgres
import Runtime
import SQL
import Store

extension DatabaseConfiguration {
    /// As the service connects: its own schema, and plans that are made once.
    static func service(_ url: String) -> DatabaseConfiguration {
        var configuration = DatabaseConfiguration(connectionString: url)
        // Statements that take arrays are costed far above what they take: compiling them would double it.
        configuration.settings = [("search_path", "subgate, pg_catalog"), ("jit", "off"), ("enable_seqscan", "off")]
        configuration.lanes = Lane.allCases
        configuration.planCacheMode = .forceGeneric
        return configuration
    }
}

extension [Statement] {
    static var service: [Statement] { Statement.service }
    static var sandbox: [Statement] { StatementFile.sandbox }
}

extension Store {
    /// A store on the system's clock and randomness.
    init(loop: EventLoop, database: Database, keyring: Keyring) {
        self.init(
            loop: loop, database: database, keyring: keyring, clock: .system,
            identifiers: IdentifierSource(clock: .system, random: .system))
    }
}
