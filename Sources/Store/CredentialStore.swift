import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// A sub-client's API key, without its secret.
package struct Credential: Sendable {
    package let id: CredentialID
    package let clientID: UUIDValue
    package let environment: Environment
    package let access: CredentialAccess
    package let name: [UInt8]
    /// The secret's last four characters.
    package let secretHint: [UInt8]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
}

/// A credential that was just made, with the only copy of its secret's text.
package struct CreatedCredential: Sendable {
    package let credential: Credential
    package let secret: [UInt8]
}

package struct NewCredential: Sendable {
    package var environment: Environment
    package var access: CredentialAccess
    package var name: [UInt8]
    package var expiresAt: Timestamp?

    package init(environment: Environment, access: CredentialAccess, name: [UInt8], expiresAt: Timestamp? = nil) {
        self.environment = environment
        self.access = access
        self.name = name
        self.expiresAt = expiresAt
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
        let secret = SecretKeyText.make(prefix: new.environment == .production ? .live : .sandbox)
        let made = CreatedCredential(
            credential: Credential(
                id: identifiers.next(), clientID: identifiers.nextUUID(), environment: new.environment,
                access: new.access, name: new.name, secretHint: Array(secret.suffix(4)), createdAt: now,
                expiresAt: new.expiresAt, revokedAt: nil),
            secret: secret)
        let credential = made.credential
        let insert = Query(
            .createCredential,
            [
                .id(subClient), .id(credential.id), .uuid(credential.clientID), .word(new.environment),
                .word(new.access), .text(new.name), .bytes(keyring.digest(of: secret)), .string(keyring.pepperID),
                .text(credential.secretHint), .time(now), .time(new.expiresAt),
            ])
        let keep = try await keep(
            keeping, made, key: try await dataKey(scope), now: now, ifMade: (subClient, credential.id.uuid))
        let results = try await audited(
            scope, AuditedChange(.credentialCreated, of: .credential, credential.id.uuid, subClient: subClient),
            [Query(.getSubClient, [.id(subClient)]), insert] + keep)
        if results[0].isEmpty { throw .notFound }
        if results[1].isEmpty { throw .credentialNotAllowed }
        return made
    }

    package func credentials(_ scope: TenantScope, _ page: PageRequest) async throws(StoreError) -> Page<Credential> {
        let rows = try await run(
            scope, .listCredentials, [.id(scope.subClient), page.after, page.rowLimit], on: .read)
        return Page(rows, page) { row in
            Credential(
                id: rows.id(row, 0), clientID: rows.uuidValue(row, 1), environment: rows.word(row, 2),
                access: rows.word(row, 3), name: rows.text(row, 4), secretHint: rows.text(row, 5),
                createdAt: rows.time(row, 6), expiresAt: rows.optionalTime(row, 7), revokedAt: rows.optionalTime(row, 8)
            )
        }
    }

    /// A revoked one stays revoked. Throws `.notFound`.
    package func revokeCredential(_ scope: TenantScope, _ id: CredentialID) async throws(StoreError) {
        let results = try await audited(
            scope, AuditedChange(.credentialRevoked, of: .credential, id.uuid, subClient: scope.subClient),
            [Query(.revokeCredential, [.id(scope.subClient), .id(id), .time(clock.now())])])
        if results[0].isEmpty { throw .notFound }
    }
}
