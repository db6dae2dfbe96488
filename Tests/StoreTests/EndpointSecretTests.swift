import Crypto
import Domain
import Postgres
import Runtime
import TestSupport
import Testing

@testable import Store

@Suite struct EndpointSecretTests {
    private struct Scene {
        let fixture: StoreFixture
        let seed: Seed
        let endpoint: EndpointID
        var store: Store { fixture.store }

        init(_ fixture: StoreFixture, _ signatures: [SignatureScheme] = [.v1, .v1a]) async throws {
            self.fixture = fixture
            seed = try await Seed.make(fixture.store)
            var settings = EndpointSettings()
            settings.signatures = signatures
            endpoint = try await fixture.store.createEndpoint(
                seed.scope,
                NewEndpoint(
                    url: Seed.bytes("http://127.0.0.1:9/hook"), eventTypes: [Seed.bytes("*")], payloadFormat: .mesh,
                    settings: settings, secret: WebhookSecretText.makeSecret()), limit: 50
            ).endpoint.id
        }

        func rotate(_ overlap: Duration) async throws -> RotatedEndpointSecret {
            try await store.rotateEndpointSecret(
                seed.scope, of: endpoint, to: WebhookSecretText.makeSecret(), overlap: overlap)
        }

        func signing() async throws -> [DispatchEndpoint.Secret] {
            try #require(try await store.loadEndpoints([(seed.subClient, endpoint)]).first).secrets
        }

        func shown() async throws -> Endpoint { try await store.endpoint(seed.scope, endpoint) }

        func asOwner(_ sql: String) async throws {
            let database = fixture.testDatabase
            try await onOwnThread { try database.owner().execute(sql) }
        }
    }

