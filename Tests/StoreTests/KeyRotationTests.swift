import Crypto
import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Data keys and digests that move from one key to another.
@Suite struct KeyRotationTests {
    private static func uses(_ store: Store) async throws -> [String: Int64] {
        Dictionary(
            uniqueKeysWithValues: try await store.keyUses().map { ("\($0.kind.rawValue) \($0.id)", $0.users) })
    }

    /// Steps until the end; stops after `limit` of them, as a killed one does.
    private static func rotate(_ store: Store, chunk: Int, limit: Int = .max) async throws -> RewrappedKeys {
        var (all, steps) = (RewrappedKeys(), 0)
        while let place = all.next, steps < limit {
            let step = try await store.rewrapDataKeys(from: place, count: chunk)
            all.rewrapped += step.rewrapped
            all.failed += step.failed
            all.next = step.next
            steps += 1
        }
        return all
    }

    @Test func aRotationThatEndsAnywhereIsTakenUpAgain() async throws {
        try await StoreFixture.with { fixture in
            let before = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1")))
            let seed = try await Seed.make(before, name: "0")
            _ = try await seed.endpoint()
            for index in 1..<7 {
                _ = try await Seed.make(before, name: "\(index)", upstream: seed.upstream).endpoint()
            }
            let after = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k2 k1")))
            #expect(try await Self.uses(after)["master k1"] == 8)
            #expect(try await Self.rotate(after, chunk: 3, limit: 1).rewrapped == 3)
            #expect(
                try await Self.uses(after).filter { $0.key.hasPrefix("master") } == ["master k1": 5, "master k2": 3])
            // Both keys are loaded everywhere meanwhile, and old and new ones open.
            #expect(try await after.loadUpstreams().count == 1)
            let other = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k2 k1")))
            async let one = Self.rotate(after, chunk: 2)
            async let two = Self.rotate(other, chunk: 3)
            let done = try await [one, two]
            #expect(done.reduce(0) { $0 + $1.rewrapped } == 5 && done.allSatisfy { $0.failed.isEmpty })
            #expect(try await Self.rotate(after, chunk: 100).rewrapped == 0)
            let only = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k2")))
            #expect(try await Self.uses(only) == ["master k2": 8])
            let open = try #require(try await only.loadUpstreams().first)
            #expect(open.clientSecret.exposed == Seed.bytes("secret"))
            await #expect(throws: StoreError.undecipherable) { try await before.loadUpstreams() }
            for store in [before, after, other, only] { await store.database.close() }
        }
    }

    @Test func aDataKeyThatDoesNotOpenIsToldAndLeft() async throws {
        try await StoreFixture.with { fixture in
            let before = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1")))
            let seed = try await Seed.make(before)
            _ = try await seed.endpoint()
            try await onOwnThread {
                try fixture.testDatabase.owner().execute(
                    """
                    update subgate.data_key set wrapped = set_byte(wrapped, 40, 255 - get_byte(wrapped, 40))
                    where sub_client_id <> '00000000-0000-0000-0000-000000000000'
                    """)
            }
            let after = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k2 k1")))
            let done = try await Self.rotate(after, chunk: 1)
            #expect(done.rewrapped == 1 && done.failed.count == 1)
            #expect(try await Self.uses(after)["master k1"] == 1)
            for store in [before, after] { await store.database.close() }
        }
    }

    @Test func aSecretThatIsUsedMovesToTheNewPepper() async throws {
        try await StoreFixture.with { fixture in
            let before = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p1")))
            let tenant = try await FurnishedTenant.make(before, "one")
            let made = try await before.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .zero)
            let key = try await before.bootstrapOwner(name: "owner")
            let store = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p2 p1")))
            #expect(try await Self.uses(store)["pepper p1"] == 2)
            let reads = store.database.counters(.read).units
            let principal = try #require(try await store.authenticate(clientSecret: made.secret, clientID: nil))
            // Both peppers were asked for in one flush.
            #expect(store.database.counters(.read).units == reads + 1)
            #expect(
                try await store.authenticate(clientSecret: made.secret, clientID: UUIDValue(high: 1, low: 1)) == nil)
            #expect(try await store.authenticate(adminKey: key.text) != nil)
            #expect(
                try await store.authenticate(clientSecret: SecretKeyText.make(prefix: .sandbox), clientID: nil) == nil)
            let writes = store.database.counters(.write).units
            try await store.renewDigests()
            try await store.renewDigests()
            #expect(store.database.counters(.write).units == writes + 1)
            let uses = try await Self.uses(store)
            #expect(uses["pepper p1"] == nil && uses["pepper p2"] == 2)
            // With the new one alone, and for a node that is behind and holds both.
            for peppers in ["p2", "p1 p2"] {
                let other = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", peppers)))
                let again = try await other.authenticate(clientSecret: made.secret, clientID: principal.clientID)
                #expect(again?.credential == principal.credential)
                #expect(try await other.authenticate(adminKey: key.text) != nil)
                try await other.renewDigests()
                await other.database.close()
            }
            #expect(try await Self.uses(store)["pepper p1"] == 2)
            for store in [before, store] { await store.database.close() }
        }
    }

    /// One that was rotated away or revoked is not brought back by what was noted before.
    @Test func aRevokedSecretStaysRevoked() async throws {
        try await StoreFixture.with { fixture in
            let before = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p1")))
            let tenant = try await FurnishedTenant.make(before, "one")
            let made = try await before.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .zero)
            let store = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p2 p1")))
            #expect(try await store.authenticate(clientSecret: made.secret, clientID: nil) != nil)
            try await before.revokeSecret(tenant.scope, of: tenant.credential, made.secretID)
            try await store.renewDigests()
            let other = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p2 p1")))
            #expect(try await other.authenticate(clientSecret: made.secret, clientID: nil) == nil)
            for store in [before, store, other] { await store.database.close() }
        }
    }

    @Test func whatNobodyUsesIsRevokedWithItsPepper() async throws {
        try await StoreFixture.with { fixture in
            let before = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p1")))
            let tenant = try await FurnishedTenant.make(before, "one")
            let made = try await before.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .zero)
            let key = try await before.bootstrapOwner(name: "owner")
            let store = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p2 p1")))
            let audited = try await entries(fixture)
            // The secret that was rotated away has expired, and is revoked all the same.
            #expect(try await store.revokeSecrets(underPepper: "p1") == 3)
            #expect(try await store.revokeSecrets(underPepper: "p1") == 0)
            #expect(try await entries(fixture) == audited + 3)
            #expect(try await store.authenticate(clientSecret: made.secret, clientID: nil) == nil)
            #expect(try await store.authenticate(adminKey: key.text) == nil)
            #expect(try await Self.uses(store)["pepper p1"] == nil)
            for store in [before, store] { await store.database.close() }
        }
    }

    private func entries(_ fixture: StoreFixture) async throws -> Int64 {
        try await onOwnThread {
            try fixture.testDatabase.owner().query("select count(*) from subgate.audit_entry").int64(0, 0)
        }
    }

    /// A node that was away for so long that the others went on says that it cannot tell, not that a secret is wrong.
    @Test func aNodeThatLacksAPepperRefusesNobody() async throws {
        try await StoreFixture.with { fixture in
            let other = try await fixture.anotherStore(Keyring(KeyHoldTests.keys("k1", "p2")))
            let tenant = try await FurnishedTenant.make(other, "one")
            let made = try await other.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .zero)
            let keys = try KeyHoldTests.keys("k1", "p1")
            let store = try await fixture.anotherStore(
                Keyring(KeySet(masterKeys: keys.masterKeys, peppers: keys.peppers, isIncomplete: true)))
            await #expect(throws: StoreError.unavailable) {
                try await store.authenticate(clientSecret: made.secret, clientID: nil)
            }
            for store in [other, store] { await store.database.close() }
        }
    }
}
