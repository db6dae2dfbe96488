import Crypto
package import Domain
import Postgres
import Runtime
import SQL

// Several secrets of one endpoint, each with its key pair: all of them sign, so that a merchant's servers take up the
// new one while others still know the old.

extension StoreError {
    /// The endpoint has as many secrets that sign as it may have.
    package static let endpointSecretLimit = StoreError.conflict(constraint: "endpoint_secret_limit")
    /// The secret that is to be the next signs already.
    package static let endpointSecretRepeated = StoreError.conflict(constraint: "endpoint_secret_repeated")
}

extension EndpointSecret {
    /// Secrets of one endpoint that sign at a time: one per step of a roll-out, and room for a mistake. Each puts one
    /// more signature into a header of every webhook.
    package static let liveSecrets: Int32 = 5

    /// Those that array columns hold from `column` on; null for none.
    static func all(_ rows: Rows, _ row: Int, from column: Int) throws(StoreError) -> [EndpointSecret] {
        if rows.isNull(row, column) { return [] }
        let ids = try rows.uuidArray(row, column)
        let keys = try rows.bytesArray(row, column + 1)
        let created = try rows.timestampArray(row, column + 2)
        let expires = try rows.timestampArray(row, column + 3)
        return ids.indices.compactMap { index in
            guard let id = ids[index], let createdAt = created[index] else { return nil }
            return EndpointSecret(
                id: EndpointSecretID(UUIDValue(high: id.high, low: id.low)), publicKey: keys[index],
                createdAt: Timestamp(microseconds: createdAt),
                expiresAt: expires[index].map { Timestamp(microseconds: $0) })
        }
    }
}

/// A secret that was just made, with the only copy of its text.
package struct RotatedEndpointSecret: Sendable {
    package let endpoint: EndpointID
    package let secret: EndpointSecret
    package let text: [UInt8]
    /// When those before it sign no more, at the latest.
    package let previousEndAt: Timestamp
}

/// A public key by which a sub-client's webhooks are verified.
package struct WebhookKey: Sendable {
    package let endpoint: EndpointID
    package let environment: Environment
    package let id: EndpointSecretID
    /// 32 bytes of Ed25519.
    package let publicKey: [UInt8]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
}

extension Store {
    /// Makes `text` the endpoint's current secret, with a new key pair; the earlier ones sign beside it until `overlap`
    /// has passed, or end before as they were to. Throws `.notFound`, `.endpointSecretLimit`, and
    /// `.endpointSecretRepeated` for one that signs already: it would sign twice, and end with its first place.
    package func rotateEndpointSecret(
        _ scope: TenantScope, of id: EndpointID, to text: [UInt8], overlap: Duration,
        keeping: Keeping<RotatedEndpointSecret>? = nil
    ) async throws(StoreError) -> RotatedEndpointSecret {
        let key = try sealingKey(try await run(scope, [getQuery(scope, id)], on: .read)[0], scope)
        let known = try await signingSecrets(of: id, scope)
        if known.contains(where: { constantTimeEqual($0.text, text) }) { throw .endpointSecretRepeated }
        let now = clock.now()
        let end = now + overlap
        let secret = NewEndpointSecret(text, id: identifiers.next())
        let made = RotatedEndpointSecret(
            endpoint: id, secret: secret.shown(at: now), text: text, previousEndAt: end)
        let keep = try await keep(keeping, made, key: key, now: now, ifMade: (scope.subClient, secret.id.uuid))
        let place: [Parameter] = [.id(scope.subClient), .id(id)]
        let results = try await audited(
            scope, change(.endpointSecretRotated, scope, id),
            [
                insert(secret, scope, id, key, now: now, end: end, beside: known.map(\.id)),
                Query(.endEarlierEndpointSecrets, place + [.id(secret.id), .time(end), .time(now)]),
                Query(.forgetEndedEndpointSecrets, place + [.time(now)]),
                getQuery(scope, id),
            ] + keep)
        if !results[0].isEmpty { return made }
        let signing = try endpoint(results[3], scope).secrets
        // Another rotation came between, perhaps to the same.
        if !signing.allSatisfy({ secret in known.contains { $0.id == secret.id } }) { throw .unavailable }
        throw .endpointSecretLimit
    }

