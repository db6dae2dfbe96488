import Crypto
package import Domain
import Postgres
package import Runtime
import SQL

/// A merchant's server, recognised by its client secret.
package struct Principal: Sendable {
    package private(set) var scope: TenantScope
    package let environment: Environment
    package let credential: CredentialID
    package let clientID: UUIDValue
    package let access: CredentialAccess
    package let subClientStatus: SubClientStatus
    package let displayName: [UInt8]
    /// What its link tokens are to look like.
    package let linkStyle: LinkStyle
    /// Where it is registered in its environment, if it is: the upstream, and that one's id of it.
    package let registration: PrincipalRegistration?
    /// A limit of its sub-client's own; nil for what anybody's is.
    package let requestsPerSecond: Int32?
    /// Of the secret, or of the credential if that is sooner.
    let expiresAt: Timestamp?
    let secret: CredentialSecretID
    /// Where it may be used from; empty for anywhere.
    let allowedIPs: [IPBlock]

    /// Whether a call may come from there; nil is an address that is not known.
    package func admits(_ address: IPAddress?) -> Bool {
        if allowedIPs.isEmpty { return true }
        guard let address = address?.unmapped else { return false }
        return allowedIPs.contains { $0.contains(address) }
    }

    /// The same, on behalf of one request.
    package func asked(by requestID: [UInt8], from address: IPAddress?) -> Principal {
        var principal = self
        principal.scope = scope.asked(by: requestID, from: address)
        return principal
    }
}

/// A member of the PSP's team, recognised by an admin key.
struct AdminPrincipal: Sendable {
    let key: AdminKeyID
    let member: MemberID
    let role: Role
    let expiresAt: Timestamp?
}

/// A sub-client as an upstream knows it.
package struct PrincipalRegistration: Hashable, Sendable {
    package let upstream: UpstreamID
    package let subClientID: UUIDValue
}

/// What this loop read of credentials a moment ago.
///
/// An entry counts for less than a second from before its read, so that a revocation that has been committed is obeyed
/// on every node within a second without any message between nodes.
package struct PrincipalCache {
    package static let lifetime: Duration = .milliseconds(900)
    /// Far more keys than are busy within a second; beyond it the cache starts anew.
    static let capacity = 20_000

    struct Entry<Value> {
        let value: Value
        let readAt: UInt64
        var isFresh: Bool {
            EventLoop.monotonicNanoseconds - readAt < UInt64(PrincipalCache.lifetime.microseconds) * 1_000
        }
    }

    var tenants: [[UInt8]: Entry<Principal>] = [:]
    var admins: [[UInt8]: Entry<AdminPrincipal>] = [:]
}

extension Store {
    /// Recognises a client secret, and that it belongs to `clientID` if one is given. Nil for anything that is not
    /// valid now: unknown, revoked, expired, another client's, or not well-formed (which costs no database call).
    package func authenticate(clientSecret: [UInt8], clientID: UUIDValue?) async throws(StoreError) -> Principal? {
        guard let prefix = SecretKeyText.prefix(of: clientSecret), prefix != .admin else { return nil }
        let keys = keyring.keys
        let digest = keys.digest(of: clientSecret)
        guard let (principal, found) = try await principal(digest, clientSecret, keys),
            clientID == nil || clientID == principal.clientID,
            principal.expiresAt.map({ clock.now() < $0 }) ?? true,
            principal.subClientStatus != .closed, principal.subClientStatus != .erased
        else { return nil }
        if keys.isOutdated(found) {
            uses.withValue { $0.outdatedSecrets[principal.secret] = OutdatedSecret(principal, found.bytes, digest) }
        }
        return principal
    }

