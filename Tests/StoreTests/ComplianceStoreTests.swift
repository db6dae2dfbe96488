import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct ComplianceStoreTests {
    private static func numbers(_ found: Compliance) -> [Int32?] {
        [found.inForce.number, found.next?.number, found.latest]
    }

    @Test func aNewSubClientHasNoRevision() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let found = try await fixture.store.compliance(seed.scope)
            #expect(Self.numbers(found) == [0, nil, 0])
            #expect(found.inForce.kyb == .none && found.inForce.rules == nil)
            #expect(try await fixture.store.complianceRevisions(seed.scope, PageRequest()).items.isEmpty)
            let stranger = PlatformScope.system.tenant(fixture.store.identifiers.next())
            await #expect(throws: StoreError.notFound) { try await fixture.store.compliance(stranger) }
            await #expect(throws: StoreError.notFound) {
                _ = try await fixture.store.reviseCompliance(
                    stranger, NewComplianceRevision(rules: Seed.bytes("{}"), kyb: .none), version: nil)
            }
        }
    }

    @Test func aRevisionComesBackAsItWasWritten() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let kyb = KYB(
                status: .approved, expiresAt: fixture.store.clock.now() + .seconds(86_400),
                legalEntity: Seed.bytes("Shop GmbH"), registrationNumber: Seed.bytes("HRB 1"),
                address: Seed.bytes("Straße 1"), vaspID: Seed.bytes("V1"), platformCategory: Seed.bytes("gaming"),
                mcc: Seed.bytes("5816"))
            let made = try await seed.compliance(rules: #"{"maxClientFee":"0.02"}"#, kyb: kyb)
            let found = try await fixture.store.compliance(seed.scope).inForce
            #expect(found.number == 1 && found.kyb == kyb && found.rules == Seed.bytes(#"{"maxClientFee":"0.02"}"#))
            #expect(found.effectiveAt == made.effectiveAt && found.createdAt == made.createdAt)
            #expect(found.createdBy == nil, "Subgate itself")
        }
    }

    @Test func theGreatestMomentThatHasComeCountsAndTheGreaterNumberOfTwo() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let start = fixture.store.clock.now()
            try await seed.compliance()
            let (soon, later) = (start + .seconds(3_600), start + .seconds(7_200))
            try await seed.compliance(effectiveAt: later)
            try await seed.compliance(effectiveAt: soon)
            try await seed.compliance(effectiveAt: soon)
            // Written last and in force at once: until the next moment that was set before.
            try await seed.compliance()
            func now() async throws -> [Int32?] { Self.numbers(try await fixture.store.compliance(seed.scope)) }
            #expect(try await now() == [5, 4, 5])
            fixture.clock.advance(by: .seconds(3_600))
            #expect(try await now() == [4, 2, 5])
            fixture.clock.advance(by: .seconds(3_600))
            #expect(try await now() == [2, nil, 5])
        }
    }

    @Test func aNodeWhoseClockIsBehindStillHasTheLastWord() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            fixture.clock.advance(by: .milliseconds(500))
            let ahead = try await seed.compliance()
            fixture.clock.advance(by: .milliseconds(-500))
            let behind = try await seed.compliance()
            #expect(behind.number == 2 && behind.effectiveAt! >= ahead.effectiveAt!)
            fixture.clock.advance(by: .milliseconds(500))
            #expect(Self.numbers(try await fixture.store.compliance(seed.scope)) == [2, nil, 2])
        }
    }

    @Test func onlyTheLatestIsChanged() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let store = fixture.store
            let new = NewComplianceRevision(rules: Seed.bytes("{}"), kyb: .none)
            #expect(try await store.reviseCompliance(seed.scope, new, version: 0).number == 1)
            await #expect(throws: StoreError.stale) {
                _ = try await store.reviseCompliance(seed.scope, new, version: 0)
            }
            #expect(try await store.reviseCompliance(seed.scope, new, version: 1).number == 2)
            _ = try await store.closeSubClient(.system, seed.subClient)
            await #expect(throws: StoreError.subClientClosed) {
                _ = try await store.reviseCompliance(seed.scope, new, version: 2)
            }
        }
    }

    @Test func writersAtOnceGetNumbersOfTheirOwn() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let other = try await fixture.anotherStore()
            let stores = [fixture.store, other]
            let scope = seed.scope
            let made = try await withThrowingTaskGroup(of: Int32.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let new = NewComplianceRevision(rules: Seed.bytes("{}"), kyb: .none)
                        return try await stores[number % 2].reviseCompliance(scope, new, version: nil).number
                    }
                }
                return try await group.reduce(into: [Int32]()) { $0.append($1) }
            }
            #expect(made.sorted() == Array(1...20))
            await other.database.close()
        }
    }

    @Test func revisionsComeInPagesNewestFirst() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            for _ in 0..<5 { try await seed.compliance() }
            var seen: [[Int32]] = []
            var cursor: Cursor?
            repeat {
                let page = try await fixture.store.complianceRevisions(
                    seed.scope, PageRequest(limit: 2, cursor: cursor))
                seen.append(page.items.map(\.number))
                cursor = page.next
            } while cursor != nil
            #expect(seen == [[5, 4], [3, 2], [1]])
        }
    }

    @Test func aCredentialOfProductionNeedsAnApprovedBusinessAtThatMoment() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            func make() async throws {
                _ = try await fixture.store.createCredential(
                    .system, for: seed.subClient,
                    NewCredential(environment: .production, access: .read, name: Seed.bytes("k")))
            }
            await #expect(throws: StoreError.credentialNotAllowed) { try await make() }
            for status in KYBStatus.allCases where status != .approved {
                try await seed.compliance(kyb: KYB(status: status))
                await #expect(throws: StoreError.credentialNotAllowed) { try await make() }
            }
            let start = fixture.store.clock.now()
            try await seed.compliance(
                kyb: KYB(status: .approved, expiresAt: start + .seconds(3_600)), effectiveAt: start + .seconds(60))
            await #expect(throws: StoreError.credentialNotAllowed) { try await make() }
            fixture.clock.advance(by: .seconds(60))
            try await make()
            fixture.clock.advance(by: .seconds(3_540))
            await #expect(throws: StoreError.credentialNotAllowed) { try await make() }
        }
    }

    @Test func theAuditChainTellsWhatWasRevised() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            try await seed.compliance(rules: #"{"maxClientFee":"0.02"}"#)
            let filter = AuditFilter()
            let entry = try await fixture.store.auditEntries(.system, filter, before: nil, limit: 1).entries.at(0)
            let body = String(decoding: entry.body, as: UTF8.self)
            #expect(body.contains("compliance.revised"))
            let details = String(decoding: entry.details ?? [], as: UTF8.self)
            #expect(details.contains("maxClientFee") && details.contains("0.02"))
        }
    }
}
