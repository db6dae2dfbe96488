import Domain
import Postgres
import SQL

/// Sub-clients and settings of accounts, in PostgreSQL. Loop-bound, like the database it wraps.
struct AccountStore: Sendable {
    let database: Database

    /// In the order of creation.
    func list(_ account: UUIDValue) async throws(PostgresError) -> [RegisteredClient] {
        let rows = try await database.run(Query(.sandboxListSubClients, [.uuid(account)]), lane: .read)
        return rows.indices.map { AccountStore.read(rows, $0) }
    }

    func find(_ id: UUIDValue, of account: UUIDValue) async throws(PostgresError) -> RegisteredClient? {
        let rows = try await database.run(Query(.sandboxGetSubClient, [.uuid(account), .uuid(id)]), lane: .read)
        return rows.isEmpty ? nil : AccountStore.read(rows, 0)
    }

    func insert(
        _ info: RegisteredClientInfo, id: UUIDValue, of account: UUIDValue
    ) async throws(PostgresError) -> RegisteredClient {
        let rows = try await database.run(write(.sandboxInsertSubClient, info, id, account), lane: .write)
        return AccountStore.read(rows, 0)
    }

    /// Nil if the account has no such sub-client.
    func replace(
        _ id: UUIDValue, with info: RegisteredClientInfo, of account: UUIDValue
    ) async throws(PostgresError) -> RegisteredClient? {
        let rows = try await database.run(write(.sandboxReplaceSubClient, info, id, account), lane: .write)
        return rows.isEmpty ? nil : AccountStore.read(rows, 0)
    }

    private func write(
        _ statement: Statement, _ info: RegisteredClientInfo, _ id: UUIDValue, _ account: UUIDValue
    ) -> Query {
        Query(
            statement,
            [
                .uuid(account), .uuid(id), .text(info.businessLegalName), .text(info.displayName),
                info.callbackUrls.map { .textArray($0) } ?? .null, info.catalog.map { .jsonb($0.json) } ?? .null,
            ])
    }

    /// False if the account has no such sub-client.
    func delete(_ id: UUIDValue, of account: UUIDValue) async throws(PostgresError) -> Bool {
        let query = Query(.sandboxDeleteSubClient, [.uuid(account), .uuid(id)])
        return try await database.run(query, lane: .write).affected == 1
    }

    /// Sets the logo, or removes it. False if the account has no such sub-client.
    func setLogo(_ logo: LogoFile?, id: UUIDValue, of account: UUIDValue) async throws(PostgresError) -> Bool {
        let type = logo.map { Array($0.kind.rawValue.utf8) }
        let query = Query(
            .sandboxSetLogo, [.uuid(account), .uuid(id), .text(type), logo.map { .bytes($0.bytes) } ?? .null])
        return try await database.run(query, lane: .write).affected == 1
    }

    func logo(_ id: UUIDValue, of account: UUIDValue) async throws(PostgresError) -> LogoFile? {
        let rows = try await database.run(Query(.sandboxFindLogo, [.uuid(account), .uuid(id)]), lane: .read)
        guard !rows.isEmpty, let kind = LogoFile.Kind(rawValue: rows.string(0, 0)) else { return nil }
        return LogoFile(kind: kind, bytes: rows.bytes(0, 1))
    }

    // MARK: The account itself

    struct Settings: Sendable {
        var callbackUrls: [[UInt8]] = []
        /// What `CatalogConfiguration.json` wrote.
        var catalog: [UInt8]?
    }

    func settings(_ account: UUIDValue) async throws(PostgresError) -> Settings {
        let rows = try await database.run(Query(.sandboxGetAccount, [.uuid(account)]), lane: .read)
        return rows.isEmpty ? Settings() : AccountStore.settings(rows)
    }

    func setCallbackUrls(_ urls: [[UInt8]], of account: UUIDValue) async throws(PostgresError) {
        let query = Query(.sandboxSetCallbackUrls, [.uuid(account), .textArray(urls)])
        _ = try await database.run(query, lane: .write)
    }

    func setCatalog(
        _ catalog: CatalogConfiguration?, of account: UUIDValue
    ) async throws(PostgresError) -> Settings {
        let query = Query(
            .sandboxSetCatalogConfiguration, [.uuid(account), catalog.map { .jsonb($0.json) } ?? .null])
        return AccountStore.settings(try await database.run(query, lane: .write))
    }

    // MARK: Rows

    private static func settings(_ rows: Rows) -> Settings {
        Settings(callbackUrls: rows.textArray(0, 0).compactMap { $0 }, catalog: rows.jsonbOrNil(0, 1))
    }

    private static func read(_ rows: Rows, _ row: Int) -> RegisteredClient {
        let id = rows.uuid(row, 0)
        return RegisteredClient(
            id: UUIDValue(high: id.high, low: id.low), businessLegalName: rows.text(row, 1),
            displayName: rows.text(row, 2),
            callbackUrls: rows.isNull(row, 3) ? nil : rows.textArray(row, 3).compactMap { $0 },
            catalog: rows.jsonbOrNil(row, 4), hasLogo: !rows.isNull(row, 5))
    }
}
