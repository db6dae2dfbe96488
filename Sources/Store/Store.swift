package import Domain
package import Postgres
package import Runtime
package import SQL

/// All reads and writes of one loop. Loop-bound, like the database it wraps.
///
/// One file per noun extends it; what changes several nouns in one commit stands in `Commits.swift`.
package struct Store: Sendable {
    package let database: Database
    package let keyring: Keyring
    package let clock: Clock
    package let identifiers: IdentifierSource

    package init(database: Database, keyring: Keyring, clock: Clock, identifiers: IdentifierSource) {
        self.database = database
        self.keyring = keyring
        self.clock = clock
        self.identifiers = identifiers
    }

    // MARK: Running statements

    func run(_ scope: TenantScope, _ queries: [Query], on lane: Lane = .write) async throws(StoreError) -> [Rows] {
        try await run(prelude: .scope(subClient: scope.subClient.uuid, isPlatform: false), queries, on: lane)
    }

    func run(_ scope: PlatformScope, _ queries: [Query], on lane: Lane = .write) async throws(StoreError) -> [Rows] {
        try await run(prelude: .platform, queries, on: lane)
    }

    /// Runs one statement and returns its rows.
    func run(_ scope: TenantScope, _ statement: Statement, _ parameters: [Parameter], on lane: Lane = .write)
        async throws(StoreError) -> Rows
    { try await run(scope, [Query(statement, parameters)], on: lane)[0] }

    func run(_ scope: PlatformScope, _ statement: Statement, _ parameters: [Parameter], on lane: Lane = .write)
        async throws(StoreError) -> Rows
    { try await run(scope, [Query(statement, parameters)], on: lane)[0] }

    private func run(prelude: Query, _ queries: [Query], on lane: Lane) async throws(StoreError) -> [Rows] {
        do {
            return try await database.run(Unit(prelude: prelude, queries: queries), lane: lane)
        } catch {
            throw StoreError(error)
        }
    }
}

extension Query {
    static let platform = scope(subClient: nil, isPlatform: true)

    static func scope(subClient: UUIDValue?, isPlatform: Bool) -> Query {
        Query(.setScope, [.text(subClient?.text ?? []), .text(isPlatform ? Array("on".utf8) : [])])
    }
}

extension StoreError {
    init(_ error: PostgresError) {
        switch error {
        case .server(let sqlState, let constraint, _):
            // Class 23 is integrity constraint violation.
            if sqlState.hasPrefix("23") {
                self = .conflict(constraint: constraint ?? "")
            } else if sqlState == "57014" || sqlState.hasPrefix("53") || sqlState == "55P03" {
                // Statement timeout, out of a resource, lock timeout.
                self = .unavailable
            } else {
                self = .unexpected(sqlState: sqlState)
            }
        case .connectionLost(let mayHaveCommitted): self = mayHaveCommitted ? .outcomeUnknown : .unavailable
        case .unavailable: self = .unavailable
        case .misuse: self = .unexpected(sqlState: "")
        }
    }
}
