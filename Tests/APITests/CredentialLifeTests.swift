import Crypto
import Domain
import HTTPClient
import JSON
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// Secrets that follow each other under one client id.
@Suite struct CredentialRotationTests {
    private static func rotate(
        _ fixture: APIFixture, _ path: String, overlap: Int, headers: [APIFixture.Header] = []
    ) async throws -> APIFixture.Answer {
        try await fixture.admin(.post, "\(path)/rotate", headers: headers, body: #"{"overlapSeconds":\#(overlap)}"#)
    }

    private static func path(_ merchant: Merchant) -> String {
        "/sub-clients/\(merchant.subClient)/credentials/\(merchant.credential)"
    }

    private static func works(_ merchant: Merchant, _ secret: [UInt8]) async throws -> Bool {
        let pair: [APIFixture.Header] = [("X-Client-Id", merchant.clientID.text), ("X-Client-Secret", secret)]
        return try await merchant.fixture.call(.get, "/v1/me", on: "public", headers: pair).status == 200
    }

    @Test func bothSecretsWorkUntilTheOverlapEnds() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let path = Self.path(merchant)
            let made = try await Self.rotate(fixture, path, overlap: 3600)
            #expect(made.status == 201 && made.headers["location"] == "/admin/v1" + path)
            let secret = Array(try #require(try made.string("clientSecret")).utf8)
            #expect(try made.string("clientId") == merchant.clientID.description)
            #expect(try made.string("secretHint").map { Array($0.utf8) } == Array(secret.suffix(4)))
            #expect(try await Self.works(merchant, merchant.secret))
            #expect(try await Self.works(merchant, secret))

            let detail = try await fixture.admin(.get, path)
            let secrets = try Array(detail.json["secrets"]!.elements)
            #expect(secrets.map { $0["id"]?.text }.first == (try made.string("secretId")))
            #expect(try secrets.count == 2 && secrets.at(0)["expiresAt"]?.isNull == true)
            #expect(try secrets.at(1)["expiresAt"]?.isNull == false && !detail.text.contains("clientSecret"))

            // Shortened, never lengthened.
            _ = try await Self.rotate(fixture, path, overlap: 604_800)
            let ends = try await fixture.admin(.get, path).json["secrets"]!.elements.map { $0["expiresAt"]?.text }
            #expect(try ends.count == 3 && ends.at(2) == secrets.at(1)["expiresAt"]?.text && ends.at(1) != ends.at(2))
            fixture.clock.advance(by: .seconds(3601))
            #expect(try await Self.works(merchant, merchant.secret) == false)
            #expect(try await Self.works(merchant, secret))
        }
    }

    @Test func withoutAnOverlapTheOldSecretEndsAtOnce() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            #expect(try await Self.works(merchant, merchant.secret))
            let made = try await Self.rotate(fixture, Self.path(merchant), overlap: 0)
            let secret = Array(try #require(try made.string("clientSecret")).utf8)
            #expect(try await Self.works(merchant, merchant.secret) == false)
            #expect(try await Self.works(merchant, secret))
            let audit = try await fixture.admin(.get, "/audit?action=credential.rotated")
            #expect(try audit.json["data"]!.elements.map { $0 }.count == 1)
            #expect(!audit.text.contains("sk_"))
        }
    }

    @Test func thereAreAtMostFiveAndOneCanBeEnded() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let path = Self.path(merchant)
            var ids: [String] = []
            for _ in 0..<4 {
                fixture.clock.advance(by: .milliseconds(2))
                ids.append(
                    try #require(try await Self.rotate(fixture, path, overlap: 60).string("secretId")))
            }
            let before = try await fixture.admin(.get, path).body
            let refused = try await Self.rotate(fixture, path, overlap: 60)
            #expect(refused.status == 409 && refused.text.contains("end one"))
            #expect(try await fixture.admin(.get, path).body == before)
            #expect(try await fixture.admin(.delete, "\(path)/secrets/\(ids.at(0))").status == 204)
            #expect(try await fixture.admin(.delete, "\(path)/secrets/\(ids.at(0))").status == 204)
            #expect(try await fixture.admin(.delete, "\(path)/secrets/sec_00000000000000000000000001").status == 404)
            #expect(try await Self.rotate(fixture, path, overlap: 60).status == 201)
            // Those that end now do not count.
            #expect(try await Self.rotate(fixture, path, overlap: 0).status == 201)
            #expect(try await fixture.admin(.get, path).json["secrets"]!.elements.map { $0 }.count == 1)
        }
    }

    @Test func aRepeatedRotationIsOneRotation() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let path = Self.path(merchant)
            let key: [APIFixture.Header] = [("Idempotency-Key", Array("k".utf8))]
            let first = try await Self.rotate(fixture, path, overlap: 60, headers: key)
            let second = try await Self.rotate(fixture, path, overlap: 60, headers: key)
            #expect(first.status == 201 && first.body == second.body)
            #expect(second.headers["idempotency-replayed"] == "true")
            #expect(try await fixture.admin(.get, path).json["secrets"]!.elements.map { $0 }.count == 2)
            #expect(try await Self.rotate(fixture, path, overlap: 61, headers: key).status == 422)
        }
    }

    @Test func whatHasEndedIsNotRotated() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let other = try await fixture.merchant()
            let foreign = "/sub-clients/\(other.subClient)/credentials/\(merchant.credential)"
            #expect(try await Self.rotate(fixture, foreign, overlap: 0).status == 404)
            #expect(try await fixture.admin(.get, foreign).status == 404)
            let path = Self.path(merchant)
            for overlap in [-1, 604_801] {
                #expect(try await Self.rotate(fixture, path, overlap: overlap).status == 400)
            }
            #expect(try await fixture.admin(.delete, path).status == 204)
            #expect(try await Self.rotate(fixture, path, overlap: 0).status == 409)
            let gone = try await fixture.admin(.get, path)
            #expect(try gone.json["revokedAt"]?.isNull == false && gone.json["secrets"]!.elements.map { $0 }.isEmpty)
        }
    }
}

