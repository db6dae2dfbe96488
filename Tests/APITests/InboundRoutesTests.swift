import Crypto
import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing
import Upstream

@testable import API

@Suite struct InboundRoutesTests {
    private static let secret = Array("hook-secret".utf8)

    /// An upstream and a merchant with a link session and an endpoint.
    private struct Scene {
        let fixture: APIFixture
        let merchant: Merchant
        let upstream: UpstreamID
        let reference: TransactionReference

        init(_ fixture: APIFixture) async throws {
            self.fixture = fixture
            merchant = try await fixture.merchant()
            upstream = try await fixture.store.createUpstream(
                .system,
                NewUpstream(
                    name: Array("Mesh".utf8), environment: .sandbox, baseURL: Array("http://127.0.0.1:1".utf8),
                    clientID: UUIDValue(high: 1, low: 1), clientSecret: Secret(Array("x".utf8)),
                    webhookSecrets: [Secret(InboundRoutesTests.secret), Secret(Array("old".utf8))])
            ).id
            await fixture.upstreams.refresh()
            let session: LinkSessionID = fixture.store.identifiers.next()
            try await fixture.store.createLinkSession(
                PlatformScope.system.tenant(merchant.subClient, .sandbox),
                NewLinkSession(
                    id: session, environment: .sandbox, upstream: upstream, credential: merchant.credential,
                    transactionID: Array("order-1".utf8), userID: Array("user-7".utf8), transferType: .payment,
                    amountInFiat: Array("25.5".utf8), hasTransfer: true, expiresAt: fixture.clock.clock.now()))
            reference = TransactionReference(subClient: merchant.subClient, linkSession: session)
        }

        func body(_ event: String = "56713e70-be74-4a37-0036-08da97f5941a", status: String = "Pending") -> String {
            """
            {"Id":"358c6ab7-4518-416b-9266-c680fda3a8dd","EventId":"\(event)","UserId":"ours",
             "TransactionId":"\(String(decoding: reference.text, as: UTF8.self))",
             "TransferId":"dd4063e5-f317-441c-3f07-08dc7353b6f8","TransferStatus":"\(status)",
             "SourceAmount":0.10,"Timestamp":1715175519038,"New":{"a":[1.0]}}
            """
        }

        func post(
            _ body: String, signedWith secret: [UInt8] = InboundRoutesTests.secret, to id: String? = nil,
            headers: [APIFixture.Header]? = nil
        ) async throws -> APIFixture.Answer {
            let signature = Base64.encode(Digest.hmacSHA256(key: secret, Array(body.utf8)))
            return try await fixture.call(
                .post, "/inbound/mesh/\(id ?? upstream.description)", on: "public",
                headers: headers ?? [("X-Mesh-Signature-256", signature)], body: body)
        }
    }

