import Crypto
import Domain
import Postgres
import SQL

/// What the Link page proves its session with: 32 random bytes in 43 URL-safe characters.
struct LinkSessionKey: Sendable {
    let text: [UInt8]

    /// Makes a new one.
    init() { text = Base64.encodeURLSafe(Random.bytes(32)) }

    /// Nil for a text that is no key by its form.
    init?(text: [UInt8]) {
        guard text.count == 43, Base64.decodeURLSafe(text) != nil else { return nil }
        self.text = text
    }

    /// What the database knows the session by.
    var digest: [UInt8] { Digest.sha256(text) }
}

/// One visit of a user to the Link page.
struct LinkSession: Sendable {
    /// A sign-in that waits for its code.
    struct Login: Sendable, Equatable {
        let integrationId: UUIDValue
        /// Of a test user.
        let username: String
    }

    let keyDigest: [UInt8]
    /// What the database knows the token by.
    let authCodeDigest: [UInt8]
    let token: StoredLinkToken
    let expiresAt: Timestamp
    let isClosed: Bool
    let login: Login?
    /// The accounts that were connected or resumed in it.
    let accountIds: [UUIDValue]
}

/// Sessions of the Link page, in PostgreSQL. Loop-bound, like the database it wraps.
struct LinkSessionStore: Sendable {
    let database: Database

    /// Uses a token up and begins its session; false if somebody else used it, or it expired, in the meantime.
    func open(
        _ token: LinkToken, key: LinkSessionKey, at now: Timestamp, until end: Timestamp
    ) async throws(PostgresError) -> Bool {
        let query = Query(
            .sandboxOpenLinkToken, [.bytes(token.digest), .timestamp(now), .bytes(key.digest), .timestamp(end)])
        return try await database.run(query, lane: .write).affected == 1
    }

    func find(_ key: LinkSessionKey) async throws(PostgresError) -> LinkSession? {
        let rows = try await database.run(Query(.sandboxFindLinkSession, [.bytes(key.digest)]), lane: .read)
        if rows.isEmpty { return nil }
        let first = LinkTokenStore.columns
        let login = rows.uuidOrNil(0, first + 3).map { id in
            LinkSession.Login(
                integrationId: UUIDValue(high: id.high, low: id.low), username: rows.string(0, first + 4))
        }
        return LinkSession(
            keyDigest: key.digest, authCodeDigest: rows.bytes(0, first + 2), token: LinkTokenStore.read(rows),
            expiresAt: Timestamp(microseconds: rows.timestamp(0, first)), isClosed: !rows.isNull(0, first + 1),
            login: login,
            accountIds: rows.uuidArray(0, first + 5).compactMap { $0 }.map { UUIDValue(high: $0.high, low: $0.low) })
    }

    func close(_ session: LinkSession, at now: Timestamp) async throws(PostgresError) {
        let query = Query(.sandboxCloseLinkSession, [.bytes(session.keyDigest), .timestamp(now)])
        _ = try await database.run(query, lane: .write)
    }

    /// Remembers a sign-in that waits for its code, in place of another.
    func setLogin(_ login: LinkSession.Login, of session: LinkSession) async throws(PostgresError) {
        let query = Query(
            .sandboxSetLinkLogin,
            [.bytes(session.keyDigest), .uuid(login.integrationId), .string(login.username)])
        _ = try await database.run(query, lane: .write)
    }

    /// Lets the session use an account; a sign-in that waited is over.
    func add(_ account: UUIDValue, to session: LinkSession) async throws(PostgresError) {
        let query = Query(.sandboxAddLinkAccount, [.bytes(session.keyDigest), .uuid(account)])
        _ = try await database.run(query, lane: .write)
    }
}
