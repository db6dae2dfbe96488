import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct SubClientRoutesTests {
    private static let acme =
        #"{"legalName":"Acme GmbH","displayName":"Acme","country":"DE","externalId":"a-1","metadata":{"tier":"gold"}}"#

    @Test func aSubClientIsMadeReadChangedAndClosed() async throws {
        try await APIFixture.with { fixture in
            let made = try await fixture.admin(.post, "/sub-clients", body: Self.acme)
            let id = try #require(try made.string("id"))
            #expect(made.status == 201 && made.headers["etag"] == "\"1\"")
            #expect(made.headers["location"] == "/admin/v1/sub-clients/\(id)")
            #expect(try made.string("status") == "onboarding")
            let read = try await fixture.admin(.get, "/sub-clients/\(id)")
            #expect(read.status == 200)
            // PostgreSQL spells the metadata with a blank.
            #expect(read.text.replacing(": ", with: ":") == made.text)

            let patch = #"{"displayName":"Acme Pay","externalId":null,"metadata":null}"#
            let changed = try await fixture.admin(
                .patch, "/sub-clients/\(id)", headers: [("If-Match", Array("\"1\"".utf8))], body: patch)
            #expect(changed.status == 200 && changed.headers["etag"] == "\"2\"")
            #expect(try changed.string("displayName") == "Acme Pay")
            #expect(try changed.json["externalId"]?.isNull == true)
            #expect(try Array(changed.json["metadata"]!.raw) == Array("{}".utf8))
            #expect(try changed.string("legalName") == "Acme GmbH")

            let stale = try await fixture.admin(
                .patch, "/sub-clients/\(id)", headers: [("If-Match", Array("\"1\"".utf8))], body: patch)
            #expect(stale.status == 412)
            for tag in ["W/\"2\"", "2", "\"x\"", "\"1\", \"2\"", "\"\""] {
                let weak = try await fixture.admin(
                    .patch, "/sub-clients/\(id)", headers: [("If-Match", Array(tag.utf8))], body: patch)
                #expect(weak.status == 400, "\(tag)")
            }

            #expect(try await fixture.admin(.delete, "/sub-clients/\(id)").status == 204)
            #expect(try await fixture.admin(.delete, "/sub-clients/\(id)").status == 204)
            #expect(try await fixture.admin(.patch, "/sub-clients/\(id)", body: patch).status == 409)
            #expect(try await fixture.admin(.post, "/sub-clients/\(id)/activate").status == 409)
            #expect(try await fixture.admin(.get, "/sub-clients/\(id)").string("status") == "closed")
        }
    }

    @Test func statusesFollowTheirRules() async throws {
        try await APIFixture.with { fixture in
            let id = try #require(try await fixture.admin(.post, "/sub-clients", body: Self.acme).string("id"))
            let active = try await fixture.admin(.post, "/sub-clients/\(id)/activate")
            #expect(try active.string("status") == "active")
            #expect(try await fixture.admin(.post, "/sub-clients/\(id)/activate").body == active.body)
            let reason = #"{"reason":"Documents are missing."}"#
            let suspended = try await fixture.admin(.post, "/sub-clients/\(id)/suspend", body: reason)
            #expect(try suspended.string("status") == "suspended")
            #expect(try suspended.string("statusReason") == "Documents are missing.")
            let again = try await fixture.admin(.post, "/sub-clients/\(id)/suspend", body: #"{"reason":"Another."}"#)
            #expect(try again.string("statusReason") == "Another.")
            let back = try await fixture.admin(.post, "/sub-clients/\(id)/activate")
            #expect(try back.json["statusReason"]?.isNull == true)
        }
    }

    @Test func anExternalIdIsUnique() async throws {
        try await APIFixture.with { fixture in
            #expect(try await fixture.admin(.post, "/sub-clients", body: Self.acme).status == 201)
            let second = try await fixture.admin(.post, "/sub-clients", body: Self.acme)
            #expect(second.status == 409)
            #expect(try second.string("detail") == "Another sub-client has this externalId.")
        }
    }

    @Test func badBodiesAreToldFieldByField() async throws {
        try await APIFixture.with { fixture in
            let bad = try await fixture.admin(.post, "/sub-clients", body: #"{"legalName":"","country":"de","id":"x"}"#)
            #expect(bad.status == 400 && bad.headers["content-type"] == "application/problem+json")
            let fields = try bad.json["errors"]!.elements.map { $0["field"]!.text! }
            #expect(fields == ["legalName", "displayName", "country", "id"])
            #expect(try await fixture.admin(.post, "/sub-clients", body: "[1").status == 400)
            #expect(try await fixture.admin(.post, "/sub-clients", body: "{\"a\":1,\"a\":2}").status == 400)
            let large = "{\"legalName\":\"" + String(repeating: "x", count: 200_000) + "\"}"
            #expect(try await fixture.admin(.post, "/sub-clients", body: large).status == 413)
            let typed = try await fixture.call(
                .post, "/admin/v1/sub-clients", on: "admin", headers: [fixture.bearer(fixture.adminKey)], body: "{}",
                contentType: "text/plain")
            #expect(typed.status == 415)
        }
    }

    @Test func listsArePagedNewestFirst() async throws {
        try await APIFixture.with { fixture in
            var ids: [String] = []
            for index in 0..<5 {
                let body = #"{"legalName":"L\#(index)","displayName":"Shop \#(index)","country":"DE"}"#
                ids.insert(try #require(try await fixture.admin(.post, "/sub-clients", body: body).string("id")), at: 0)
                fixture.clock.advance(by: .milliseconds(2))
            }
            var seen: [String] = []
            var path = "/sub-clients?limit=2"
            while true {
                let page = try await fixture.admin(.get, path)
                seen += try page.json["data"]!.elements.map { $0["id"]!.text! }
                guard let next = try page.string("nextCursor") else { break }
                path = "/sub-clients?limit=2&cursor=\(next)"
            }
            #expect(seen == ids)
            #expect(
                try await fixture.admin(.get, "/sub-clients?text=SHOP%203").json["data"]!.elements.map {
                    $0["id"]!.text!
                } == [ids.at(1)])
            #expect(
                try await fixture.admin(.get, "/sub-clients?status=active").text == #"{"data":[],"nextCursor":null}"#)
            #expect(try await fixture.admin(.get, "/sub-clients?limit=0").status == 400)
        }
    }
}

@Suite struct CredentialRoutesTests {
    @Test func aCredentialShowsItsSecretOnceAndWorks() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant(environment: .production)
            let path = "/sub-clients/\(merchant.subClient)/credentials"
            let made = try await fixture.admin(
                .post, path, body: #"{"environment":"production","access":"read","name":"Shop"}"#)
            #expect(made.status == 201)
            let secret = try #require(try made.string("clientSecret"))
            let id = try #require(try made.string("id"))
            #expect(secret.hasPrefix("sk_live_"))
            #expect(try made.string("secretHint") == String(secret.suffix(4)))
            let me = try await fixture.call(
                .get, "/v1/me", on: "public", headers: [fixture.bearer(Array(secret.utf8))])
            #expect(try me.string("environment") == "production")
            #expect(try me.string("credentialId") == id)

            let list = try await fixture.admin(.get, path)
            #expect(!list.text.contains(secret) && !list.text.contains("clientSecret"))
            #expect(try list.json["data"]!.elements.map { $0["id"]!.text! }.contains(id))

            #expect(try await fixture.admin(.delete, "\(path)/\(id)").status == 204)
            #expect(try await fixture.admin(.delete, "\(path)/\(id)").status == 204)
            let other = try await fixture.merchant()
            let foreign = "/sub-clients/\(other.subClient)/credentials/\(merchant.credential)"
            #expect(try await fixture.admin(.delete, foreign).status == 404)
        }
    }

    @Test func productionNeedsAnActiveSubClientAndAnApprovedBusiness() async throws {
        try await APIFixture.with { fixture in
            let body = #"{"legalName":"L","displayName":"D","country":"DE"}"#
            let id = try #require(try await fixture.admin(.post, "/sub-clients", body: body).string("id"))
            let path = "/sub-clients/\(id)/credentials"
            let live = #"{"environment":"production","access":"read","name":"x"}"#
            let test = #"{"environment":"sandbox","access":"read","name":"x"}"#
            #expect(try await fixture.admin(.post, path, body: live).status == 409)
            #expect(try await fixture.admin(.post, path, body: test).status == 201)
            let approved = #"{"kyb":{"status":"approved"},"rules":{}}"#
            #expect(try await fixture.admin(.put, "/sub-clients/\(id)/compliance", body: approved).status == 200)
            #expect(try await fixture.admin(.post, path, body: live).status == 409)
            #expect(try await fixture.admin(.post, "/sub-clients/\(id)/activate").status == 200)
            #expect(try await fixture.admin(.post, path, body: live).status == 201)
            #expect(try await fixture.admin(.delete, "/sub-clients/\(id)").status == 204)
            #expect(try await fixture.admin(.post, path, body: test).status == 409)
            let missing = "/sub-clients/sc_00000000000000000000000001/credentials"
            #expect(try await fixture.admin(.post, missing, body: test).status == 404)
            let past = #"{"environment":"sandbox","access":"read","name":"x","expiresAt":"2001-01-01T00:00:00Z"}"#
            #expect(try await fixture.admin(.post, path, body: past).status == 400)
        }
    }
}

@Suite struct UpstreamRoutesTests {
    private static let mesh = """
        {"environment":"sandbox","name":"Mesh","baseUrl":"http://127.0.0.1:1/",
         "clientId":"5C6A1F5E-3f04-4d8f-8f2c-0d8c7b6a5948",
         "clientSecret":"TOP-SECRET","adminClientSecret":"ADMIN-SECRET","webhookSecrets":["HOOK-SECRET"]}
        """

    @Test func secretsGoInAndNeverOut() async throws {
        try await APIFixture.with { fixture in
            let made = try await fixture.admin(.post, "/upstreams", body: Self.mesh)
            #expect(made.status == 201)
            let id = try #require(try made.string("id"))
            #expect(try made.string("inboundUrl") == "https://pay.example.com/inbound/mesh/\(id)")
            #expect(try made.string("baseUrl") == "http://127.0.0.1:1")
            #expect(try made.string("clientId") == "5c6a1f5e-3f04-4d8f-8f2c-0d8c7b6a5948")
            let patched = try await fixture.admin(
                .patch, "/upstreams/\(id)",
                body: #"{"webhookSecrets":["NEW-SECRET","HOOK-SECRET"],"adminBaseUrl":null}"#)
            #expect(try patched.json["webhookSecretCount"]?.integer == 2)
            for path in ["/upstreams", "/upstreams/\(id)"] {
                #expect(!(try await fixture.admin(.get, path).text.contains("SECRET")))
            }
            #expect(!made.text.contains("SECRET") && !patched.text.contains("SECRET"))
            let open = try #require(try await fixture.store.loadUpstreams().first)
            #expect(open.clientSecret.exposed == Array("TOP-SECRET".utf8))
            #expect(open.webhookSecrets.map(\.exposed) == [Array("NEW-SECRET".utf8), Array("HOOK-SECRET".utf8)])
            #expect(try await fixture.admin(.delete, "/upstreams/\(id)").status == 204)
            #expect(try await fixture.admin(.get, "/upstreams/\(id)").status == 404)
        }
    }

    @Test func oneThatMintedStays() async throws {
        try await APIFixture.with { fixture in
            let id = try #require(
                UpstreamID(
                    text: Array(try await fixture.admin(.post, "/upstreams", body: Self.mesh).string("id")!.utf8)))
            let merchant = try await fixture.merchant()
            try await fixture.store.createLinkSession(
                PlatformScope.system.tenant(merchant.subClient, .sandbox),
                NewLinkSession(
                    id: fixture.store.identifiers.next(), environment: .sandbox, upstream: id,
                    credential: merchant.credential, transactionID: nil, userID: Array("u".utf8),
                    transferType: .deposit,
                    amountInFiat: nil, hasTransfer: false, expiresAt: fixture.clock.clock.now()))
            #expect(try await fixture.admin(.delete, "/upstreams/\(id)").status == 409)
        }
    }

    @Test func rulesHold() async throws {
        try await APIFixture.with { fixture in
            #expect(try await fixture.admin(.post, "/upstreams", body: Self.mesh).status == 201)
            #expect(try await fixture.admin(.post, "/upstreams", body: Self.mesh).status == 409)
            let live = Self.mesh.replacing("\"sandbox\"", with: "\"production\"")
            #expect(try await fixture.admin(.post, "/upstreams", body: live).status == 409)
            let twice = Self.mesh.replacing("[\"HOOK-SECRET\"]", with: "[\"a\",\"a\"]")
            let refused = try await fixture.admin(.post, "/upstreams", body: twice)
            #expect(refused.status == 400 && !refused.text.contains("SECRET"))
        }
    }
}

@Suite struct DeceptiveNameTests {
    @Test(arguments: ["Ac\\u202eme", "Ac\\u200bme", "\\uff21cme", "P\\u0430ypal", "Acme\\u0007", "\\u2066Acme"])
    func aNameThatDeceivesIsRefusedByField(_ name: String) async throws {
        try await APIFixture.with { fixture in
            let body = #"{"legalName":"Acme","displayName":"\#(name)","country":"DE"}"#
            let answer = try await fixture.admin(.post, "/sub-clients", body: body)
            #expect(answer.status == 400)
            #expect(answer.text.contains(#""field":"displayName""#), "\(answer.text)")
        }
    }
}
