import Domain
import Postgres
import Runtime
import SQL

/// When secrets and admin keys were last used, as this loop has seen since it last wrote that down: authentication
/// itself writes nothing.
struct UseLog {
    struct Use {
        let subClient: SubClientID
        let credential: CredentialID
        var at: Timestamp
    }

    var secrets: [CredentialSecretID: Use] = [:]
    var adminKeys: [AdminKeyID: Timestamp] = [:]
    /// What was recognised by a pepper that is no longer the current one.
    var outdatedSecrets: [CredentialSecretID: OutdatedSecret] = [:]
    var outdatedAdminKeys: [AdminKeyID: OutdatedDigest] = [:]

    mutating func note(_ principal: Principal, at moment: Timestamp) {
        secrets[principal.secret] = Use(
            subClient: principal.scope.subClient, credential: principal.credential, at: moment)
    }

    mutating func note(_ key: AdminKeyID, at moment: Timestamp) { adminKeys[key] = moment }

    /// Takes back what could not be written; what was seen since is newer.
    mutating func restore(_ older: UseLog) {
        secrets.merge(older.secrets) { newer, _ in newer }
        adminKeys.merge(older.adminKeys) { newer, _ in newer }
    }

    var isEmpty: Bool { secrets.isEmpty && adminKeys.isEmpty }
}

extension Store {
    /// Remembers that a credential was used now, for `writeUses()`.
    package func noteUse(of principal: Principal) {
        let now = clock.now()
        uses.withValue { $0.note(principal, at: now) }
    }

    /// Writes down what was used since the last time, in one commit. What cannot be written is kept for the next.
    package func writeUses() async throws(StoreError) {
        let seen = uses.withValue { uses in
            let seen = uses
            uses.secrets = [:]
            uses.adminKeys = [:]
            return seen
        }
        if seen.isEmpty { return }
        let secrets = Array(seen.secrets)
        let keys = Array(seen.adminKeys)
        do {
            _ = try await run(
                PlatformScope.system,
                [
                    Query(
                        .noteSecretUses,
                        [
                            .uuids(secrets.map(\.value.subClient.uuid)), .uuids(secrets.map(\.value.credential.uuid)),
                            .uuids(secrets.map(\.key.uuid)), .timestampArray(secrets.map(\.value.at.microseconds)),
                        ]),
                    Query(
                        .noteAdminKeyUses,
                        [.uuids(keys.map(\.key.uuid)), .timestampArray(keys.map(\.value.microseconds))]),
                ])
        } catch {
            uses.withValue { $0.restore(seen) }
            throw error
        }
    }
}
