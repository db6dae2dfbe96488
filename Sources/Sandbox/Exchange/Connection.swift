import Domain
import Postgres
import Runtime

/// An account with the tokens that give access to it, as text: shown to the client, and not kept.
struct Connection: Sendable {
    let account: ConnectedAccount
    let accessToken: AccessToken
    /// The token that never changes; nil for wallets, and where it is not known any more.
    let tokenId: AccessToken?
}

extension Exchange {
    /// Connects an account of a client's user.
    func connect(_ signIn: SignIn, userId: [UInt8], of client: UUIDValue) async throws(PostgresError) -> Connection {
        var random = random
        let now = clock.now()
        let account = ConnectedAccount(
            id: .version4(&random), clientId: client, userId: userId, source: signIn.source, holder: signIn.holder,
            accessExpiresAt: now + SandboxLimits.accessLife)
        let token = AccessToken()
        let tokenId = account.source.isWallet ? nil : token
        try await accounts.insert(account, token: tokenId, access: token, at: now)
        // The first look writes the portfolio.
        _ = try await portfolio(of: account)
        return Connection(account: account, accessToken: token, tokenId: tokenId)
    }

    /// One of a user's accounts by its id; nil if the user has none of it.
    func account(
        _ id: UUIDValue, userId: [UInt8], of client: UUIDValue
    ) async throws(PostgresError) -> ConnectedAccount? { try await accounts.find(id, userId: userId, of: client) }

    /// What a token that a client shows gives access to.
    enum Access: Sendable {
        case account(ConnectedAccount)
        /// No token by its form.
        case malformed
        /// Nobody's, not any more, or not until it is exchanged.
        case refused
    }

    func access(by text: [UInt8], of client: UUIDValue) async throws(PostgresError) -> Access {
        guard let token = AccessToken(text: text) else { return .malformed }
        guard let found = try await accounts.find(token, of: client) else { return .refused }
        // Mesh exchanges tokens behind the one that stays, so that one never runs out.
        guard found.isByTokenId || clock.now() < found.account.accessExpiresAt else { return .refused }
        return .account(found.account)
    }

    /// Lets a user back in by tokens of earlier connections; those that are not the user's are passed over.
    func resume(
        _ texts: [[UInt8]], userId: [UInt8], of client: UUIDValue
    ) async throws(PostgresError) -> [Connection] {
        var connections: [Connection] = []
        for text in texts {
            guard let token = AccessToken(text: text), let found = try await accounts.find(token, of: client),
                found.account.userId == userId
            else { continue }
            if clock.now() < found.account.accessExpiresAt, !found.isByTokenId || found.tokensAreOne {
                connections.append(
                    Connection(
                        account: found.account, accessToken: token, tokenId: found.isByTokenId ? token : nil))
            } else if found.isByTokenId {
                let renewed = try await renew(found.account)
                connections.append(
                    Connection(account: renewed.account, accessToken: renewed.accessToken, tokenId: token))
            }
        }
        return connections
    }

    /// Exchanges the token that gives access to an account for a new one.
    func renew(_ account: ConnectedAccount) async throws(PostgresError) -> Connection {
        let access = AccessToken()
        var account = account
        account.accessExpiresAt = clock.now() + SandboxLimits.accessLife
        try await accounts.renew(account, access: access, until: account.accessExpiresAt)
        return Connection(account: account, accessToken: access, tokenId: nil)
    }

    /// Takes a connection back: none of its tokens counts any more.
    func revoke(_ account: ConnectedAccount) async throws(PostgresError) { try await accounts.delete(account) }
}