    /// Recognises an admin key.
    package func authenticate(adminKey: [UInt8]) async throws(StoreError) -> PlatformScope? {
        guard SecretKeyText.prefix(of: adminKey) == .admin else { return nil }
        let keys = keyring.keys
        let peppered = keys.digest(of: adminKey)
        let digest = peppered.bytes
        let readAt = EventLoop.monotonicNanoseconds
        let cached = principals.withValue { $0.admins[digest] }
        if let cached, cached.isFresh { return admin(cached.value) }
        guard let (rows, by) = try await find(.findAdminKeyByDigest, 2, peppered, adminKey, keys) else { return nil }
        let found = try AdminPrincipal(
            key: rows.id(0, 0), member: rows.id(0, 1), role: rows.word(0, 4), expiresAt: rows.optionalTime(0, 3))
        principals.withValue {
            if $0.admins.count >= PrincipalCache.capacity { $0.admins.removeAll() }
            $0.admins[digest] = PrincipalCache.Entry(value: found, readAt: readAt)
        }
        if keys.isOutdated(by) {
            uses.withValue { $0.outdatedAdminKeys[found.key] = OutdatedDigest(before: by.bytes, after: peppered) }
        }
        return admin(found)
    }

    /// Whether a key was good a moment ago, as this loop remembers.
    package func remembers(_ key: [UInt8]) -> Bool {
        guard SecretKeyText.prefix(of: key) != nil else { return false }
        let digest = keyring.keys.digest(of: key).bytes
        return principals.withValue { $0.tenants[digest] != nil || $0.admins[digest] != nil }
    }

    private func admin(_ found: AdminPrincipal) -> PlatformScope? {
        let now = clock.now()
        if let expiresAt = found.expiresAt, now >= expiresAt { return nil }
        uses.withValue { $0.note(found.key, at: now) }
        return PlatformScope(
            actor: Actor(.member(found.member, key: found.key)),
            role: found.role)
    }

    /// What was changed a moment ago by this loop is obeyed by it at once.
    func forgetPrincipals() {
        principals.withValue { $0 = PrincipalCache() }
    }

    /// The row of a secret, and the digest by which it was found: under the current pepper, or another one that is
    /// still loaded, which is asked for in the same flush.
    private func find(
        _ statement: Statement, _ column: Int, _ digest: PepperedDigest, _ secret: [UInt8], _ keys: KeySet
    ) async throws(StoreError) -> (Rows, PepperedDigest)? {
        let digests = [digest] + keys.otherDigests(of: secret)
        let results = try await run(
            PlatformScope.system, digests.map { Query(statement, [.bytes($0.bytes)]) }, on: .read)
        for (rows, digest) in zip(results, digests) where !rows.isEmpty {
            if try constantTimeEqual(rows.bytes(0, column), digest.bytes) { return (rows, digest) }
        }
        // It may be known under a pepper that this node has not got.
        if keys.isIncomplete { throw .unavailable }
        return nil
    }

    private func principal(
        _ peppered: PepperedDigest, _ secret: [UInt8], _ keys: KeySet
    ) async throws(StoreError) -> (Principal, by: PepperedDigest)? {
        let digest = peppered.bytes
        let readAt = EventLoop.monotonicNanoseconds
        let cached = principals.withValue { $0.tenants[digest] }
        if let cached, cached.isFresh { return (cached.value, peppered) }
        guard let (rows, by) = try await find(.findCredentialByDigest, 5, peppered, secret, keys) else {
            principals.withValue { _ = $0.tenants.removeValue(forKey: digest) }
            return nil
        }
        let environment: Environment = try rows.word(0, 3)
        let found = try Principal(
            scope: TenantScope(
                subClient: rows.id(0, 0), environment: environment,
                actor: Actor(.credential(rows.id(0, 1)))),
            environment: environment, credential: rows.id(0, 1), clientID: rows.uuidValue(0, 2),
            access: rows.word(0, 4), subClientStatus: rows.word(0, 7), displayName: rows.text(0, 8),
            linkStyle: LinkStyle(rows, 0, from: 9),
            registration: rows.optionalUUID(0, 22).map { id throws(StoreError) in
                try PrincipalRegistration(upstream: rows.id(0, 21), subClientID: id)
            },
            requestsPerSecond: rows.optionalInt32(0, 23), expiresAt: rows.optionalTime(0, 6), secret: rows.id(0, 19),
            allowedIPs: rows.blocks(0, 20))
        principals.withValue {
            if $0.tenants.count >= PrincipalCache.capacity { $0.tenants.removeAll() }
            $0.tenants[digest] = PrincipalCache.Entry(value: found, readAt: readAt)
        }
        return (found, by)
    }
}
