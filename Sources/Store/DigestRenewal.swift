import Domain
import Postgres
import Runtime
import SQL

// A digest cannot be made anew without its secret, so that happens when the secret is used.

/// A digest under a pepper that is no longer the current one, and what takes its place.
struct OutdatedDigest: Sendable {
    let before: [UInt8]
    let after: PepperedDigest
}

/// The same, of a credential's secret.
struct OutdatedSecret: Sendable {
    let subClient: SubClientID
    let credential: CredentialID
    let digest: OutdatedDigest

    init(_ principal: Principal, _ before: [UInt8], _ after: PepperedDigest) {
        subClient = principal.scope.subClient
        credential = principal.credential
        digest = OutdatedDigest(before: before, after: after)
    }
}

extension UseLog {
    /// Takes out what is outdated.
    fileprivate mutating func takeOutdated() -> UseLog {
        var taken = UseLog()
        swap(&taken.outdatedSecrets, &outdatedSecrets)
        swap(&taken.outdatedAdminKeys, &outdatedAdminKeys)
        return taken
    }
}

extension Store {
    /// Writes down, under the current pepper, the digests of what was recognised by an earlier one since the last time;
    /// nothing is sent if there is none. What could not be written is noted again at its next use.
    package func renewDigests() async throws(StoreError) {
        let seen = uses.withValue { $0.takeOutdated() }
        let secrets = Array(seen.outdatedSecrets)
        let keys = Array(seen.outdatedAdminKeys)
        if secrets.isEmpty, keys.isEmpty { return }
        _ = try await run(
            PlatformScope.system,
            [
                Query(
                    .redigestSecrets,
                    [
                        .uuids(secrets.map(\.value.subClient.uuid)), .uuids(secrets.map(\.value.credential.uuid)),
                        .uuids(secrets.map(\.key.uuid)),
                    ] + columns(secrets.map(\.value.digest))),
                Query(.redigestAdminKeys, [.uuids(keys.map(\.key.uuid))] + columns(keys.map(\.value))),
            ])
    }

    private func columns(_ digests: [OutdatedDigest]) -> [Parameter] {
        [
            .bytesArray(digests.map(\.before)), .bytesArray(digests.map(\.after.bytes)),
            .stringArray(digests.map(\.after.pepperID)),
        ]
    }
}
