import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing
import Upstream

/// Registrations on their way: from what changes here to what the upstream has.
@Suite struct RegistrarTests {
    @Test func whatChangesHereChangesThere() async throws {
        try await RegistrarFixture.with { fixture in
            let registrar = fixture.registrar()
            let id = try await fixture.subClient()
            try await fixture.settle(registrar)
            let made = try #require(try fixture.entries().first)
            #expect(made.legalName == "Shop GmbH" && made.displayName == "Shop" && made.logo == nil)
            let registration = try await fixture.registration(id)
            #expect(registration.state == .synced && registration.upstreamSubClientID == made.id)
            #expect(registration.dueAt == nil && registration.lastError == nil)

            try fixture.giveLogo(id)
            try fixture.giveOrigins(id, ["https://shop.example", "http://localhost:3000"])
            #expect(try await fixture.registration(id).state == .pending)
            try await fixture.settle(registrar)
            let branded = try #require(try fixture.entries().first)
            #expect(branded.id == made.id && branded.displayName == "Branded")
            #expect(branded.origins == ["https://shop.example", "http://localhost:3000"])
            #expect(branded.logo == RegistrarFixture.logo)

            var changes = SubClientChanges()
            changes.legalName = Seed.bytes("Shop AG")
            _ = try await fixture.store.updateSubClient(.system, id, changes, version: nil)
            try fixture.owner.execute("delete from subgate.logo")
            try await fixture.settle(registrar)
            let changed = try fixture.entries()
            #expect(changed.map(\.legalName) == ["Shop AG"] && changed.map(\.logo) == [nil])

            // It stays as it is while it is suspended: the upstream knows no such thing.
            _ = try await fixture.store.suspendSubClient(.system, id, reason: Seed.bytes("x"))
            #expect(try await fixture.registration(id).state == .synced)
            try await fixture.store.closeSubClient(.system, id)
            try await fixture.settle(registrar)
            #expect(try fixture.entries().isEmpty)
            let removed = try await fixture.registration(id)
            #expect(removed.state == .removed && removed.upstreamSubClientID == nil)
        }
    }

    @Test func rulesOfLaterTakeEffectThen() async throws {
        try await RegistrarFixture.with { fixture in
            let registrar = fixture.registrar()
            let id = try await fixture.subClient()
            try await fixture.settle(registrar)
            let integration = "00000000-0000-4000-8000-000000000007"
            for (number, delay) in [(1, "0"), (2, "1 hour")] {
                let rule = number == 1 ? "deny" : "allow"
                try fixture.owner.execute(
                    """
                    insert into subgate.compliance_revision (sub_client_id, number, rules, kyb_status, effective_at,
                        created_at)
                    values ('\(id.uuid)', \(number), '{"integrations":{"\(rule)":["\(integration)"]}}', 'approved',
                        now() + interval '\(delay)', now())
                    """)
            }
            while await registrar.runOnce() > 0 {}
            let catalog = try fixture.entries().at(0).catalog
            #expect(catalog?.contains(#""excludeIntegrations": ["\#(integration)"]"#) == true)
            let waiting = try await fixture.registration(id)
            #expect(waiting.state == .synced && waiting.dueAt != nil)
            fixture.clock.advance(by: .seconds(3_601))
            while await registrar.runOnce() > 0 {}
            let later = try fixture.entries().at(0).catalog
            #expect(later?.contains(#""integrationWhiteList": ["\#(integration)"]"#) == true)
            #expect(try await fixture.registration(id).dueAt == nil)
        }
    }