    @Test func anEventIsStoredRoutedAndShownAsTheMerchantsOwn() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            _ = try await scene.merchant.call(.post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/"}"#)
            let answer = try await scene.post(scene.body())
            #expect(answer.status == 200 && answer.body.isEmpty)
            let again = try await scene.post(scene.body(), signedWith: Array("old".utf8))
            #expect(again.status == 200)
            // Lists are in the order of time to the millisecond.
            fixture.clock.advance(by: .milliseconds(2))
            let later = try await scene.post(scene.body("56713e70-be74-4a37-0036-08da97f5941b", status: "Succeeded"))
            #expect(later.status == 200)

            let events = try await scene.merchant.call(.get, "/v1/events").json["data"]!.elements.map { $0 }
            #expect(events.count == 2)
            let first = try events.at(1)
            #expect(first["type"]?.text == "transfer.pending")
            let expected = scene.body()
                .replacing("\"ours\"", with: "\"user-7\"")
                .replacing(String(decoding: scene.reference.text, as: UTF8.self), with: "order-1")
            #expect(Array(first["payload"]!.raw) == Array(expected.utf8))
            #expect(!String(decoding: first.raw, as: UTF8.self).contains("sg1_"))
            let transfers = try await scene.merchant.call(.get, "/v1/transfers").json["data"]!.elements.map { $0 }
            #expect(try transfers.count == 1 && transfers.at(0)["status"]?.text == "succeeded")
            #expect(try transfers.at(0)["sourceAmount"]?.text == "0.1")
            #expect(try transfers.at(0)["transactionId"]?.text == "order-1")
            let session = try await scene.merchant.call(.get, "/v1/link-sessions/\(scene.reference.linkSession)")
            #expect(try session.string("status") == "used")
            #expect(try session.string("transferStatus") == "succeeded")
            #expect(try session.string("amountInFiat") == "25.5")
            #expect(try await scene.merchant.call(.get, "/v1/deliveries").json["data"]!.elements.map { $0 }.count == 2)
            for list in ["events", "transfers", "link-sessions", "deliveries", "webhook-endpoints"] {
                let answer = try await fixture.admin(.get, "/sub-clients/\(scene.merchant.subClient)/\(list)")
                #expect(try answer.json["data"]!.elements.map { $0 }.isEmpty == false)
            }
        }
    }

    @Test func everyBadSignatureGetsTheSameAnswer() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let body = scene.body()
            let good = Base64.encode(Digest.hmacSHA256(key: Self.secret, Array(body.utf8)))
            let header = "X-Mesh-Signature-256"
            let refused: [[APIFixture.Header]] = [
                [], [(header, [])], [(header, good), (header, good)], [(header, good + [0x41])],
                [(header, Hex.encode(Digest.hmacSHA256(key: Self.secret, Array(body.utf8))))],
                [(header, Base64.encode(Digest.hmacSHA256(key: Array("other".utf8), Array(body.utf8))))],
                [(header, Base64.encode(Digest.hmacSHA256(key: Self.secret, Array((body + "\n").utf8))))],
                [("X-Mesh-Signature", good)],
            ]
            var answers: Set<[UInt8]> = []
            for headers in refused {
                let answer = try await scene.post(body, headers: headers)
                #expect(answer.status == 401)
                answers.insert(answer.body)
            }
            #expect(answers.count == 1)
            #expect(try await scene.merchant.call(.get, "/v1/events").text == #"{"data":[],"nextCursor":null}"#)
            #expect(try await scene.post(body, headers: [(header, good)]).status == 200)
        }
    }

    @Test func whatIsNoEventOrTooLargeIsRefused() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            for body in ["{}", "[]", "nonsense", #"{"EventId":1}"#] {
                #expect(try await scene.post(body).status == 400)
            }
            #expect(try await scene.post("{\"x\":\"" + String(repeating: "x", count: 256 * 1024) + "\"}").status == 413)
            #expect(try await scene.post(scene.body(), to: "up_00000000000000000000000001").status == 404)
            #expect(try await scene.post(scene.body(), to: "x").status == 404)
        }
    }

    @Test func anUnroutableEventIsKeptForAPerson() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let foreign =
                #"{"EventId":"56713e70-be74-4a37-0036-08da97f5941a","TransactionId":"order-1"}"#
            #expect(try await scene.post(foreign).status == 200)
            let list = try await fixture.admin(.get, "/quarantine").json["data"]!.elements.map { $0 }
            #expect(try list.count == 1 && list.at(0)["reason"]?.text == "unknownTransactionId")
            #expect(try Array(list.at(0)["payload"]!.raw) == Array(foreign.utf8))
        }
    }

    @Test func noCommitNo200() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let failures = [StoreError.unavailable, .outcomeUnknown, .unexpected(sqlState: "XX000"), .undecipherable]
            for failure in failures {
                fixture.accepting.failure.withValue { $0 = failure }
                let answer = try await scene.post(scene.body())
                #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
                #expect(!answer.text.contains("XX000"))
            }
        }
    }

    /// While somebody replaces what the statements are about, as a restore into a running service's database does.
    @Test(arguments: [
        ("alter table subgate.event_key rename to gone", "alter table subgate.gone rename to event_key"),
        ("alter schema subgate rename to gone", "alter schema gone rename to subgate"),
        ("alter table subgate.event rename column payload to gone", "alter table subgate.event rename gone to payload"),
    ])
    func whereTheSchemaIsAwayOneIsToComeAgain(_ leaving: String, _ back: String) async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let other = "56713e70-be74-4a37-0036-08da97f5941b"
            // Its plan is made, and fits no more.
            #expect(try await scene.post(scene.body()).status == 200)
            try await fixture.asOwner(leaving)
            let answer = try await scene.post(scene.body(other))
            #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
            try await fixture.asOwner(back)
            #expect(try await scene.post(scene.body(other)).status == 200)
            let events = try await scene.merchant.call(.get, "/v1/events").json["data"]!.elements.map { $0 }
            #expect(events.count == 2)
        }
    }

    @Test func whereThereIsNoRoomOneIsRefusedBeforeItIsLookedAt() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            fixture.accepting.hasRoom.withValue { $0 = false }
            let answer = try await scene.post(scene.body(), signedWith: Array("wrong".utf8))
            #expect(answer.status == 503 && answer.headers["retry-after"] == "1")
            #expect(answer.text.contains("Nothing was changed"))
            fixture.accepting.hasRoom.withValue { $0 = true }
            #expect(try await scene.post(scene.body()).status == 200)
        }
    }

    @Test func aNewSecretCountsAtOnceOnTheNodeThatTookIt() async throws {
        try await APIFixture.with { fixture in
            let scene = try await Scene(fixture)
            let path = "/upstreams/\(scene.upstream)"
            #expect(try await fixture.admin(.patch, path, body: #"{"webhookSecrets":["new"]}"#).status == 200)
            #expect(try await scene.post(scene.body()).status == 401)
            #expect(try await scene.post(scene.body(), signedWith: Array("new".utf8)).status == 200)
            #expect(try await fixture.admin(.delete, path).status == 409)
        }
    }
}
