import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct QuarantineAssignTests {
    /// A sub-client with an endpoint, and an event that names no link session: its id in quarantine.
    static func stray(_ fixture: APIFixture) async throws -> (merchant: Merchant, seed: Seed, id: String) {
        let merchant = try await fixture.merchant()
        let upstream = try await fixture.store.createUpstream(
            .system,
            NewUpstream(
                name: Seed.bytes("mesh"), environment: .sandbox, baseURL: Seed.bytes("http://127.0.0.1:1"),
                clientID: UUIDValue(high: 1, low: 1), clientSecret: Secret(Seed.bytes("secret")),
                webhookSecrets: [Secret(Seed.bytes("hook"))]))
        let seed = Seed(store: fixture.store, subClient: merchant.subClient, upstream: upstream.id)
        _ = try await seed.endpoint()
        _ = try await seed.endpoint("http://127.0.0.1:9/other", types: ["transfer.failed"])
        let body = """
            {"EventId":"00000000-0000-4000-8000-00000000000a","TransferStatus":"Succeeded","TransactionId":"t",\
            "Timestamp":1715175519038}
            """
        let event = try MeshEvent.read(
            Seed.bytes(body), upstream: upstream.id, id: fixture.store.identifiers.next(),
            transferID: fixture.store.identifiers.next())
        let accepted = try await fixture.store.accept([event], lease: nil)
        #expect(try accepted.at(0).fate == .quarantined)
        let list = try await fixture.admin(.get, "/quarantine")
        let first = try list.json["data"]!.elements.first { _ in true }
        return (merchant, seed, try #require(first?["id"]?.text))
    }

    @Test func itBecomesTheSubClientsOnceHoweverManyAsk() async throws {
        try await APIFixture.with { fixture in
            let (merchant, seed, id) = try await Self.stray(fixture)
            let name = String(decoding: merchant.subClient.text, as: UTF8.self)
            async let one = fixture.admin(.post, "/quarantine/\(id)/assign", body: #"{"subClientId":"\#(name)"}"#)
            async let two = fixture.admin(.post, "/quarantine/\(id)/assign", body: #"{"subClientId":"\#(name)"}"#)
            let answers = try await [one, two]
            #expect(answers.map(\.status).sorted() == [200, 404])
            let made = try #require(answers.first { $0.status == 200 })
            #expect(try made.string("type") == "transfer.succeeded")
            #expect(try made.string("upstreamEventId") == "00000000-0000-4000-8000-00000000000a")
            let events = try await merchant.call(.get, "/v1/events").json["data"]!.elements.map { $0["id"]?.text }
            #expect(events == [try made.string("id")])
            let deliveries = try await fixture.store.deliveries(seed.scope, DeliveryFilter(), PageRequest())
            #expect(deliveries.items.map(\.status) == [.pending])
            try await fixture.store.writeUsage()
            let used = try await fixture.admin(.get, "/usage")
            #expect(used.text.contains(#""linkTokens":0,"events":1,"deliveries":1,"attempts":0"#), "\(used.text)")
            let list = try await fixture.admin(.get, "/quarantine")
            #expect(list.text == #"{"data":[],"nextCursor":null}"#)
            let audit = try await fixture.admin(.get, "/audit?action=quarantine.assigned")
            #expect(try audit.json["data"]!.elements.map { $0["target"]?["id"]?.text } == [id])
        }
    }

    @Test func whatIsWrongIsSaidAndNothingIsTaken() async throws {
        try await APIFixture.with { fixture in
            let (merchant, _, id) = try await Self.stray(fixture)
            let path = "/quarantine/\(id)/assign"
            for body in ["{}", #"{"subClientId":7}"#, #"{"subClientId":"x"}"#] {
                let answer = try await fixture.admin(.post, path, body: body)
                #expect(answer.status == 400 && answer.text.contains("subClientId"), "\(body)")
            }
            let missing = #"{"subClientId":"sc_00000000000000000000000001"}"#
            #expect(try await fixture.admin(.post, path, body: missing).status == 404)
            let name = String(decoding: merchant.subClient.text, as: UTF8.self)
            _ = try await fixture.admin(.delete, "/sub-clients/\(name)")
            #expect(try await fixture.admin(.post, path, body: #"{"subClientId":"\#(name)"}"#).status == 409)
            let list = try await fixture.admin(.get, "/quarantine")
            #expect(list.text.contains(id))
        }
    }
}