    @Test func theEarlierOneSignsUntilTheOverlapEnds() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            let first = try await scene.signing()
            let made = try await scene.rotate(.seconds(60))
            let both = try await scene.signing()
            #expect(try both.map(\.text) == [made.text, first.at(0).text])
            #expect(try both.at(1).seed == first.at(0).seed && both.at(0).seed != both.at(1).seed)
            let shown = try await scene.shown()
            #expect(try shown.secrets.map(\.id) == [made.secret.id, first.at(0).id])
            #expect(shown.secrets.map { $0.expiresAt == nil } == [true, false] && shown.version == 2)
            for (secret, seed) in zip(shown.secrets, both.compactMap(\.seed)) {
                #expect(secret.publicKey == Ed25519.SigningKey(seed: seed).publicKey)
            }
            fixture.clock.advance(by: .seconds(61))
            #expect(try await scene.signing().map(\.text) == [made.text])
            #expect(try await scene.shown().secrets.map(\.id) == [made.secret.id])
            #expect(try await fixture.store.forgetEndedEndpointSecrets() == 1)
        }
    }

    @Test func withoutAnOverlapTheEarlierOneIsGoneAtOnce() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.rotate(.seconds(600))
            let made = try await scene.rotate(.zero)
            #expect(try await scene.signing().map(\.text) == [made.text])
            #expect(try await fixture.store.forgetEndedEndpointSecrets() == 0)
        }
    }

    /// One that was to end soon does not live longer because another is made.
    @Test func anEndNeverMovesAway() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.rotate(.seconds(10))
            _ = try await scene.rotate(.seconds(600))
            fixture.clock.advance(by: .seconds(11))
            #expect(try await scene.signing().count == 2)
        }
    }

    @Test func atMostFiveSignAtATime() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            for _ in 0..<4 { _ = try await scene.rotate(.seconds(60)) }
            let before = try await scene.shown()
            #expect(before.secrets.count == 5)
            await #expect(throws: StoreError.endpointSecretLimit) { try await scene.rotate(.seconds(60)) }
            let after = try await scene.shown()
            #expect(after.secrets.map(\.id) == before.secrets.map(\.id) && after.version == before.version)
            // All of them end with it.
            _ = try await scene.rotate(.zero)
            #expect(try await scene.shown().secrets.count == 1)
        }
    }

    @Test func thePreviousOnesAreRevokedEarly() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            try await fixture.store.revokePreviousSecrets(scene.seed.scope, of: scene.endpoint)
            #expect(try await scene.shown().version == 1)
            _ = try await scene.rotate(.seconds(600))
            let made = try await scene.rotate(.seconds(600))
            try await fixture.store.revokePreviousSecrets(scene.seed.scope, of: scene.endpoint)
            #expect(try await scene.signing().map(\.text) == [made.text])
            #expect(try await scene.shown().version == 4)
        }
    }

    @Test func aRemovedEndpointsSecretsAreGone() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.rotate(.seconds(60))
            #expect(try await fixture.store.webhookKeys(of: scene.seed.subClient).count == 2)
            try await fixture.store.deleteEndpoint(scene.seed.scope, scene.endpoint)
            #expect(try await fixture.store.webhookKeys(of: scene.seed.subClient).isEmpty)
            let loaded = try await fixture.store.loadEndpoints([(scene.seed.subClient, scene.endpoint)])
            #expect(try loaded.map(\.state) == [.deleted] && loaded.at(0).secrets.isEmpty)
            let database = fixture.testDatabase
            let left = try await onOwnThread {
                try database.owner().query("select count(*) from subgate.endpoint_secret").int64(0, 0)
            }
            #expect(left == 0)
        }
    }

    @Test func seedsAreOpenedOnlyWhereTheySign() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture, [.v1])
            #expect(try await scene.signing().at(0).seed == nil)
            let key = try #require(try await scene.shown().secrets.first?.publicKey)
            var changes = EndpointChanges()
            changes.signatures = [.v1a]
            let changed = try await fixture.store.updateEndpoint(
                scene.seed.scope, scene.endpoint, changes, version: nil)
            // The pair that was shown all the time.
            #expect(changed.secrets.map(\.publicKey) == [key] && changed.settings.signatures == [.v1a])
            #expect(try await scene.signing().at(0).seed.map { Ed25519.SigningKey(seed: $0).publicKey } == key)
        }
    }

    /// A secret from before there were several: it has the endpoint's identifier, and is sealed for its old place.
    @Test func aSecretOfOldSignsAndGetsAKeyPairWhenItIsAskedFor() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture, [.v1])
            let text = WebhookSecretText.makeSecret()
            let key = try await fixture.store.dataKey(scene.seed.scope)
            let place = scene.endpoint.uuid.text
            let sealed = key.seal(text, table: "endpoint", column: "secret", row: place)
            try await scene.asOwner(
                """
                update subgate.endpoint_secret set id = endpoint_id, seed_sealed = null, public_key = null,
                    secret_sealed = '\\x\(String(decoding: Hex.encode(sealed), as: UTF8.self))'
                """)
            #expect(try await scene.signing().map(\.text) == [text])
            #expect(try await scene.shown().secrets.map(\.publicKey) == [nil])
            #expect(try await fixture.store.webhookKeys(of: scene.seed.subClient).isEmpty)
            var changes = EndpointChanges()
            changes.signatures = [.v1, .v1a]
            let changed = try await fixture.store.updateEndpoint(
                scene.seed.scope, scene.endpoint, changes, version: nil)
            let signing = try await scene.signing()
            #expect(signing.map(\.text) == [text])
            #expect(
                try signing.at(0).seed.map { Ed25519.SigningKey(seed: $0).publicKey }
                    == changed.secrets.first?.publicKey)
            let made = try await scene.rotate(.seconds(60))
            #expect(try await scene.signing().map(\.text) == [made.text, text])
        }
    }

    @Test func aSecretOpensInItsOwnRowAlone() async throws {
        try await StoreFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.rotate(.seconds(60))
            try await scene.asOwner(
                """
                update subgate.endpoint_secret a set secret_sealed = b.secret_sealed
                from subgate.endpoint_secret b where b.id <> a.id
                """)
            #expect(try await fixture.store.loadEndpoints([(scene.seed.subClient, scene.endpoint)]).isEmpty)
        }
    }
}
