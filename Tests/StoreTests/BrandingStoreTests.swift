import Crypto
import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct BrandingStoreTests {
    /// Everything that can be set, each different from the others.
    private static let settings: BrandingSettings = {
        var settings = BrandingSettings()
        settings.displayName = Seed.bytes("Größe 店")
        settings.style.primaryColor = Color(red: 1, green: 0, blue: 0)
        settings.style.primaryTextColor = Color(red: 2, green: 0, blue: 0)
        settings.style.secondaryColor = Color(red: 3, green: 0, blue: 0)
        settings.style.secondaryTextColor = Color(red: 4, green: 0, blue: 0)
        settings.style.buttonRadius = 5
        settings.style.cornerRadius = 6
        settings.style.overlayOpacity = Opacity(text: Seed.bytes("0.07"))
        settings.style.theme = .system
        settings.style.language = .system
        settings.style.fiatCurrency = .gbp
        settings.allowedOrigins = ["https://a.example", "http://localhost:1"].compactMap {
            WebOrigin(text: Seed.bytes($0))
        }
        return settings
    }()

    @Test func whatIsPutIsWhatIsReadAndWhatTokensGet() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let put = try await fixture.store.putBranding(seed.scope, Self.settings, version: 0)
            let read = try await fixture.store.branding(seed.scope)
            for branding in [put, read] {
                #expect(branding.settings.displayName == Self.settings.displayName)
                #expect(branding.settings.style == Self.settings.style)
                #expect(branding.settings.allowedOrigins == Self.settings.allowedOrigins)
                #expect(branding.version == 1 && branding.logo?.digest == nil)
                #expect(branding.subClientName == Seed.bytes("Shop"))
            }
            let made = try await fixture.store.createCredential(
                .system, for: seed.subClient,
                NewCredential(environment: .sandbox, access: .readWrite, name: Seed.bytes("key")))
            let principal = try await fixture.store.authenticate(clientSecret: made.secret, clientID: nil)
            #expect(principal?.linkStyle == Self.settings.style)
        }
    }

    /// Every value of the vocabularies is one that the schema takes and gives back.
    @Test func everyWordIsKept() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            for index in 0..<max(LinkLanguage.allCases.count, LinkTheme.allCases.count, FiatCurrency.allCases.count) {
                var settings = BrandingSettings()
                settings.style.language = LinkLanguage.allCases[index % LinkLanguage.allCases.count]
                settings.style.theme = LinkTheme.allCases[index % LinkTheme.allCases.count]
                settings.style.fiatCurrency = FiatCurrency.allCases[index % FiatCurrency.allCases.count]
                settings.style.buttonRadius = index % 2 == 0 ? LinkStyle.radii.lowerBound : LinkStyle.radii.upperBound
                settings.style.overlayOpacity = Opacity(text: Seed.bytes(index % 2 == 0 ? "0" : "1"))
                let put = try await fixture.store.putBranding(seed.scope, settings, version: nil)
                #expect(put.settings.style == settings.style)
            }
        }
    }

    /// Another node knows the credential already when the branding changes: its next tokens have it within a second.
    @Test func anotherNodeHasItWithinASecond() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let made = try await fixture.store.createCredential(
                .system, for: seed.subClient,
                NewCredential(environment: .sandbox, access: .readWrite, name: Seed.bytes("key")))
            let other = try await fixture.anotherStore()
            #expect(try await other.authenticate(clientSecret: made.secret, clientID: nil)?.linkStyle.isEmpty == true)
            _ = try await fixture.store.putBranding(seed.scope, Self.settings, version: nil)
            let committed = EventLoop.monotonicNanoseconds
            var readings: [(style: LinkStyle?, begun: UInt64)] = []
            while readings.last?.style != Self.settings.style,
                EventLoop.monotonicNanoseconds - committed < 5_000_000_000
            {
                let begun = EventLoop.monotonicNanoseconds
                let principal = try await other.authenticate(clientSecret: made.secret, clientID: nil)
                readings.append((principal?.linkStyle, begun))
                await fixture.loop.sleep(for: .milliseconds(2))
            }
            #expect(readings.last?.style == Self.settings.style)
            // What began later than a second after the commit has it.
            #expect(readings.dropLast().allSatisfy { $0.begun - committed < 1_000_000_000 })
            await other.database.close()
        }
    }

    @Test func aLogoIsKeptOnceAndReplaced() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let first = try await fixture.store.putLogo(seed.scope, FurnishedTenant.logo("first"))
            fixture.clock.advance(by: .seconds(60))
            let same = try await fixture.store.putLogo(seed.scope, FurnishedTenant.logo("first"))
            #expect(same.updatedAt == first.updatedAt && same.digest == first.digest)
            let next = try await fixture.store.putLogo(seed.scope, FurnishedTenant.logo("next"))
            #expect(next.updatedAt > first.updatedAt)
            await #expect(throws: StoreError.notFound) {
                try await fixture.store.logo(seed.scope, digest: first.digest)
            }
            #expect(try await fixture.store.logo(seed.scope, digest: next.digest).bytes == Seed.bytes("logo of next"))
        }
    }

    @Test func aClosedSubClientKeepsWhatItHas() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await fixture.store.putLogo(seed.scope, FurnishedTenant.logo("first"))
            try await fixture.store.closeSubClient(.system, seed.subClient)
            await #expect(throws: StoreError.subClientClosed) {
                try await fixture.store.putBranding(seed.scope, Self.settings, version: nil)
            }
            await #expect(throws: StoreError.subClientClosed) {
                try await fixture.store.putLogo(seed.scope, FurnishedTenant.logo("next"))
            }
            #expect(try await fixture.store.logo(seed.scope).bytes == Seed.bytes("logo of first"))
            try await fixture.store.deleteLogo(seed.scope)
            let nobody = PlatformScope.system.tenant(fixture.store.identifiers.next())
            await #expect(throws: StoreError.notFound) { try await fixture.store.branding(nobody) }
            await #expect(throws: StoreError.notFound) { try await fixture.store.deleteLogo(nobody) }
            await #expect(throws: StoreError.notFound) {
                try await fixture.store.putBranding(nobody, Self.settings, version: nil)
            }
        }
    }
}
