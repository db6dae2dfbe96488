import Crypto
import Domain
import HTTPClient
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// Two sub-clients that own one of everything, and every kind of caller.
struct IsolationWorld {
    /// A caller, and what a table of permissions must know of it.
    struct Caller {
        enum Kind: Equatable {
            /// Known to nobody: no key, garbage, expired, revoked, of a closed sub-client.
            case unknown
            case member(Role)
            /// A credential of the owner of things, or of another sub-client.
            case credential(CredentialAccess, Environment, isOwner: Bool)
        }

        let name: String
        let kind: Kind
        let headers: [APIFixture.Header]
        /// The same in Mesh's two headers, for credentials.
        let meshHeaders: [APIFixture.Header]
    }

    let fixture: APIFixture
    let callers: [Caller]
    /// Path parameters of things: the owner's, and of things that are not there.
    let owned: [String: String]
    let other: [String: String]
    let missing: [String: String]

    static func make(_ fixture: APIFixture) async throws -> IsolationWorld {
        let owner = try await fixture.merchant()
        let other = try await fixture.merchant()
        let ours = try await platformThings(fixture)
        return IsolationWorld(
            fixture: fixture, callers: try await callers(fixture, owner, other),
            owned: try await things(fixture, owner).merging(ours) { $1 },
            other: try await things(fixture, other).merging(ours) { $1 },
            missing: Dictionary(
                uniqueKeysWithValues: prefixes.map { ($0.key, $0.value + "00000000000000000000000001") }))
    }

    /// How the identifiers of path parameters begin.
    static let prefixes = [
        "subClientId": "sc_", "credentialId": "cred_", "upstreamId": "up_", "endpointId": "we_",
        "linkSessionId": "ls_", "transferId": "tr_", "eventId": "evt_", "deliveryId": "dlv_", "memberId": "mem_",
        "keyId": "key_", "quarantineId": "qrt_", "secretId": "sec_", "erasureId": "era_",
        "recoveryId": "rec_", "operatorWebhookId": "we_",
    ]

    // MARK: Things

    private static func text<Kind>(_ id: Identifier<Kind>) -> String { String(decoding: id.text, as: UTF8.self) }

