import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing
import Upstream

/// Never two entries for one sub-client: whatever answer is lost, wherever a node dies.
@Suite struct RegistrarCrashTests {
    /// After each step of a registration the node dies; another takes over when the lease has run out.
    @Test(arguments: RegistrationStep.allCases)
    func aNodeThatDiesIsFollowedByAnother(_ step: RegistrationStep) async throws {
        try await RegistrarFixture.with { fixture in
            let other = try await fixture.base.anotherStore()
            let id = try await fixture.subClient()
            try fixture.giveLogo(id)
            // Its second attempt replaces, its third removes: the steps that a first one does not come by.
            let dying = fixture.registrar(dying: step)
            await dying.runOnce()
            fixture.clock.advance(by: .seconds(181))
            try await fixture.settle(fixture.registrar(on: other))
            try fixture.giveOrigins(id, ["https://shop.example"])
            await dying.runOnce()
            fixture.clock.advance(by: .seconds(181))
            try await fixture.settle(fixture.registrar(on: other))
            let entries = try fixture.entries()
            #expect(entries.count == 1)
            #expect(entries.first?.logo == RegistrarFixture.logo && entries.first?.displayName == "Branded")
            let registration = try await fixture.registration(id)
            #expect(registration.state == .synced && registration.upstreamSubClientID == entries.first?.id)
            #expect(try fixture.count("subgate.registration_creation") == 0)

            try await fixture.store.closeSubClient(.system, id)
            await dying.runOnce()
            fixture.clock.advance(by: .seconds(181))
            try await fixture.settle(fixture.registrar(on: other))
            #expect(try fixture.entries().isEmpty)
            #expect(try await fixture.registration(id).state == .removed)
            await other.database.close()
        }
    }