/// Where a credential may be used from.
@Suite struct AllowedAddressTests {
    private static func make(
        _ fixture: APIFixture, _ ips: String, access: String = "readWrite"
    ) async throws -> (answer: APIFixture.Answer, headers: [APIFixture.Header]) {
        let merchant = try await fixture.merchant()
        let answer = try await fixture.admin(
            .post, "/sub-clients/\(merchant.subClient)/credentials",
            body: #"{"environment":"sandbox","access":"\#(access)","name":"x","allowedIps":\#(ips)}"#)
        let secret = try answer.string("clientSecret") ?? ""
        return (
            answer,
            [
                ("X-Client-Id", Array((try answer.string("clientId") ?? "").utf8)),
                ("X-Client-Secret", Array(secret.utf8)),
            ]
        )
    }

    @Test func otherAddressesAreRefusedInBothFormats() async throws {
        try await APIFixture.with { fixture in
            let near = try await Self.make(fixture, #"["127.0.0.0/8"]"#)
            #expect(try await fixture.call(.get, "/v1/me", on: "public", headers: near.headers).status == 200)
            let far = try await Self.make(fixture, #"["192.0.2.0/24","::/0"]"#)
            // A header of the client's own changes nothing.
            for own in [[], [("X-Forwarded-For", Array("192.0.2.1".utf8))]] {
                let refused = try await fixture.call(.get, "/v1/me", on: "public", headers: far.headers + own)
                #expect(try refused.status == 403 && refused.string("code") == "forbidden")
                let mesh = try await fixture.call(
                    .post, "/api/v1/linktoken", on: "public", headers: far.headers + own, body: "{}")
                #expect(try mesh.status == 403 && mesh.string("status") == "permissionDenied")
                #expect(!refused.text.contains("192.0.2") && !mesh.text.contains("192.0.2"))
            }
        }
    }

    @Test func aTrustedProxyTellsWhoCalls() async throws {
        let proxies = TrustedProxies([try IPBlock(text: "127.0.0.1".utf8), try IPBlock(text: "10.0.0.0/8".utf8)])
        try await APIFixture.with(proxies: proxies) { fixture in
            let made = try await Self.make(fixture, #"["192.0.2.0/24"]"#)
            let free = try await fixture.merchant()
            let rows: [(String?, Int)] = [
                ("192.0.2.9", 200), ("203.0.113.1, 192.0.2.9, 10.0.0.3", 200), ("192.0.2.9, 203.0.113.1", 403),
                ("192.0.2.9, x", 403), ("10.0.0.3", 403), (nil, 403),
            ]
            for (value, status) in rows {
                let header = value.map { [("X-Forwarded-For", Array($0.utf8))] } ?? []
                let answer = try await fixture.call(.get, "/v1/me", on: "public", headers: made.headers + header)
                #expect(answer.status == status, "\(value ?? "none")")
                #expect(try await free.call(.get, "/v1/me", headers: header).status == 200)
            }
            // The audit chain tells the same address.
            _ = try await fixture.call(
                .post, "/v1/webhook-endpoints", on: "public",
                headers: made.headers + [("X-Forwarded-For", Array("192.0.2.9".utf8))],
                body: #"{"url":"http://127.0.0.1:9/hook"}"#)
            let audit = try await fixture.admin(.get, "/audit?action=endpoint.created")
            #expect(try audit.json["data"]!.elements.map { $0["address"]?.text } == ["192.0.2.9"])
        }
    }

    @Test func blocksAreKeptInCanonicalTextAndBadOnesNamed() async throws {
        try await APIFixture.with { fixture in
            let made = try await Self.make(
                fixture, #"["192.0.2.1","2001:DB8:0::/48","::ffff:10.0.0.0/104","0.0.0.0/0"]"#)
            let shown = ["192.0.2.1/32", "2001:db8::/48", "10.0.0.0/8", "0.0.0.0/0"]
            #expect(try made.answer.json["allowedIps"]!.elements.map { $0.text } == shown)
            let location = try #require(made.answer.headers["location"]).dropFirst("/admin/v1".count)
            let read = try await fixture.admin(.get, String(location))
            #expect(try read.json["allowedIps"]!.elements.map { $0.text } == shown)
            let bad: [(String, [String])] = [
                (#"["192.0.2.1/24"]"#, ["allowedIps[0]"]),
                (#"["10.0.0.0/8","x",1]"#, ["allowedIps[1]", "allowedIps[2]"]),
                ("[]", ["allowedIps"]), (#"["10.0.0.1","::ffff:10.0.0.1"]"#, ["allowedIps"]), ("{}", ["allowedIps"]),
                ("[" + (0..<101).map { "\"10.0.0.\($0)\"" }.joined(separator: ",") + "]", ["allowedIps"]),
            ]
            for (ips, fields) in bad {
                let refused = try await Self.make(fixture, ips).answer
                #expect(refused.status == 400, "\(ips)")
                #expect(try refused.json["errors"]?.elements.map { $0["field"]?.text } == fields, "\(ips)")
            }
            #expect(try await Self.make(fixture, "null").answer.json["allowedIps"]?.isNull == true)
        }
    }
}
