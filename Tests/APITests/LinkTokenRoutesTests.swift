import Crypto
import Domain
import HTTPClient
import HTTPServer
import JSON
import Runtime
import Store
import TestSupport
import Testing
import Upstream

@testable import API

@Suite struct LinkTokenRoutesTests {
    /// An upstream on a loopback port that answers what a test says and keeps what it was asked.
    final class FakeMesh: Sendable {
        let asked: LoopState<[(clientID: [UInt8], secret: [UInt8], body: [UInt8])]>
        /// Each request's `traceparent`, empty without one.
        let traces: LoopState<[[UInt8]]>
        let answer: LoopState<Response>
        /// What happens while it works.
        let meanwhile: LoopState<(@Sendable () async -> Void)?>
        private let fixture: APIFixture
        private let port: LoopState<UInt16>
        private let server: LoopState<HTTPServer?>
        private let loop: EventLoop

        init(_ fixture: APIFixture) {
            loop = fixture.store.loop
            self.fixture = fixture
            meanwhile = LoopState(fixture.store.loop, nil)
            port = LoopState(fixture.store.loop, 0)
            asked = LoopState(fixture.store.loop, [])
            traces = LoopState(fixture.store.loop, [])
            answer = LoopState(fixture.store.loop, FakeMesh.minted)
            server = LoopState(fixture.store.loop, nil)
        }

        static let link = Base64.encode(Array("https://web.example.com/b2b-iframe/x?auth_code=y".utf8))
        static let minted = Response(
            status: 200, contentType: "application/json",
            body: Array(#"{"content":{"linkToken":""#.utf8) + link
                + Array(
                    #"","paymentLink":"https://pay.example.com/?linkToken=x"},"errorHash":"8d443794"}"#
                        .utf8))

        func start() throws -> UInt16 {
            let server = HTTPServer(
                loop: loop,
                configuration: HTTPServerConfiguration(
                    requestId: { [0x78] }, errorBody: { _, _ in ("text/plain", []) }, unixTime: { 0 })
            ) { request in
                let body = (try? await request.body.collect(upTo: 1 << 20)) ?? []
                let id = Array(request.head.headers["x-client-id"] ?? [])
                let secret = Array(request.head.headers["x-client-secret"] ?? [])
                self.asked.withValue { $0.append((id, secret, body)) }
                let trace = Array(request.head.headers["traceparent"] ?? [])
                self.traces.withValue { $0.append(trace) }
                await self.meanwhile.withValue { $0 }?()
                return self.answer.withValue { $0 }
            }
            self.server.withValue { $0 = server }
            let listening = try server.listen(address: "127.0.0.1", port: FreePorts.take(1)[0])
            port.withValue { $0 = listening }
            return listening
        }

        /// Becomes an environment's upstream.
        func serve(_ environment: Environment) async throws {
            let port = port.withValue { $0 }
            _ = try await fixture.store.createUpstream(
                .system,
                NewUpstream(
                    name: Array("Mesh".utf8), environment: environment,
                    baseURL: Array("http://127.0.0.1:\(port)".utf8), clientID: UUIDValue(high: 1, low: 1),
                    clientSecret: Secret(Array("psp-secret".utf8)), webhookSecrets: [Secret(Array("x".utf8))]))
            await fixture.upstreams.refresh()
        }

        /// Whoever asks it from now on is refused.
        func stop() async { await server.withValue { $0 }?.drain(within: .milliseconds(100)) }
    }