    @Test func anUpstreamThatGetsItsKeysLaterIsToldOfAll() async throws {
        try await RegistrarFixture.with { fixture in
            var changes = UpstreamChanges()
            changes.adminClientSecret = .set(nil)
            _ = try await fixture.store.updateUpstream(.system, fixture.upstream, changes)
            let first = try await fixture.subClient("One")
            #expect(try await fixture.store.registrations(.system, of: first).isEmpty)
            changes.adminClientSecret = .set(Secret(Seed.bytes("admin")))
            _ = try await fixture.store.updateUpstream(.system, fixture.upstream, changes)
            await fixture.upstreams.refresh()
            let second = try await fixture.subClient("Two")
            try await fixture.settle(fixture.registrar())
            #expect(Set(try fixture.entries().map(\.displayName)) == ["One", "Two"])
            for id in [first, second] { #expect(try await fixture.registration(id).state == .synced) }
        }
    }

    @Test func whatVanishedThereIsMadeAgain() async throws {
        try await RegistrarFixture.with { fixture in
            let registrar = fixture.registrar()
            let id = try await fixture.subClient()
            try fixture.giveLogo(id)
            try await fixture.settle(registrar)
            try fixture.owner.execute("delete from sandbox.sub_client")
            _ = try await fixture.store.retryRegistration(.system, of: id, at: fixture.upstream)
            try await fixture.settle(registrar)
            let entry = try #require(try fixture.entries().first)
            #expect(entry.logo == RegistrarFixture.logo)
            #expect(try await fixture.registration(id).upstreamSubClientID == entry.id)
        }
    }

    @Test func anotherAccountIsToldAnew() async throws {
        try await RegistrarFixture.with { fixture in
            let id = try await fixture.subClient()
            try await fixture.settle(fixture.registrar())
            var changes = UpstreamChanges()
            changes.clientID = UUIDValue(high: 1, low: 1)
            _ = try await fixture.store.updateUpstream(.system, fixture.upstream, changes)
            let registration = try await fixture.registration(id)
            #expect(registration.state == .pending && registration.upstreamSubClientID == nil)
        }
    }

    // MARK: Refusals

    @Test func whatIsRefusedWaitsForAPerson() async throws {
        try await RegistrarFixture.with { fixture in
            let registrar = fixture.registrar()
            let id = try await fixture.subClient()
            // The stand-in refuses it; our own API does not let it be set.
            try fixture.giveOrigins(id, ["ftp://shop.example"])
            try await fixture.settle(registrar)
            let failed = try await fixture.registration(id)
            #expect(failed.state == .failed && failed.dueAt == nil && failed.lastError == Seed.bytes("refused"))
            #expect(failed.lastErrorMessage == Seed.bytes("The field CallbackUrls has a value that is not a URL"))
            #expect(try fixture.count("subgate.registration_creation") == 0)
            try fixture.owner.execute("update subgate.branding set allowed_origins = '{https://shop.example}'")
            try await fixture.settle(registrar)
            #expect(try await fixture.registration(id).state == .synced)
        }
    }

    @Test func aRefusedLogoLeavesTheRestRegistered() async throws {
        try await RegistrarFixture.with { fixture in
            let registrar = fixture.registrar()
            let id = try await fixture.subClient()
            try fixture.giveLogo(id, Seed.bytes("no image"))
            try await fixture.settle(registrar)
            let failed = try await fixture.registration(id)
            #expect(failed.state == .failed && failed.lastError == Seed.bytes("logoRefused"))
            #expect(try failed.upstreamSubClientID == fixture.entries().first?.id)
            try fixture.giveLogo(id)
            try await fixture.settle(registrar)
            #expect(try fixture.entries().map(\.logo) == [RegistrarFixture.logo])
        }
    }

    @Test func wrongKeysAreTriedAgainAndNewOnesAtOnce() async throws {
        try await RegistrarFixture.with { fixture in
            let id = try await fixture.subClient()
            var changes = UpstreamChanges()
            changes.adminClientSecret = .set(Secret(Seed.bytes("wrong")))
            _ = try await fixture.store.updateUpstream(.system, fixture.upstream, changes)
            await fixture.upstreams.refresh()
            let registrar = fixture.registrar()
            await registrar.runOnce()
            let failed = try await fixture.registration(id)
            #expect(failed.state == .failed && failed.lastError == Seed.bytes("keysRefused") && failed.dueAt != nil)
            changes.adminClientSecret = .set(Secret(Seed.bytes("admin")))
            _ = try await fixture.store.updateUpstream(.system, fixture.upstream, changes)
            await fixture.upstreams.refresh()
            // The upstream rests for a few seconds on the node that was refused.
            fixture.clock.advance(by: .seconds(6))
            await registrar.runOnce()
            #expect(try await fixture.registration(id).state == .synced)
        }
    }

    @Test func anEntryUnderBothNamesThatIsNobodysIsTaken() async throws {
        try await RegistrarFixture.with { fixture in
            try fixture.owner.execute(
                """
                insert into sandbox.sub_client (client_id, id, business_legal_name, display_name, logo_media_type, logo)
                values ('11112222-3333-4444-8555-666677778888', '00000000-0000-4000-8000-000000000001', 'Shop GmbH',
                    'Shop', 'image/png', '\\x00')
                """)
            let id = try await fixture.subClient()
            try fixture.giveOrigins(id, ["https://shop.example"])
            try fixture.owner.execute("update subgate.branding set display_name = null")
            try await fixture.settle(fixture.registrar())
            let entries = try fixture.entries()
            #expect(entries.map(\.id) == [UUIDValue(high: 0x4000, low: 0x8000_0000_0000_0001)])
            // All of it is ours now: origins and no logo.
            #expect(try entries.at(0).origins == ["https://shop.example"] && entries.at(0).logo == nil)
            #expect(try await fixture.registration(id).upstreamSubClientID == entries.at(0).id)
        }
    }

    @Test func amongSeveralAPersonDecides() async throws {
        try await RegistrarFixture.with { fixture in
            for number in 1...2 {
                try fixture.owner.execute(
                    """
                    insert into sandbox.sub_client (client_id, id, business_legal_name, display_name)
                    values ('11112222-3333-4444-8555-666677778888', '00000000-0000-4000-8000-00000000000\(number)',
                        'Shop GmbH', 'Shop')
                    """)
            }
            let registrar = fixture.registrar()
            let id = try await fixture.subClient()
            try await fixture.settle(registrar)
            let failed = try await fixture.registration(id)
            #expect(failed.state == .failed && failed.lastError == Seed.bytes("ambiguous") && failed.dueAt == nil)
            #expect(try fixture.entries().count == 2)
            try fixture.owner.execute("delete from sandbox.sub_client where id::text like '%1'")
            _ = try await fixture.store.retryRegistration(.system, of: id, at: fixture.upstream)
            try await fixture.settle(registrar)
            #expect(try fixture.entries().count == 1)
            #expect(try await fixture.registration(id).state == .synced)
        }
    }
}