    private func signingSecrets(
        of id: EndpointID, _ scope: TenantScope
    ) async throws(StoreError) -> [DispatchEndpoint.Secret] {
        guard let endpoint = try await loadEndpoints([(scope.subClient, id)]).first else { throw .undecipherable }
        return endpoint.secrets
    }

    /// Ends all secrets of an endpoint but the current one, at once. Throws `.notFound`.
    package func revokePreviousSecrets(_ scope: TenantScope, of id: EndpointID) async throws(StoreError) {
        let results = try await audited(
            scope, change(.endpointSecretsRevoked, scope, id),
            [
                Query(
                    .revokePreviousEndpointSecrets,
                    [.id(scope.subClient), .id(id), .word(scope.environment), .time(clock.now())]),
                getQuery(scope, id),
            ])
        if results[1].isEmpty { throw .notFound }
    }

    /// The public keys of all a sub-client's endpoints; none for one that does not exist.
    package func webhookKeys(of subClient: SubClientID) async throws(StoreError) -> [WebhookKey] {
        let rows = try await run(
            PlatformScope.system.tenant(subClient), .listWebhookKeys, [.id(subClient), .time(clock.now())], on: .read)
        return try rows.indices.map { row throws(StoreError) in
            try WebhookKey(
                endpoint: rows.id(row, 0), environment: rows.word(row, 1), id: rows.id(row, 2),
                publicKey: rows.bytes(row, 3), createdAt: rows.time(row, 4), expiresAt: rows.optionalTime(row, 5))
        }
    }

    /// Deletes what signs no more, of all endpoints, and returns how many.
    @discardableResult
    package func forgetEndedEndpointSecrets() async throws(StoreError) -> Int {
        try await run(PlatformScope.system, .forgetAllEndedEndpointSecrets, [.time(clock.now())]).affected
    }

    /// `end` is when all earlier ones are to end; there must be none but `known`.
    func insert(
        _ secret: NewEndpointSecret, _ scope: TenantScope, _ endpoint: EndpointID, _ key: DataKey, now: Timestamp,
        end: Timestamp, beside known: [EndpointSecretID] = []
    ) -> Query {
        Query(
            .createEndpointSecret,
            [
                .id(scope.subClient), .id(endpoint), .word(scope.environment), .id(secret.id),
                .bytes(EndpointSeal.secret(secret.text, secret.id, of: endpoint, key)),
                .bytes(EndpointSeal.seed(secret.pair.seed, secret.id, of: endpoint, key)),
                .bytes(secret.pair.publicKey), .time(now), .int32(EndpointSecret.liveSecrets), .time(end),
                .uuids(known.map(\.uuid)),
            ])
    }

    /// Gives a secret from before there were key pairs one.
    func givePair(to id: EndpointSecretID, _ scope: TenantScope, _ endpoint: EndpointID, _ key: DataKey) -> Query {
        let pair = KeyPair()
        return Query(
            .giveEndpointKeyPair,
            [
                .id(scope.subClient), .id(endpoint), .id(id),
                .bytes(EndpointSeal.seed(pair.seed, id, of: endpoint, key)), .bytes(pair.publicKey),
            ])
    }
}

/// A random seed of Ed25519 and its public key.
struct KeyPair {
    let seed: [UInt8]
    let publicKey: [UInt8]

    init() {
        seed = Random.bytes(Ed25519.seedBytes)
        publicKey = Ed25519.SigningKey(seed: seed).publicKey
    }
}

/// A secret to be made, with its key pair.
struct NewEndpointSecret {
    let id: EndpointSecretID
    let text: [UInt8]
    let pair = KeyPair()

    init(_ text: [UInt8], id: EndpointSecretID) {
        self.id = id
        self.text = text
    }

    func shown(at now: Timestamp) -> EndpointSecret {
        EndpointSecret(id: id, publicKey: pair.publicKey, createdAt: now, expiresAt: nil)
    }
}