    static func with(
        _ body: @escaping @Sendable (APIFixture, FakeMesh, Merchant) async throws -> Void
    ) async throws {
        try await APIFixture.with { fixture in
            let mesh = FakeMesh(fixture)
            _ = try mesh.start()
            try await mesh.serve(.sandbox)
            let merchant = try await fixture.merchant()
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture, mesh, merchant)) } catch { result = .failure(error) }
            await mesh.stop()
            try result.get()
        }
    }

    static func mint(
        _ merchant: Merchant, _ body: String, contentType: String = "application/json",
        headers: [APIFixture.Header] = []
    ) async throws -> APIFixture.Answer {
        try await merchant.fixture.call(
            .post, "/api/v1/linkToken", on: "public", headers: merchant.meshHeaders + headers, body: body,
            contentType: contentType)
    }

    private static let order =
        #"{"UserId":"user-7","transferOptions":{"transactionId":"order-1","amountInFiat":25.50}}"#

    @Test func aTokenIsMintedAndItsSessionKept() async throws {
        try await Self.with { fixture, mesh, merchant in
            let answer = try await Self.mint(merchant, Self.order)
            #expect(answer.status == 200)
            #expect(try answer.json["content"]?["linkToken"]?.string == FakeMesh.link)
            #expect(try answer.string("errorHash") == "8d443794")
            #expect(try answer.string("message") == "")

            let asked = try #require(mesh.asked.withValue { $0 }.first)
            #expect(asked.secret == Array("psp-secret".utf8))
            let sessions = try await merchant.call(.get, "/v1/link-sessions").json["data"]!.elements.map { $0 }
            let session = try #require(LinkSessionID(text: sessions.at(0)["id"]!.string!))
            #expect(try sessions.at(0)["transactionId"]?.text == "order-1")
            #expect(try sessions.at(0)["userId"]?.text == "user-7")
            #expect(try sessions.at(0)["amountInFiat"]?.text == "25.5" && sessions.at(0)["status"]?.text == "created")
            let reference = TransactionReference(subClient: merchant.subClient, linkSession: session)
            let expected = Self.order
                .replacing(
                    "user-7",
                    with: String(
                        decoding: NamespacedUser.id(of: Array("user-7".utf8), in: merchant.subClient), as: UTF8.self)
                )
                .replacing("order-1", with: String(decoding: reference.text, as: UTF8.self))
            #expect(asked.body == Array(expected.utf8))
        }
    }

    /// One that is named goes on; one that is not, or not rightly, is made.
    @Test func theUpstreamIsToldTheTrace() async throws {
        try await Self.with { _, mesh, merchant in
            let named = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            for header in [named, named.uppercased(), "00-" + String(repeating: "0", count: 32) + named.dropFirst(35)] {
                let headers = [(name: "traceparent", value: Array(header.utf8))]
                #expect(try await Self.mint(merchant, Self.order, headers: headers).status == 200)
            }
            #expect(try await Self.mint(merchant, Self.order).status == 200)
            let told = mesh.traces.withValue { $0 }.map { TraceContext(traceparent: $0[...]) }
            let taken = try #require(TraceContext(traceparent: Array(named.utf8)[...]))
            #expect(told.map { $0?.trace == taken.trace } == [true, false, false, false])
            #expect(told.allSatisfy { $0 != nil && $0?.span != taken.span })
            #expect(Set(told.map { $0?.trace }).count == 4)
        }
    }

    @Test func brandingIsInTheNextTokenOfItsSubClientAlone() async throws {
        try await Self.with { fixture, mesh, merchant in
            #expect(try await Self.mint(merchant, Self.order).json["content"]?["linkToken"]?.string == FakeMesh.link)
            let put = try await fixture.admin(
                .put, "/sub-clients/\(merchant.subClient)/branding",
                body: ##"{"primaryColor":"#0A0B0C","theme":"dark","language":"fr-FR"}"##)
            #expect(put.status == 200)
            let answer = try await Self.mint(merchant, Self.order)
            let token = try #require(try answer.json["content"]?["linkToken"]?.string)
            let style = PercentCoding.encode(Base64.encode(Array(##"{"pc":"#0a0b0c","th":"dark"}"##.utf8)))
            #expect(
                Base64.decode(token)
                    == Array("https://web.example.com/b2b-iframe/x?auth_code=y&link_style=".utf8) + style
                    + Array("&th=dark&lng=fr-FR".utf8))
            // Another merchant's stay as they are.
            let other = try await fixture.merchant()
            #expect(try await Self.mint(other, Self.order).json["content"]?["linkToken"]?.string == FakeMesh.link)
        }
    }

    @Test func aTokenCarriesTheSubClientAsItsUpstreamKnowsIt() async throws {
        try await Self.with { fixture, mesh, merchant in
            let upstream = try #require(await fixture.upstreams.upstream(for: .sandbox)).id
            let id = UUIDValue(high: 3, low: 4)
            func asked(by merchant: Merchant) async throws -> String? {
                #expect(try await Self.mint(merchant, Self.order).status == 200)
                let body = try #require(mesh.asked.withValue { $0.last }).body
                return try JSONDocument.parse(body).root["subClientId"]?.text
            }
            #expect(try await asked(by: merchant) == nil)
            let elsewhere = UpstreamID(UUIDValue(high: 9, low: 9))
            for (place, expected) in [(elsewhere, nil), (upstream, id.description)] {
                // Another one each time: what is known of a key may be a moment old.
                let other = try await fixture.merchant()
                try await fixture.asOwner(
                    """
                    insert into subgate.registration (sub_client_id, upstream_id, state, upstream_sub_client_id,
                        created_at, updated_at)
                    values ('\(other.subClient.uuid)', '\(place.uuid)', 'synced', '\(id)', now(), now())
                    """)
                #expect(try await asked(by: other) == expected)
            }
        }
    }

    @Test func theUpstreamsFailuresAreToldWithoutItsSecrets() async throws {
        try await Self.with { fixture, mesh, merchant in
            let cases: [(Response, Int, String)] = [
                (Response(status: 401), 502, "serverFailure"), (Response(status: 403), 502, "serverFailure"),
                (Response(status: 404), 502, "serverFailure"), (Response(status: 500), 502, "serverFailure"),
                (Response(status: 302), 502, "serverFailure"),
                (
                    Response(status: 200, contentType: "text/html", body: Array("<html>psp-secret".utf8)), 502,
                    "serverFailure"
                ),
                (
                    Response(
                        status: 200, contentType: "application/json", body: [UInt8](repeating: 0x20, count: 100_000)),
                    502, "serverFailure"
                ),
                (Response(status: 429), 429, "tooManyRequest"),
                (
                    Response(
                        status: 400, contentType: "application/json",
                        body: Array(
                            #"{"status":"badRequest","message":"Network not supported","displayMessage":"No"}"#.utf8)),
                    400, "badRequest"
                ),
            ]
            for (response, status, word) in cases {
                mesh.answer.withValue { $0 = response }
                let answer = try await Self.mint(merchant, Self.order)
                #expect(answer.status == status)
                #expect(try answer.string("status") == word)
                #expect(!answer.text.contains("psp-secret"))
                if status == 400 {
                    #expect(try answer.string("message") == "Network not supported")
                    #expect(try answer.string("displayMessage") == "No")
                }
            }
            #expect(try await merchant.call(.get, "/v1/link-sessions").text == #"{"data":[],"nextCursor":null}"#)
            await mesh.stop()
            let away = try await Self.mint(merchant, Self.order)
            #expect(away.status == 503 && away.headers["retry-after"] == "1", "\(away.status) \(away.text)")
        }
    }

    @Test func onlyWhoMayGetsAToken() async throws {
        try await Self.with { fixture, mesh, merchant in
            let reader = try await fixture.merchant(access: .read)
            #expect(try await Self.mint(reader, Self.order).status == 403)
            _ = try await fixture.store.suspendSubClient(.system, merchant.subClient, reason: Array("x".utf8))
            let suspended = try await Self.mint(merchant, Self.order)
            #expect(suspended.status == 403)
            #expect(try suspended.string("status") == "permissionDenied")
            let live = try await fixture.merchant(environment: .production)
            let none = try await Self.mint(live, Self.order)
            #expect(none.status == 404)
            #expect(mesh.asked.withValue { $0.isEmpty })
        }
    }

    @Test func badRequestsNeverReachTheUpstream() async throws {
        try await Self.with { fixture, mesh, merchant in
            let bad = try await Self.mint(merchant, #"{"userId":"a","transferOptions":{"clientFee":2}}"#)
            #expect(bad.status == 400)
            #expect(try bad.string("message") == "The field ClientFee must be between 0 and 1.")
            #expect(try bad.string("errorType") == "invalidField")
            #expect(try await Self.mint(merchant, Self.order, contentType: "text/plain").status == 415)
            #expect(try await Self.mint(merchant, Self.order, contentType: "text/json").status == 200)
            #expect(
                try await Self.mint(merchant, Self.order, contentType: "application/x+JSON; charset=utf-8").status
                    == 200)
            #expect(
                try await Self.mint(merchant, "{\"userId\":\"" + String(repeating: "x", count: 300_000) + "\"}").status
                    == 413)
            #expect(mesh.asked.withValue { $0.count } == 2)
        }
    }
}
