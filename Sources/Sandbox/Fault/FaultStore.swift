import Domain
import Postgres
import SQL

/// Rules and clock in PostgreSQL, for the next start. Loop-bound, like the database it wraps.
struct FaultStore: Sendable {
    let database: Database

    /// A rule with the id its row has.
    struct Entry: Sendable {
        let id: UUIDValue
        var rule: FaultRule
    }

    /// In their order.
    func rules() async throws(PostgresError) -> [Entry] {
        let rows = try await database.run(Query(.sandboxListFaults), lane: .read)
        return rows.indices.compactMap { row in
            guard var rule = FaultRule(json: rows.jsonb(row, 1)) else { return nil }
            rule.uses = rows.isNull(row, 2) ? nil : rows.int64(row, 2)
            let id = rows.uuid(row, 0)
            return Entry(id: UUIDValue(high: id.high, low: id.low), rule: rule)
        }
    }

    func replace(with entries: [Entry]) async throws(PostgresError) {
        let queries = entries.enumerated().map { position, entry in
            Query(
                .sandboxInsertFault,
                [
                    .uuid(entry.id), .int32(Int32(position)), .jsonb(entry.rule.json),
                    entry.rule.uses.map { .int64($0) } ?? .null,
                ])
        }
        _ = try await database.run(Unit(queries: [Query(.sandboxDeleteFaults)] + queries), lane: .write)
    }

    /// Notes one use of each of these rules; one that was its last removes the rule.
    func spend(_ ids: [UUIDValue]) async throws(PostgresError) {
        let bits = ids.map { UUIDBits(high: $0.high, low: $0.low) }
        _ = try await database.run(Query(.sandboxSpendFaults, [.uuidArray(bits)]), lane: .write)
    }

    func clock() async throws(PostgresError) -> VirtualClock.Setting {
        let rows = try await database.run(Query(.sandboxGetClock), lane: .read)
        guard !rows.isEmpty else { return VirtualClock.Setting() }
        return VirtualClock.Setting(
            offset: .microseconds(rows.int64(0, 0)),
            frozenAt: rows.isNull(0, 1) ? nil : Timestamp(microseconds: rows.timestamp(0, 1)))
    }

    func setClock(_ setting: VirtualClock.Setting) async throws(PostgresError) {
        let query = Query(
            .sandboxSetClock,
            [.int64(setting.offset.microseconds), setting.frozenAt.map { .timestamp($0) } ?? .null])
        _ = try await database.run(query, lane: .write)
    }

    /// Forgets all that was minted, played, owed and forced since the beginning, in one transaction. What accounts
    /// registered stays: those who did know it by its ids.
    func reset() async throws(PostgresError) {
        let statements: [Statement] = [
            .sandboxResetWebhooks, .sandboxResetTransfers, .sandboxResetLinkTokens, .sandboxResetPreviews,
            .sandboxResetPortfolios, .sandboxResetConnectedAccounts, .sandboxResetWalletVerifications,
            .sandboxDeleteFaults, .sandboxDeleteClock,
        ]
        _ = try await database.run(Unit(queries: statements.map { Query($0) }), lane: .write)
    }
}
