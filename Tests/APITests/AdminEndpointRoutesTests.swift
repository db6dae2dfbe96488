import Domain
import HTTPClient
import JSON
import Store
import TestSupport
import Testing

@testable import API

@Suite struct AdminEndpointRoutesTests {
    private static let body = #"{"environment":"sandbox","url":"http://127.0.0.1:9/hook"}"#

    @Test func anAdminCanDoWhatTheSubClientCan() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let base = "/sub-clients/\(merchant.subClient)/webhook-endpoints"
            let made = try await fixture.admin(.post, base, body: Self.body)
            #expect(made.status == 201)
            let id = try #require(try made.string("id"))
            #expect(made.headers["location"] == "/admin/v1\(base)/\(id)")
            #expect(try made.string("secret")?.hasPrefix("whsec_") == true)
            let mine = "/v1/webhook-endpoints/\(id)"
            #expect(try await merchant.call(.get, mine).body == fixture.admin(.get, "\(base)/\(id)").body)

            let tag = [("If-Match", Array("\"1\"".utf8))]
            let changed = try await fixture.admin(
                .patch, "\(base)/\(id)", headers: tag, body: #"{"signatures":["v1a"]}"#)
            #expect(changed.status == 200 && changed.headers["etag"] == "\"2\"")
            let stale = try await fixture.admin(
                .patch, "\(base)/\(id)", headers: tag, body: #"{"signatures":["v1"]}"#)
            #expect(stale.status == 412)
            #expect(try await fixture.admin(.post, "\(base)/\(id)/disable").json["enabled"]?.bool == false)
            #expect(try await fixture.admin(.post, "\(base)/\(id)/test").string("status") == "held")
            #expect(try await fixture.admin(.post, "\(base)/\(id)/enable").json["enabled"]?.bool == true)
            let test = try await fixture.admin(.post, "\(base)/\(id)/test")
            #expect(test.status == 202)
            #expect(try test.string("status") == "pending")
            let delivery = try #require(test.headers["location"])
            #expect(delivery == "/admin/v1/sub-clients/\(merchant.subClient)/deliveries/\(try test.string("id") ?? "")")
            let found = try await fixture.call(
                .get, delivery, on: "admin", headers: [fixture.bearer(fixture.adminKey)])
            #expect(try found.status == 200 && found.string("id") == test.string("id"))
            let rotated = try await fixture.admin(.post, "\(base)/\(id)/rotate-secret", body: "{}")
            #expect(rotated.status == 201 && rotated.headers["location"] == "/admin/v1\(base)/\(id)")
            #expect(
                try await merchant.call(.get, mine).string("publicKey") == rotated.string("publicKey"))
            #expect(try await fixture.admin(.delete, "\(base)/\(id)/previous-secrets").status == 204)
            #expect(try await fixture.admin(.delete, "\(base)/\(id)").status == 204)
            #expect(try await fixture.admin(.get, "\(base)/\(id)").status == 404)

            let entries = try #require(try await fixture.admin(.get, "/audit?limit=100").json["data"]).elements.map {
                $0
            }
            let actions = entries.compactMap { $0["action"]?.text }.filter { $0.hasPrefix("endpoint.") }
            #expect(
                actions == [
                    "endpoint.deleted", "endpoint.secretsRevoked", "endpoint.secretRotated", "endpoint.tested",
                    "endpoint.enabled", "endpoint.tested", "endpoint.disabled", "endpoint.updated", "endpoint.created",
                ])
        }
    }

    /// The test is told in the audit chain, for its sub-client too.
    @Test func aTestIsAudited() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let made = try await merchant.call(
                .post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/hook"}"#)
            let id = try #require(try made.string("id"))
            let test = try await merchant.call(.post, "/v1/webhook-endpoints/\(id)/test")
            let entry = try #require(
                try await fixture.admin(.get, "/audit?action=endpoint.tested").json["data"]?.elements.first { _ in true
                })
            #expect(try entry["target"]?["id"]?.text == test.string("id"))
            #expect(entry["subClientId"]?.text == "\(merchant.subClient)")
        }
    }

    @Test func ofBothEnvironmentsAndOfNoOther() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let other = try await fixture.merchant()
            let base = "/sub-clients/\(merchant.subClient)/webhook-endpoints"
            let live = try await fixture.admin(
                .post, base, body: #"{"environment":"production","url":"http://127.0.0.1:9/hook"}"#)
            let id = try #require(try live.string("id"))
            // The sandbox's credential does not see it.
            #expect(try await merchant.call(.get, "/v1/webhook-endpoints/\(id)").status == 404)
            #expect(try await fixture.admin(.post, "\(base)/\(id)/test").status == 202)

            let foreign = "/sub-clients/\(other.subClient)/webhook-endpoints/\(id)"
            #expect(try await fixture.admin(.get, foreign).status == 404)
            #expect(try await fixture.admin(.patch, foreign, body: #"{"enabled":false}"#).status == 404)
            for action in ["enable", "disable", "test"] {
                #expect(try await fixture.admin(.post, "\(foreign)/\(action)").status == 404)
            }
            #expect(try await fixture.admin(.post, "\(foreign)/rotate-secret", body: "{}").status == 404)
            #expect(try await fixture.admin(.delete, "\(foreign)/previous-secrets").status == 404)
            #expect(try await fixture.admin(.delete, foreign).status == 404)
            #expect(try await fixture.admin(.get, "\(base)/\(id)").headers["etag"] == "\"1\"")
        }
    }

    @Test func theEnvironmentIsNamedAndTheSubClientIsThere() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let base = "/sub-clients/\(merchant.subClient)/webhook-endpoints"
            let nowhere = try await fixture.admin(.post, base, body: #"{"url":"http://127.0.0.1:9/hook"}"#)
            #expect(nowhere.status == 400 && nowhere.text.contains(#""field":"environment""#))
            let nobody = "/sub-clients/sc_00000000000000000000000001/webhook-endpoints"
            #expect(try await fixture.admin(.post, nobody, body: Self.body).status == 404)
            #expect(try await fixture.admin(.delete, "/sub-clients/\(merchant.subClient)").status == 204)
            #expect(try await fixture.admin(.post, base, body: Self.body).status == 409)
        }
    }

    /// A member's keys are theirs: another's, and the sub-client's own, repeat nothing of them.
    @Test func aRegistrationIsRepeatedForItsMemberAlone() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let member = try await fixture.store.createMember(
                .system, NewMember(name: Array("other".utf8), role: .admin))
            let key = try await fixture.store.createAdminKey(
                .system, for: member.id, name: Array("key".utf8), expiresAt: nil)
            let path = "/sub-clients/\(merchant.subClient)/webhook-endpoints"
            let header = ("Idempotency-Key", Array("k".utf8))
            let first = try await fixture.admin(.post, path, headers: [header], body: Self.body)
            let again = try await fixture.admin(.post, path, headers: [header], body: Self.body)
            #expect(first.status == 201 && first.body == again.body)
            let theirs = try await fixture.call(
                .post, "/admin/v1\(path)", on: "admin", headers: [header, fixture.bearer(key.text)], body: Self.body)
            #expect(theirs.status == 201 && theirs.body != first.body)
            let different = try await fixture.admin(
                .post, path, headers: [header],
                body: #"{"environment":"production","url":"http://127.0.0.1:9/hook"}"#)
            #expect(different.status == 422)
        }
    }
}
