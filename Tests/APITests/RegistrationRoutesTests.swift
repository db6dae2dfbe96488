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

/// Registrations as admins see them; the upstream is played by a few answers.
@Suite struct RegistrationRoutesTests {
    /// An upstream whose list of sub-clients a test gives.
    private final class FakeAccount: Sendable {
        let entries: LoopState<String>
        private let server: LoopState<HTTPServer?>
        private let loop: EventLoop

        init(_ loop: EventLoop) {
            self.loop = loop
            entries = LoopState(loop, "[]")
            server = LoopState(loop, nil)
        }

        func start() throws -> UInt16 {
            let server = HTTPServer(
                loop: loop,
                configuration: HTTPServerConfiguration(
                    requestId: { [0x78] }, errorBody: { _, _ in ("text/plain", []) }, unixTime: { 0 })
            ) { request in
                let content =
                    request.head.path.elementsEqual("/admin/api/v1/Token".utf8)
                    ? #"{"id_token":"a.b.c","expires_in":3600,"status":"succeeded"}"# : self.entries.withValue { $0 }
                return Response(
                    status: 200, contentType: "application/json",
                    body: Array(#"{"content":\#(content),"status":"ok","message":""}"#.utf8))
            }
            self.server.withValue { $0 = server }
            return try server.listen(address: "127.0.0.1", port: 0)
        }

        func stop() async { await server.withValue { $0 }?.drain(within: .milliseconds(100)) }
    }

    private static func with(
        _ body: @escaping @Sendable (APIFixture, FakeAccount, UpstreamID) async throws -> Void
    ) async throws {
        try await APIFixture.with { fixture in
            let account = FakeAccount(fixture.store.loop)
            let url = Seed.bytes("http://127.0.0.1:\(try account.start())")
            let upstream = try await fixture.store.createUpstream(
                .system,
                NewUpstream(
                    name: Seed.bytes("Mesh"), environment: .sandbox, baseURL: url, adminBaseURL: url,
                    clientID: UUIDValue(high: 1, low: 1), clientSecret: Secret(Seed.bytes("x")),
                    adminClientSecret: Secret(Seed.bytes("admin-canary")), webhookSecrets: [Secret(Seed.bytes("x"))]))
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture, account, upstream.id)) } catch { result = .failure(error) }
            await account.stop()
            try result.get()
        }
    }

    private static func subClient(_ fixture: APIFixture, _ name: String = "Shop") async throws -> SubClientID {
        try await fixture.store.createSubClient(
            .system,
            NewSubClient(legalName: Seed.bytes(name), displayName: Seed.bytes(name), country: Seed.bytes("DE"))
        ).id
    }

    @Test func aNewSubClientIsToBeRegistered() async throws {
        try await Self.with { fixture, _, upstream in
            let id = try await Self.subClient(fixture)
            let answer = try await fixture.admin(.get, "/sub-clients/\(id)/registrations")
            #expect(answer.status == 200)
            let registrations = try answer.json["data"]!.elements.map { $0 }
            #expect(registrations.count == 1)
            #expect(try registrations.at(0)["upstreamId"]?.text == upstream.description)
            #expect(try registrations.at(0)["state"]?.text == "pending")
            #expect(try registrations.at(0)["upstreamSubClientId"]?.isNull == true)
            #expect(try await fixture.admin(.get, "/sub-clients/\(id)/registrations?x=1").status == 400)
        }
    }

    @Test func aRetryIsToldInTheAuditChain() async throws {
        try await Self.with { fixture, _, upstream in
            let id = try await Self.subClient(fixture)
            try await fixture.asOwner(
                "update subgate.registration set state = 'failed', due_at = null, last_error = 'refused', attempts = 7")
            let path = "/sub-clients/\(id)/registrations/\(upstream)/retry"
            let answer = try await fixture.admin(.post, path)
            #expect(answer.status == 202)
            #expect(try answer.string("state") == "pending")
            #expect(try answer.json["attempts"]?.integer == 0 && answer.json["nextAttemptAt"]?.isNull == false)
            let entries = try await fixture.admin(.get, "/audit?action=registration.retried")
            let entry = try #require(try entries.json["data"]?.elements.map { $0 }.first)
            #expect(entry["subClientId"]?.text == id.description)
            let other = fixture.store.identifiers.next(UpstreamID.self)
            #expect(
                try await fixture.admin(.post, "/sub-clients/\(id)/registrations/\(other)/retry").status == 404)
            try await fixture.asOwner("update subgate.registration set state = 'removed'")
            #expect(try await fixture.admin(.post, path).status == 409)
        }
    }

    @Test func driftTellsWhatDiffers() async throws {
        try await Self.with { fixture, account, upstream in
            let ids = try await ["Same", "Other", "Gone", "New"].asyncMap { try await Self.subClient(fixture, $0) }
            let bound = (1...3).map { UUIDValue(high: 7, low: UInt64($0)) }
            for (id, entry) in zip(ids, bound) {
                try await fixture.asOwner(
                    """
                    update subgate.registration set upstream_sub_client_id = '\(entry)', synced_version = 1
                    where sub_client_id = '\(id.uuid)'
                    """)
            }
            let strangers = (8...9).map { UUIDValue(high: 7, low: UInt64($0)) }
            account.entries.withValue {
                $0 = """
                    [{"id":"\(bound[0])","businessLegalName":"Same","displayName":"Same","callbackUrls":[],
                    "logoUrl":""},
                    {"id":"\(bound[1])","businessLegalName":"Other","displayName":"X",
                    "callbackUrls":["https://a.example"],
                    "catalogConfiguration":{"excludeIntegrations":["\(bound[2])"]},"logoUrl":"https://x.example/a.png"},
                    {"id":"\(strangers[0])","businessLegalName":"Same","displayName":"Same","callbackUrls":null},
                    {"id":"\(strangers[1])","businessLegalName":"Nobody","displayName":"N"}]
                    """
            }
            let answer = try await fixture.admin(.get, "/upstreams/\(upstream)/drift")
            #expect(answer.status == 200 && !answer.text.contains("admin-canary"))
            let root = try answer.json
            #expect(root["wantedCount"]?.integer == 4 && root["foundCount"]?.integer == 4)
            #expect(root["findingCount"]?.integer == 5)
            let findings = root["findings"]!.elements.map { $0 }
            let kinds = Set(
                findings.map { "\($0["kind"]?.text ?? "") \($0["displayName"]?.text ?? "")" })
            #expect(kinds == ["different Other", "missing Gone", "missing New", "duplicate Same", "unknown N"])
            let fields = findings.first { $0["kind"]?.text == "different" }?["fields"]?.elements.map { field in
                "\(field["name"]!.text!) \(String(decoding: field["wanted"]!.raw, as: UTF8.self))"
                    + " \(String(decoding: field["found"]!.raw, as: UTF8.self))"
            }
            #expect(
                fields == [
                    #"displayName "Other" "X""#, #"callbackUrls [] ["https://a.example"]"#,
                    #"catalogConfiguration null {"excludeIntegrations":["\#(bound[2])"]}"#, "hasLogo false true",
                ])
        }
    }

    @Test func driftNeedsKeysAndAnAnswer() async throws {
        try await Self.with { fixture, account, upstream in
            account.entries.withValue { $0 = #"[{"id":"x"}]"# }
            #expect(try await fixture.admin(.get, "/upstreams/\(upstream)/drift").status == 503)
            await account.stop()
            let away = try await fixture.admin(.get, "/upstreams/\(upstream)/drift")
            #expect(away.status == 503)
            #expect(try away.string("code") == "unavailable")
            let patch = try await fixture.admin(.patch, "/upstreams/\(upstream)", body: #"{"adminClientSecret":null}"#)
            #expect(patch.status == 200)
            #expect(try await fixture.admin(.get, "/upstreams/\(upstream)/drift").status == 409)
            let other = fixture.store.identifiers.next(UpstreamID.self)
            #expect(try await fixture.admin(.get, "/upstreams/\(other)/drift").status == 404)
        }
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
