import Domain
import Foundation
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@Suite struct OperatorNoticeTests {
    private static let secret = Seed.bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")

    private func hook(_ store: Store, _ types: [String] = ["*"]) async throws -> EndpointID {
        try await store.createEndpoint(
            PlatformScope.system.operatorWebhooks,
            NewEndpoint(
                url: Seed.bytes("http://127.0.0.1:9/operator"), eventTypes: types.map(Seed.bytes),
                payloadFormat: .standard, secret: Self.secret), limit: 50
        ).endpoint.id
    }

    /// A notice as its cause writes it, in a sub-client's scope or, without one, in the platform's.
    private func notice(
        _ fixture: StoreFixture, _ type: String, about subClient: SubClientID?, _ subject: UUIDValue,
        occurrences: Int = 1, delivery: DeliveryID? = nil
    ) async throws {
        let moment = String(decoding: fixture.clock.clock.now().rfc3339(), as: UTF8.self)
        @Sendable func text(_ id: UUIDValue) -> String { "'\(String(decoding: id.text, as: UTF8.self))'" }
        let owner = text(subClient?.uuid ?? UUIDValue(high: 0, low: 0))
        let database = fixture.testDatabase
        try await onOwnThread {
            let app = try BlockingConnection(database.connectionString)
            let scope = subClient == nil ? "'subgate.platform', 'on'" : "'subgate.sub_client', \(owner)"
            try app.execute(
                """
                begin; select set_config(\(scope), true);
                insert into subgate.operator_notice (sub_client_id, type, subject_id, reason, delivery_id, occurrences,
                    noted_at)
                values (\(owner), '\(type)', \(text(subject)), 'reason', \(delivery.map { text($0.uuid) } ?? "null"),
                    \(occurrences), '\(moment)');
                commit
                """)
        }
    }

    private func events(_ store: Store) async throws -> [Event] {
        try await store.events(PlatformScope.system.operatorWebhooks, PageRequest(limit: 100)).items
    }

    private func data(_ event: Event) throws -> [String: any Sendable] {
        let object = try JSONSerialization.jsonObject(with: Data(event.payload)) as? [String: Any] ?? [:]
        return object.mapValues { ($0 as? Int).map { $0 as any Sendable } ?? "\($0)" }
    }

    private func make(_ store: Store) async throws -> Int {
        try await store.makeOperatorEvents(pause: .seconds(60), size: 1_000)
    }

    @Test func eachTypeSaysWhatItIsAbout() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            let endpoint = try await seed.endpoint()
            let hook = try await self.hook(store)
            let delivery: DeliveryID = store.identifiers.next()
            try await notice(fixture, "endpoint.disabled", about: seed.subClient, endpoint.uuid)
            try await notice(
                fixture, "delivery.exhausted", about: seed.subClient, endpoint.uuid, occurrences: 3, delivery: delivery)
            try await notice(fixture, "quarantine.added", about: nil, seed.upstream.uuid, occurrences: 7)
            #expect(try await make(store) == 3)
            let made = Dictionary(uniqueKeysWithValues: try await events(store).map { ($0.type.rawValue, $0) })
            let disabled = try data(try #require(made["endpoint.disabled"]))
            #expect(disabled["subClientId"] as? String == "\(seed.subClient)")
            #expect(disabled["endpointId"] as? String == "\(endpoint)")
            #expect(disabled["environment"] as? String == "sandbox" && disabled["reason"] as? String == "reason")
            let exhausted = try data(try #require(made["delivery.exhausted"]))
            #expect(exhausted["count"] as? Int == 3 && exhausted["deliveryId"] as? String == "\(delivery)")
            let quarantined = try data(try #require(made["quarantine.added"]))
            #expect(quarantined["count"] as? Int == 7 && quarantined["upstreamId"] as? String == "\(seed.upstream)")
            #expect(quarantined["environment"] as? String == "sandbox")
            let owed = try await store.deliveries(
                PlatformScope.system.operatorWebhooks, DeliveryFilter(), PageRequest()
            ).items
            #expect(owed.count == 3 && owed.allSatisfy { $0.endpoint == hook && $0.status == .pending })
            #expect(try await make(store) == 0)
            // The merchant sees none of it.
            #expect(try await store.events(seed.scope, PageRequest()).items.isEmpty)
        }
    }

    /// 10 000 in a second are told at once, and then once a minute, and none is lost of the count.
    @Test func aStormIsToldOnceAMinute() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await hook(fixture.store)
            // Time goes on meanwhile: it was told between these two.
            var told: [(after: Timestamp, before: Timestamp)] = []
            for _ in 0..<130 {
                try await notice(fixture, "quarantine.added", about: nil, seed.upstream.uuid, occurrences: 10)
                let begin = fixture.clock.clock.now()
                if try await make(fixture.store) == 1 { told.append((begin, fixture.clock.clock.now())) }
                fixture.clock.advance(by: .seconds(1))
            }
            #expect(told.count >= 3)
            #expect(zip(told, told.dropFirst()).allSatisfy { $1.before - $0.after >= .seconds(60) })
            fixture.clock.advance(by: .seconds(61))
            #expect(try await make(fixture.store) == 1)
            let counts = try await events(fixture.store).map { try data($0)["count"] as? Int ?? 0 }
            #expect(counts.count == told.count + 1 && counts.reduce(0, +) == 1_300)
        }
    }

    @Test func endpointsAreToldOfOneByOne() async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let endpoint = try await seed.endpoint()
            _ = try await hook(fixture.store)
            for type in ["endpoint.disabled", "endpoint.recovered", "endpoint.disabled"] {
                try await notice(fixture, type, about: seed.subClient, endpoint.uuid)
                fixture.clock.advance(by: .seconds(1))
            }
            #expect(try await make(fixture.store) == 3)
        }
    }

    @Test func onlyWhatIsAskedForIsMade() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let seed = try await Seed.make(store)
            let endpoint = try await seed.endpoint()
            try await notice(fixture, "quarantine.added", about: nil, seed.upstream.uuid)
            #expect(try await make(store) == 0)
            let family = try await hook(store, ["endpoint.*"])
            let exact = try await hook(store, ["delivery.exhausted"])
            fixture.clock.advance(by: .seconds(61))
            for type in ["endpoint.disabled", "delivery.exhausted"] {
                try await notice(
                    fixture, type, about: seed.subClient, endpoint.uuid, delivery: store.identifiers.next())
            }
            try await notice(fixture, "quarantine.added", about: nil, seed.upstream.uuid)
            #expect(try await make(store) == 2)
            let owed = try await store.deliveries(
                PlatformScope.system.operatorWebhooks, DeliveryFilter(), PageRequest()
            ).items
            #expect(
                Set(owed.map { [$0.eventType.rawValue, "\($0.endpoint)"] }) == [
                    ["endpoint.disabled", "\(family)"], ["delivery.exhausted", "\(exact)"],
                ])
        }
    }

    /// What the PSP's own endpoint did not take would otherwise feed itself for ever.
    @Test func itsOwnFailuresAreNotToldToIt() async throws {
        try await StoreFixture.with { fixture in
            let hook = try await self.hook(fixture.store)
            let platform = SubClientID(UUIDValue(high: 0, low: 0))
            try await notice(
                fixture, "delivery.exhausted", about: platform, hook.uuid, delivery: fixture.store.identifiers.next())
            #expect(try await make(fixture.store) == 0)
            try await notice(fixture, "endpoint.disabled", about: platform, hook.uuid)
            #expect(try await make(fixture.store) == 1)
            let told = try await events(fixture.store).map { try data($0) }
            #expect(told.map { $0["endpointId"] as? String } == ["\(hook)"])
            #expect(told.map { $0["subClientId"] as? String } == ["<null>"])
        }
    }

    /// An endpoint needs its sub-client as before; the platform's needs none, and no list shows one.
    @Test func thePlatformIsNoSubClient() async throws {
        try await StoreFixture.with { fixture in
            _ = try await hook(fixture.store)
            let stranger = PlatformScope.system.tenant(fixture.store.identifiers.next(), .sandbox)
            let new = NewEndpoint(
                url: Seed.bytes("http://127.0.0.1:9/"), eventTypes: [Seed.bytes("*")], payloadFormat: .mesh,
                secret: Self.secret)
            await #expect(throws: StoreError.notFound) {
                try await fixture.store.createEndpoint(stranger, new, limit: 50)
            }
            let listed = try await fixture.store.subClients(.system, SubClientFilter(), PageRequest())
            #expect(listed.items.isEmpty)
        }
    }
}
