import Crypto
import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct AuthenticationTests {
    private static func units(_ store: Store) -> UInt64 {
        Lane.allCases.reduce(0) { $0 + store.database.counters($1).units }
    }

    /// A typing error, or a guess of one who does not know the checksum, costs no database call.
    @Test func whatIsNotWellFormedNeverReachesTheDatabase() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let tenant = try await FurnishedTenant.make(store, "one")
            let made = try await store.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .seconds(60))
            let before = Self.units(store)
            for position in made.secret.indices {
                var text = made.secret
                text[position] = text[position] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
                #expect(try await store.authenticate(clientSecret: text, clientID: nil) == nil)
                #expect(try await store.authenticate(adminKey: text) == nil)
            }
            #expect(Self.units(store) == before)
            #expect(try await store.authenticate(clientSecret: made.secret, clientID: nil) != nil)
            #expect(Self.units(store) == before + 1)
            // From memory, unless a busy machine let it grow old: then it is read again.
            var (asked, read) = (UInt64(0), UInt64(0))
            repeat {
                (asked, read) = (EventLoop.monotonicNanoseconds, Self.units(store))
                for _ in 0..<2 {
                    #expect(try await store.authenticate(clientSecret: made.secret, clientID: nil) != nil)
                }
            } while EventLoop.monotonicNanoseconds - asked > 800_000_000
            #expect(Self.units(store) <= read + 1)
            // Well-formed, but nobody's.
            let known = Self.units(store)
            let stranger = SecretKeyText.make(prefix: .sandbox)
            #expect(try await store.authenticate(clientSecret: stranger, clientID: nil) == nil)
            #expect(Self.units(store) == known + 1)
        }
    }

    /// What another node was told reaches this one when its memory is too old, which is in less than a second.
    @Test func memoryIsYoungerThanASecond() async throws {
        #expect(PrincipalCache.lifetime < .seconds(1) && PrincipalCache.lifetime > .zero)
        try await StoreFixture.with { fixture in
            let other = try await fixture.anotherStore()
            let tenant = try await FurnishedTenant.make(fixture.store, "one")
            let made = try await fixture.store.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .zero)
            #expect(try await other.authenticate(clientSecret: made.secret, clientID: nil) != nil)
            let before = other.database.counters(.read).units
            try await fixture.store.revokeSecret(tenant.scope, of: tenant.credential, made.secretID)
            // The node that was told obeys at once.
            #expect(try await fixture.store.authenticate(clientSecret: made.secret, clientID: nil) == nil)
            while try await other.authenticate(clientSecret: made.secret, clientID: nil) != nil {
                #expect(other.database.counters(.read).units == before)
                await fixture.loop.sleep(for: .milliseconds(10))
            }
            #expect(other.database.counters(.read).units == before + 1)
            await other.database.close()
        }
    }

    @Test func usesAreWrittenInOneBatchAndNeverBackwards() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let tenant = try await FurnishedTenant.make(store, "one")
            let key = try await store.bootstrapOwner(name: "owner")
            let made = try await store.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .seconds(60))
            func lastUsed() async throws -> [Timestamp?] {
                let detail = try await store.credential(tenant.scope, tenant.credential)
                #expect(detail.credential.lastUsedAt == detail.secrets.compactMap(\.lastUsedAt).max())
                let member = try await store.members(.system, PageRequest()).items.at(0).id
                let keys = try await store.adminKeys(.system, of: member, PageRequest())
                return detail.secrets.map(\.lastUsedAt) + keys.items.map(\.lastUsedAt)
            }
            #expect(try await lastUsed() == [nil, nil, nil])
            let start = fixture.clock.clock.now()
            let writes = store.database.counters(.write).units
            for _ in 0..<3 {
                let principal = try #require(try await store.authenticate(clientSecret: made.secret, clientID: nil))
                store.noteUse(of: principal)
                #expect(try await store.authenticate(adminKey: key.text) != nil)
            }
            #expect(store.database.counters(.write).units == writes)
            try await store.writeUses()
            try await store.writeUses()
            #expect(store.database.counters(.write).units == writes + 1)
            let seen = try await lastUsed()
            #expect(seen[0]! >= start && seen[1] == nil && seen[2]! >= start)

            // A node that writes late what it saw early changes nothing.
            let late = try await fixture.anotherStore()
            fixture.clock.advance(by: .seconds(-100))
            late.noteUse(of: try #require(try await late.authenticate(clientSecret: made.secret, clientID: nil)))
            #expect(try await late.authenticate(adminKey: key.text) != nil)
            try await late.writeUses()
            #expect(try await lastUsed() == seen)
            await late.database.close()
        }
    }

    /// What another transaction holds is not waited for.
    @Test func writingUsesNeverWaits() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let tenant = try await FurnishedTenant.make(store, "one")
            let made = try await store.rotateCredential(
                .system, of: tenant.subClient, tenant.credential, overlap: .seconds(60))
            store.noteUse(of: try #require(try await store.authenticate(clientSecret: made.secret, clientID: nil)))
            let database = fixture.testDatabase
            let holder = try await onOwnThread {
                let holder = try database.owner()
                try holder.execute("begin; select from subgate.credential_secret for update")
                return holder
            }
            try await store.writeUses()
            #expect(try await store.credential(tenant.scope, tenant.credential).credential.lastUsedAt == nil)
            try await onOwnThread { try holder.execute("rollback") }
        }
    }
}
