import Crypto
package import Domain
import Postgres
import Runtime
import SQL

// Several secrets under one client id: the merchant's servers take up the new one while the old ones still work.

extension StoreError {
    /// The credential is revoked or expired.
    package static let credentialEnded = StoreError.conflict(constraint: "credential_ended")
    /// It has as many secrets that work as it may have.
    package static let credentialSecretLimit = StoreError.conflict(constraint: "credential_secret_limit")
}

extension Credential {
    /// Secrets of one credential that work at a time: one per step of a roll-out, and room for a mistake.
    package static let liveSecrets = 5
}

extension Store {
    /// Makes a further secret; the earlier ones work until `overlap` has passed, or end before as they were to. Throws
    /// `.notFound`, `.credentialEnded`, and `.credentialSecretLimit`.
    package func rotateCredential(
        _ scope: PlatformScope, of subClient: SubClientID, _ id: CredentialID, overlap: Duration,
        keeping: Keeping<CreatedCredential>? = nil
    ) async throws(StoreError) -> CreatedCredential {
        let now = clock.now()
        let place: [Parameter] = [.id(subClient), .id(id)]
        let found = try await run(scope, .getCredential, place, on: .read)
        if found.isEmpty { throw .notFound }
        let old = try Credential(found, 0)
        let end = now + overlap
        let secret = NewSecret(old.environment, id: identifiers.next(), end: end)
        let made = CreatedCredential(
            credential: Credential(
                id: old.id, clientID: old.clientID, environment: old.environment, access: old.access, name: old.name,
                allowedIPs: old.allowedIPs, secretHint: secret.hint, createdAt: old.createdAt,
                expiresAt: old.expiresAt, revokedAt: old.revokedAt, lastUsedAt: old.lastUsedAt),
            secretID: secret.id, secret: secret.text)
        let keep = try await keep(
            keeping, made, key: try await dataKey(scope), now: now, ifMade: (subClient, secret.id.uuid))
        let results = try await audited(
            scope, AuditedChange(.credentialRotated, of: .credential, id.uuid, subClient: subClient),
            [
                insert(secret, subClient, id, now: now),
                Query(.endEarlierSecrets, place + [.id(secret.id), .time(end)]),
                Query(.getCredential, place),
            ] + keep)
        if !results[0].isEmpty { return made }
        if results[2].isEmpty { throw .notFound }
        throw try Credential(results[2], 0).works(at: now) ? .credentialSecretLimit : .credentialEnded
    }

    /// Ends one secret at once; a revoked one stays revoked. Throws `.notFound`.
    package func revokeSecret(
        _ scope: TenantScope, of credential: CredentialID, _ id: CredentialSecretID
    ) async throws(StoreError) {
        let results = try await audited(
            scope,
            AuditedChange(.credentialSecretRevoked, of: .credential, credential.uuid, subClient: scope.subClient),
            [
                Query(
                    .revokeCredentialSecret,
                    [.id(scope.subClient), .id(credential), .id(id), .time(clock.now())])
            ])
        if results[0].isEmpty { throw .notFound }
    }

    func insert(_ secret: NewSecret, _ subClient: SubClientID, _ credential: CredentialID, now: Timestamp) -> Query {
        Query(
            .createCredentialSecret,
            [
                .id(subClient), .id(credential), .id(secret.id),
            ] + keyring.digest(of: secret.text).parameters + [
                .text(secret.hint), .time(now), .int32(Int32(Credential.liveSecrets)), .time(secret.end),
            ])
    }
}

/// A secret to be made.
struct NewSecret {
    let id: CredentialSecretID
    let text: [UInt8]
    /// When those before it end.
    let end: Timestamp

    init(_ environment: Environment, id: CredentialSecretID, end: Timestamp) {
        self.id = id
        self.end = end
        text = SecretKeyText.make(prefix: environment == .production ? .live : .sandbox)
    }

    var hint: [UInt8] { Array(text.suffix(4)) }
}
