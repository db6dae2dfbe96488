import Domain
package import Postgres
package import Runtime
import SQL

/// All reads and writes of one loop. Loop-bound, like the database it wraps.
///
/// One file per noun extends it; what changes several nouns in one commit stands in `Commits.swift`.
package struct Store: Sendable {
    package let loop: EventLoop
    package let database: Database
    package let keyring: Keyring
    package let clock: Clock
    package let identifiers: IdentifierSource

    let principals: LoopState<PrincipalCache>
    let uses: LoopState<UseLog>
    let counted: LoopState<StatisticLog>
    let used: LoopState<UsageLog>

    package init(
        loop: EventLoop, database: Database, keyring: Keyring, clock: Clock, identifiers: IdentifierSource
    ) {
        self.loop = loop
        principals = LoopState(loop, PrincipalCache())
        uses = LoopState(loop, UseLog())
        counted = LoopState(loop, StatisticLog())
        used = LoopState(loop, UsageLog())
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
            let found = try await database.run(Unit(prelude: prelude, queries: queries), lane: lane)
            return found.indices.map { Rows(found[$0], of: queries[$0].statement) }
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
        case .server(let error): self.init(error)
        case .connectionLost(.outcomeUnknown): self = .outcomeUnknown
        case .connectionLost(.beforeSend), .unavailable: self = .unavailable
        case .misuse: self = .unexpected(sqlState: "misuse")
        }
    }

    private init(_ error: ServerError) {
        switch (error.sqlState.category, error.sqlState) {
        case ("23", _): self = .conflict(constraint: error.constraint ?? "")
        // Out of some resource, a statement or lock timeout, a server that is shutting down or read-only.
        case ("53", _), ("57", _), (_, .lockNotAvailable), ("25", _): self = .unavailable
        default: self = .unexpected(sqlState: error.sqlState.description)
        }
    }
}