    @Test(arguments: ["dropAnswer", "serverFailure", "tooManyRequests", "unauthorized", "slow"])
    func aCreateWithoutAnAnswerIsNotRepeatedBlindly(_ fault: String) async throws {
        try await RegistrarFixture.with { fixture in
            let delay = fault == "slow" ? #","delayMs":8000"# : ""
            let answer = fault == "slow" ? "" : #""answer":"\#(fault)","#
            try await fixture.fail(#"\#(answer)"operations":["createSubClient"]\#(delay)"#)
            let id = try await fixture.subClient()
            let quick = AccountTimeouts(call: .seconds(4), list: .seconds(60), logo: .seconds(60))
            let registrar = fixture.registrar(timeouts: fault == "slow" ? quick : .standard)
            await registrar.runOnce()
            if fault != "unauthorized" { #expect(try await fixture.registration(id).state == .pending) }
            // Whether it was made shows in the list; only if it does not is it sent again, a minute later.
            let isMade = try fixture.entries().count
            #expect(isMade == (["dropAnswer", "slow", "unauthorized"].contains(fault) ? 1 : 0))
            fixture.clock.advance(by: .seconds(10))
            await registrar.runOnce()
            if fault == "serverFailure" { #expect(try fixture.entries().isEmpty) }
            try await fixture.settle(registrar)
            let entries = try fixture.entries()
            #expect(entries.count == 1)
            #expect(try await fixture.registration(id).upstreamSubClientID == entries.first?.id)
        }
    }

    /// Named alike, both lose the answer to their create: neither is taken for the other.
    @Test func twinsAreNotTakenForEachOther() async throws {
        try await RegistrarFixture.with { fixture in
            let other = try await fixture.base.anotherStore()
            let ids = [try await fixture.subClient(), try await fixture.subClient()]
            let drop = #""answer":"dropAnswer","operations":["createSubClient"]"#
            try await fixture.fail([drop, drop])
            let (one, two) = (fixture.registrar(), fixture.registrar(on: other))
            async let first = one.runOnce()
            async let second = two.runOnce()
            _ = await (first, second)
            // One of them at most has sent anything.
            #expect(try fixture.entries().count == 1)
            try await fixture.settle(one, two)
            let bound = [
                try await fixture.registration(ids[0]).upstreamSubClientID,
                try await fixture.registration(ids[1]).upstreamSubClientID,
            ]
            #expect(try Set(bound) == Set(fixture.entries().map(\.id)) && Set(bound).count == 2)
            await other.database.close()
        }
    }

    @Test func aNameChangedMeanwhileDoesNotHideWhatWasMade() async throws {
        try await RegistrarFixture.with { fixture in
            try await fixture.fail(#""answer":"dropAnswer","operations":["createSubClient"]"#)
            let id = try await fixture.subClient()
            let registrar = fixture.registrar()
            await registrar.runOnce()
            var changes = SubClientChanges()
            changes.displayName = Seed.bytes("Renamed")
            _ = try await fixture.store.updateSubClient(.system, id, changes, version: nil)
            try await fixture.settle(registrar)
            #expect(try fixture.entries().map(\.displayName) == ["Renamed"])
        }
    }

    @Test func whatIsClosedWhileItsCreateIsUnknownIsRemoved() async throws {
        try await RegistrarFixture.with { fixture in
            try await fixture.fail(#""answer":"dropAnswer","operations":["createSubClient"]"#)
            let id = try await fixture.subClient()
            let registrar = fixture.registrar()
            await registrar.runOnce()
            #expect(try fixture.entries().count == 1)
            try await fixture.store.closeSubClient(.system, id)
            try await fixture.settle(registrar)
            #expect(try fixture.entries().isEmpty)
            #expect(try await fixture.registration(id).state == .removed)
        }
    }

    /// Many at once, on two nodes, with faults of all kinds.
    @Test func everyoneIsRegisteredOnceWhateverFails() async throws {
        try await RegistrarFixture.with { fixture in
            let other = try await fixture.base.anotherStore()
            var ids: [SubClientID] = []
            for number in 0..<12 { ids.append(try await fixture.subClient("Shop \(number % 9)")) }
            for id in ids { try fixture.giveLogo(id) }
            let kinds = ["dropAnswer", "serverFailure", "tooManyRequests", "unauthorized"]
            let operations = [
                "createSubClient", "listSubClients", "replaceSubClient", "uploadLogo", "createToken", "createSubClient",
            ]
            let faults = (0..<40).map { number in
                #""answer":"\#(kinds[number % 4])","operations":["\#(operations[number % 6])"]"#
            }
            try await fixture.fail(faults)
            let (one, two) = (fixture.registrar(), fixture.registrar(on: other))
            for _ in 0..<3 {
                async let first = one.runOnce()
                async let second = two.runOnce()
                _ = await (first, second)
                fixture.clock.advance(by: .seconds(7))
            }
            try await fixture.settle(one, two)
            var bound: Set<UUIDValue> = []
            for id in ids {
                let registration = try await fixture.registration(id)
                let reason = String(decoding: registration.lastError ?? [], as: UTF8.self)
                #expect(registration.state == .synced, "\(reason)")
                if let entry = registration.upstreamSubClientID { bound.insert(entry) }
            }
            let entries = try fixture.entries()
            #expect(bound == Set(entries.map(\.id)) && bound.count == ids.count && entries.count == ids.count)
            #expect(entries.allSatisfy { $0.logo == RegistrarFixture.logo })
            await other.database.close()
        }
    }

    /// A worker that lost its lease writes nothing, whatever it has done meanwhile.
    @Test func aLostLeaseIsLost() async throws {
        try await RegistrarFixture.with { fixture in
            let id = try await fixture.subClient()
            let store = fixture.store
            func claim() async throws -> ClaimedRegistration {
                try #require(try await store.claimRegistrations(limit: 1, lease: .seconds(60), resting: []).first)
            }
            let first = try await claim()
            let task = try await store.readRegistration(first)
            #expect(try await store.claimRegistrations(limit: 1, lease: .seconds(60), resting: []).isEmpty)
            fixture.clock.advance(by: .seconds(61))
            let second = try await claim()
            let entry = UUIDValue(high: 5, low: 5)
            let writes: [@Sendable () async throws -> Void] = [
                { _ = try await store.readRegistration(first) },
                { try await store.markCreation(first, at: store.clock.now()) },
                { try await store.bindRegistration(first, to: entry, isNew: true) },
                { try await store.unbindRegistration(first) },
                { try await store.setRegistrationLogo(first, digest: nil, isCertain: true) },
                { try await store.settleRegistration(first, version: task.version, state: .synced) },
                {
                    try await store.failRegistration(
                        first, version: task.version, RegistrationFailure(state: .failed, dueAt: nil, code: "x"))
                },
            ]
            for write in writes { await #expect(throws: StoreError.stale) { try await write() } }
            #expect(try await !store.takeCreation(first, legalName: Seed.bytes("a"), displayName: Seed.bytes("b")))
            try await store.bindRegistration(second, to: entry, isNew: true)
            try await store.settleRegistration(second, version: task.version, state: .synced)
            #expect(try await fixture.registration(id).upstreamSubClientID == entry)
        }
    }
}