    /// One of everything that a sub-client can have, in the sandbox.
    private static func things(_ fixture: APIFixture, _ merchant: Merchant) async throws -> [String: String] {
        let seed = Seed(
            store: fixture.store, subClient: merchant.subClient, upstream: UpstreamID(UUIDValue(high: 1, low: 1)))
        let endpoint = try await seed.endpoint()
        let session = try await seed.linkSession()
        let transfer = seed.received("Succeeded", session)
        _ = try await fixture.store.accept([transfer], lease: nil)
        let deliveries = try await fixture.store.deliveries(seed.scope, DeliveryFilter(), PageRequest())
        let delivery = try #require(deliveries.items.first)
        let transfers = try await fixture.store.transfers(seed.scope, PageRequest())
        _ = try await fixture.store.putLogo(
            seed.scope, NewLogo(digest: Digest.sha256([]), mediaType: .png, width: 16, height: 16, bytes: [0]))
        let secrets = try await fixture.store.credential(seed.scope, merchant.credential).secrets
        let erasure = try await fixture.store.eraseEndUser(seed.scope, userID: Seed.bytes("nobody"))
        return [
            "subClientId": text(merchant.subClient), "credentialId": text(merchant.credential),
            "endpointId": text(endpoint), "linkSessionId": text(session),
            "transferId": text(try #require(transfers.items.first).id), "eventId": text(delivery.event),
            "deliveryId": text(delivery.id), "secretId": text(try #require(secrets.first).id),
            "erasureId": text(erasure.id), "recoveryId": text(try await recovery(seed, endpoint)),
        ]
    }

    private static func recovery(_ seed: Seed, _ endpoint: EndpointID) async throws -> RecoveryID {
        let now = seed.store.clock.now()
        return try await seed.store.beginRecovery(
            seed.scope, of: endpoint,
            NewRecovery(since: now - .seconds(60), until: now, onlyFailed: true, ratePerSecond: 1)
        ).id
    }

    /// What the platform itself has: there is one of it, whoever is asked about.
    private static func platformThings(_ fixture: APIFixture) async throws -> [String: String] {
        let upstream = try await fixture.store.createUpstream(
            .system,
            NewUpstream(
                name: Seed.bytes("mesh"), environment: .sandbox, baseURL: Seed.bytes("http://127.0.0.1:1"),
                clientID: UUIDValue(high: 1, low: 1), clientSecret: Secret(Seed.bytes("secret")),
                webhookSecrets: [Secret(Seed.bytes("hook"))]))
        let member = try await fixture.store.createMember(
            .system, NewMember(name: Seed.bytes("someone"), role: .support))
        let key = try await fixture.store.createAdminKey(
            .system, for: member.id, name: Seed.bytes("key"), expiresAt: nil)
        let hook = try await fixture.store.createEndpoint(
            PlatformScope.system.operatorWebhooks,
            NewEndpoint(
                url: Seed.bytes("http://127.0.0.1:9/operator"), eventTypes: [Seed.bytes("*")], payloadFormat: .standard,
                secret: WebhookSecretText.makeSecret()), limit: 50)
        return [
            "upstreamId": text(upstream.id), "memberId": text(member.id), "keyId": text(key.key.id),
            "operatorWebhookId": text(hook.endpoint.id),
        ]
    }

    // MARK: Callers

    private static func callers(
        _ fixture: APIFixture, _ owner: Merchant, _ other: Merchant
    ) async throws -> [Caller] {
        func credential(
            _ name: String, _ access: CredentialAccess, _ environment: Environment, of merchant: Merchant
        ) async throws -> Caller {
            let made = try await fixture.store.createCredential(
                .system, for: merchant.subClient,
                NewCredential(environment: environment, access: access, name: Seed.bytes(name)))
            return Caller(
                name: name,
                kind: .credential(access, environment, isOwner: merchant.subClient == owner.subClient),
                headers: [fixture.bearer(made.secret)],
                meshHeaders: [("X-Client-Id", made.credential.clientID.text), ("X-Client-Secret", made.secret)])
        }
        var callers = try await unknown(fixture, owner)
        for role in Role.allCases {
            let member = try await fixture.store.createMember(
                .system, NewMember(name: Seed.bytes(role.rawValue), role: role))
            let key = try await fixture.store.createAdminKey(
                .system, for: member.id, name: Seed.bytes("key"), expiresAt: nil)
            callers.append(
                Caller(
                    name: role.rawValue, kind: .member(role), headers: [fixture.bearer(key.text)], meshHeaders: []))
        }
        callers.append(try await credential("owner, write", .readWrite, .sandbox, of: owner))
        callers.append(try await credential("owner, read", .read, .sandbox, of: owner))
        callers.append(try await credential("another, write", .readWrite, .sandbox, of: other))
        callers.append(try await credential("another, read", .read, .sandbox, of: other))
        try await fixture.approve(owner.subClient)
        callers.append(try await credential("owner, production", .readWrite, .production, of: owner))
        return callers
    }

    private static func unknown(_ fixture: APIFixture, _ owner: Merchant) async throws -> [Caller] {
        let scope = PlatformScope.system.tenant(owner.subClient)
        func made(_ name: String, expiresAt: Timestamp? = nil) async throws -> CreatedCredential {
            try await fixture.store.createCredential(
                .system, for: owner.subClient,
                NewCredential(
                    environment: .sandbox, access: .readWrite, name: Seed.bytes(name), expiresAt: expiresAt))
        }
        let expired = try await made("expired", expiresAt: fixture.clock.clock.now() + .seconds(1))
        fixture.clock.advance(by: .seconds(2))
        let revoked = try await made("revoked")
        try await fixture.store.revokeCredential(scope, revoked.credential.id)
        let closed = try await fixture.merchant()
        try await fixture.store.closeSubClient(.system, closed.subClient)
        let gone = try await fixture.store.createMember(.system, NewMember(name: Seed.bytes("gone"), role: .owner))
        let goneKey = try await fixture.store.createAdminKey(
            .system, for: gone.id, name: Seed.bytes("key"), expiresAt: nil)
        try await fixture.store.deleteMember(.system, gone.id)

        func caller(_ name: String, _ secret: [UInt8], _ id: UUIDValue) -> Caller {
            Caller(
                name: name, kind: .unknown, headers: [fixture.bearer(secret)],
                meshHeaders: [("X-Client-Id", id.text), ("X-Client-Secret", secret)])
        }
        return [
            Caller(name: "none", kind: .unknown, headers: [], meshHeaders: []),
            caller("garbage", Seed.bytes("garbage"), owner.clientID),
            caller("unknown", SecretKeyText.make(prefix: .sandbox), owner.clientID),
            caller("expired", expired.secret, expired.credential.clientID),
            caller("revoked", revoked.secret, revoked.credential.clientID),
            caller("closed", closed.secret, closed.clientID),
            caller("unknown admin", SecretKeyText.make(prefix: .admin), owner.clientID),
            caller("removed member", goneKey.text, owner.clientID),
        ]
    }
}
