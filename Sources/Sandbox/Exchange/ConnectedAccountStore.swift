import Domain
import Postgres
import SQL

/// Connected accounts in PostgreSQL. Loop-bound, like the database it wraps.
struct ConnectedAccountStore: Sendable {
    let database: Database

    /// An account and which of its tokens it was found by.
    struct Found: Sendable {
        let account: ConnectedAccount
        /// Whether it was the token that never changes.
        let isByTokenId: Bool
        /// Whether that token gives access as well: it was never exchanged.
        let tokensAreOne: Bool
    }

    /// - Parameter token: nil for a wallet, which has none that stays.
    func insert(
        _ account: ConnectedAccount, token: AccessToken?, access: AccessToken, at now: Timestamp
    ) async throws(PostgresError) {
        let query = Query(
            .sandboxInsertConnectedAccount,
            [
                .uuid(account.clientId), .text(account.userId), .uuid(account.id),
                .uuid(account.source.integration.id), .string(account.holder.key),
                account.source.networkType.map { .string($0) } ?? .null, token.map { .bytes($0.digest) } ?? .null,
                .bytes(access.digest), .timestamp(account.accessExpiresAt), .timestamp(now),
            ])
        _ = try await database.run(query, lane: .write)
    }

    func find(
        _ id: UUIDValue, userId: [UInt8], of client: UUIDValue
    ) async throws(PostgresError) -> ConnectedAccount? {
        let query = Query(.sandboxFindConnectedAccount, [.uuid(client), .text(userId), .uuid(id)])
        let rows = try await database.run(query, lane: .read)
        return rows.isEmpty ? nil : ConnectedAccountStore.read(rows, of: client)
    }

    /// By either of its tokens.
    func find(_ token: AccessToken, of client: UUIDValue) async throws(PostgresError) -> Found? {
        let query = Query(.sandboxFindConnectedAccountByToken, [.uuid(client), .bytes(token.digest)])
        let rows = try await database.run(query, lane: .read)
        guard !rows.isEmpty, let account = ConnectedAccountStore.read(rows, of: client) else { return nil }
        let tokenDigest = rows.bytesOrNil(0, 5)
        return Found(
            account: account, isByTokenId: tokenDigest == token.digest, tokensAreOne: tokenDigest == rows.bytes(0, 6))
    }

    /// Exchanges the token that gives access; the one before stops counting, unless it is the one that stays.
    func renew(
        _ account: ConnectedAccount, access: AccessToken, until expiry: Timestamp
    ) async throws(PostgresError) {
        let query = Query(
            .sandboxRenewAccess,
            [
                .uuid(account.clientId), .text(account.userId), .uuid(account.id), .bytes(access.digest),
                .timestamp(expiry),
            ])
        _ = try await database.run(query, lane: .write)
    }

    func delete(_ account: ConnectedAccount) async throws(PostgresError) {
        let query = Query(
            .sandboxDeleteConnectedAccount, [.uuid(account.clientId), .text(account.userId), .uuid(account.id)])
        _ = try await database.run(query, lane: .write)
    }

    /// Nil if the row names an integration that the catalogue has no more.
    private static func read(_ rows: Rows, of client: UUIDValue) -> ConnectedAccount? {
        let (id, integrationId) = (rows.uuid(0, 0), rows.uuid(0, 2))
        guard
            let integration = CatalogueIntegration.find(
                UUIDValue(high: integrationId.high, low: integrationId.low))
        else { return nil }
        let networkType = rows.stringOrNil(0, 4)
        let key = rows.string(0, 3)
        let holder =
            networkType.map { Holder.wallet(integration: integration, networkType: $0) }
            ?? .user(name: String(key.dropFirst("user:".count)))
        return ConnectedAccount(
            id: UUIDValue(high: id.high, low: id.low), clientId: client, userId: rows.text(0, 1),
            source: Source(integration: integration, networkType: networkType), holder: holder,
            accessExpiresAt: Timestamp(microseconds: rows.timestamp(0, 7)))
    }
}
