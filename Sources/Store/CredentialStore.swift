import Crypto
package import Domain
import Postgres
package import Runtime
import SQL

/// A sub-client's API key, without its secrets.
package struct Credential: Sendable {
    package let id: CredentialID
    package let clientID: UUIDValue
    package let environment: Environment
    package let access: CredentialAccess
    package let name: [UInt8]
    /// Where it may be used from; empty for anywhere.
    package let allowedIPs: [IPBlock]
    /// The last four characters of its newest secret; nil once its sub-client was erased, and its secrets with it.
    package let secretHint: [UInt8]?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    /// Roughly: at most some minutes behind.
    package let lastUsedAt: Timestamp?
}

/// One secret of a credential, without its text.
package struct CredentialSecret: Sendable {
    package let id: CredentialSecretID
    /// Its last four characters.
    package let hint: [UInt8]
    package let createdAt: Timestamp
    /// Nil if it works as long as its credential.
    package let expiresAt: Timestamp?
    /// Roughly: at most some minutes behind.
    package let lastUsedAt: Timestamp?
}

/// A credential that just got a secret, with the only copy of its text.
package struct CreatedCredential: Sendable {
    package let credential: Credential
    package let secretID: CredentialSecretID
    package let secret: [UInt8]
}

package struct NewCredential: Sendable {
    package var environment: Environment
    package var access: CredentialAccess
    package var name: [UInt8]
    package var expiresAt: Timestamp?
    /// Empty for anywhere.
    package var allowedIPs: [IPBlock]

    package init(
        environment: Environment, access: CredentialAccess, name: [UInt8], expiresAt: Timestamp? = nil,
        allowedIPs: [IPBlock] = []
    ) {
        self.environment = environment
        self.access = access
        self.name = name
        self.expiresAt = expiresAt
        self.allowedIPs = allowedIPs
    }
}

extension StoreError {
    /// The sub-client may not have such a credential in its status.
    package static let credentialNotAllowed = StoreError.conflict(constraint: "credential_not_allowed")
}

extension Store {
    /// Throws `.notFound`, and `.credentialNotAllowed` if the sub-client is closed, or not active and this is for
    /// production.
    package func createCredential(
        _ scope: PlatformScope, for subClient: SubClientID, _ new: NewCredential,
        keeping: Keeping<CreatedCredential>? = nil
    ) async throws(StoreError) -> CreatedCredential {
        let now = clock.now()
        let secret = NewSecret(new.environment, id: identifiers.next(), end: now)
        let credential = Credential(
            id: identifiers.next(), clientID: identifiers.nextUUID(), environment: new.environment,
            access: new.access, name: new.name, allowedIPs: new.allowedIPs, secretHint: secret.hint, createdAt: now,
            expiresAt: new.expiresAt, revokedAt: nil, lastUsedAt: nil)
        let made = CreatedCredential(credential: credential, secretID: secret.id, secret: secret.text)
        let insert = Query(
            .createCredential,
            [
                .id(subClient), .id(credential.id), .uuid(credential.clientID), .word(new.environment),
                .word(new.access), .text(new.name), .time(now), .time(new.expiresAt),
                .stringArray(new.allowedIPs.map(\.description)),
            ])
        let keep = try await keep(
            keeping, made, key: try await dataKey(scope), now: now, ifMade: (subClient, credential.id.uuid))
        let results = try await audited(
            scope, AuditedChange(.credentialCreated, of: .credential, credential.id.uuid, subClient: subClient),
            [
                Query(.getSubClient, [.id(subClient)]), insert,
                self.insert(secret, subClient, credential.id, now: now),
            ] + keep)
        if results[0].isEmpty { throw .notFound }
        if results[1].isEmpty { throw .credentialNotAllowed }
        return made
    }

    package func credentials(_ scope: TenantScope, _ page: PageRequest) async throws(StoreError) -> Page<Credential> {
        let rows = try await run(
            scope, .listCredentials, [.id(scope.subClient), page.after, page.rowLimit], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try Credential(rows, row) }
    }

    /// With the secrets that work now, newest first; none for one that is revoked or expired. Throws `.notFound`.
    package func credential(
        _ scope: TenantScope, _ id: CredentialID
    ) async throws(StoreError) -> (credential: Credential, secrets: [CredentialSecret]) {
        let now = clock.now()
        let place: [Parameter] = [.id(scope.subClient), .id(id)]
        let results = try await run(
            scope, [Query(.getCredential, place), Query(.listLiveSecrets, place + [.time(now)])], on: .read)
        if results[0].isEmpty { throw .notFound }
        let credential = try Credential(results[0], 0)
        if !credential.works(at: now) { return (credential, []) }
        return try (
            credential, results[1].indices.map { row throws(StoreError) in try CredentialSecret(results[1], row) }
        )
    }

    /// With all its secrets, for good; a revoked one stays revoked. Throws `.notFound`.
    package func revokeCredential(_ scope: TenantScope, _ id: CredentialID) async throws(StoreError) {
        let results = try await audited(
            scope, AuditedChange(.credentialRevoked, of: .credential, id.uuid, subClient: scope.subClient),
            [Query(.revokeCredential, [.id(scope.subClient), .id(id), .time(clock.now())])])
        if results[0].isEmpty { throw .notFound }
    }
}

extension Credential {
    func works(at moment: Timestamp) -> Bool { revokedAt == nil && expiresAt.map { moment < $0 } ?? true }

    init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), clientID: rows.uuidValue(row, 1), environment: rows.word(row, 2),
            access: rows.word(row, 3), name: rows.text(row, 4), allowedIPs: rows.blocks(row, 10),
            secretHint: rows.optionalText(row, 5), createdAt: rows.time(row, 6), expiresAt: rows.optionalTime(row, 7),
            revokedAt: rows.optionalTime(row, 8), lastUsedAt: rows.optionalTime(row, 9))
    }
}

extension CredentialSecret {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), hint: rows.text(row, 1), createdAt: rows.time(row, 2),
            expiresAt: rows.optionalTime(row, 3), lastUsedAt: rows.optionalTime(row, 4))
    }
}

extension Rows {
    /// An array of cidr, as text.
    func blocks(_ row: Int, _ column: Int) throws(StoreError) -> [IPBlock] {
        try textArray(row, column).map { text throws(StoreError) in
            guard let text, let block = try? IPBlock(text: text) else { throw unreadable(column) }
            return block
        }
    }
}
