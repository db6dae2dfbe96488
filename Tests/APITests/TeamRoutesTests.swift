import Domain
import HTTPClient
import HTTPServer
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct TeamRoutesTests {
    /// A member with a key: its id, and the header that shows the key.
    private static func member(
        _ fixture: APIFixture, _ role: Role
    ) async throws -> (id: String, key: APIFixture.Header) {
        let made = try await fixture.admin(
            .post, "/members", body: #"{"name":"\#(role.rawValue)","role":"\#(role.rawValue)"}"#)
        let id = try #require(try made.string("id"))
        let key = try await fixture.admin(.post, "/members/\(id)/keys", body: #"{"name":"laptop"}"#)
        #expect(key.status == 201)
        return (id, fixture.bearer(Array(try #require(try key.string("key")).utf8)))
    }

    private static func call(
        _ fixture: APIFixture, _ who: APIFixture.Header, _ method: String, _ path: String, _ body: String? = nil
    ) async throws -> APIFixture.Answer {
        try await fixture.call(
            .init(rawValue: method)!, "/admin/v1" + path, on: "admin", headers: [who], body: body)
    }

    @Test func eachRoleGetsThroughTheRoutesItsRoleAllows() async throws {
        try await APIFixture.with { fixture in
            for role in Role.allCases {
                let key = try await Self.member(fixture, role).key
                for route in RouteTable.adminListener.routes {
                    guard case .admin(let permission) = route.access else { continue }
                    // Its own key would be exchanged under the test's feet.
                    if "\(route.pattern)".hasSuffix("/me/rotate-key") { continue }
                    let answer = try await fixture.call(
                        .init(rawValue: "\(route.method.name)")!, AccessMatrixTests.path(route), on: "admin",
                        headers: [key])
                    #expect(
                        (answer.status == 403) == !role.allows(permission),
                        "\(role.rawValue) \(route.name) \(answer.status)")
                }
            }
        }
    }

    @Test func theLastOwnerStays() async throws {
        try await APIFixture.with { fixture in
            let me = try await fixture.admin(.get, "/me")
            let id = try #require(try me.string("id"))
            #expect(try me.string("role") == "owner")
            #expect(try await fixture.admin(.delete, "/members/\(id)").status == 409)
            #expect(try await fixture.admin(.patch, "/members/\(id)", body: #"{"role":"admin"}"#).status == 409)
            #expect(try await fixture.admin(.patch, "/members/\(id)", body: #"{"name":"Ada"}"#).status == 200)
            let second = try await Self.member(fixture, .owner)
            #expect(try await Self.call(fixture, second.key, "DELETE", "/members/\(id)").status == 204)
            #expect(try await fixture.admin(.get, "/me").status == 401, "the key went with its member")
            #expect(try await Self.call(fixture, second.key, "DELETE", "/members/\(second.id)").status == 409)
        }
    }

    @Test func onlyOwnersTouchOwners() async throws {
        try await APIFixture.with { fixture in
            let owner = try #require(try await fixture.admin(.get, "/me").string("id"))
            let admin = try await Self.member(fixture, .admin)
            func status(_ method: String, _ path: String, _ body: String? = nil) async throws -> Int {
                try await Self.call(fixture, admin.key, method, path, body).status
            }
            #expect(try await status("POST", "/members", #"{"name":"x","role":"owner"}"#) == 403)
            #expect(try await status("PATCH", "/members/\(admin.id)", #"{"role":"owner"}"#) == 403)
            #expect(try await status("PATCH", "/members/\(owner)", #"{"name":"x"}"#) == 403)
            #expect(try await status("DELETE", "/members/\(owner)") == 403)
            #expect(try await status("POST", "/members/\(owner)/keys", #"{"name":"x"}"#) == 403)
            #expect(try await status("POST", "/members", #"{"name":"x","role":"support"}"#) == 201)
        }
    }

    /// Two members may choose the same idempotency key, and one may guess another's.
    @Test func noMemberIsAnsweredWithAnothersKey() async throws {
        try await APIFixture.with { fixture in
            let once: APIFixture.Header = ("Idempotency-Key", Array("rotate-2026-11".utf8))
            let owner = try await Self.member(fixture, .owner)
            let admin = try await Self.member(fixture, .admin)
            let support = try await Self.member(fixture, .support)
            func post(_ who: APIFixture.Header, _ path: String, _ body: String) async throws -> APIFixture.Answer {
                try await fixture.call(.post, "/admin/v1" + path, on: "admin", headers: [who, once], body: body)
            }
            let rotation = #"{"overlapSeconds":60}"#
            let owners = try await post(owner.key, "/me/rotate-key", rotation)
            let supports = try await post(support.key, "/me/rotate-key", rotation)
            #expect(supports.status == 201 && supports.headers["idempotency-replayed"] == nil)
            #expect(try supports.string("key") != owners.string("key"))
            #expect(try await post(owner.key, "/me/rotate-key", rotation).body == owners.body)
            let path = "/members/\(owner.id)/keys"
            #expect(try await post(owner.key, path, #"{"name":"ci"}"#).status == 201)
            #expect(try await post(admin.key, path, #"{"name":"ci"}"#).status == 403)
        }
    }

    /// An admin may not do what compliance may, and so not make someone who does.
    @Test func nobodyGivesWhatTheyMayNotDo() async throws {
        try await APIFixture.with { fixture in
            let admin = try await Self.member(fixture, .admin)
            let officer = try await Self.member(fixture, .compliance)
            let developer = try await Self.member(fixture, .developer)
            func status(_ method: String, _ path: String, _ body: String? = nil) async throws -> Int {
                try await Self.call(fixture, admin.key, method, path, body).status
            }
            #expect(try await status("POST", "/members", #"{"name":"x","role":"compliance"}"#) == 403)
            #expect(try await status("POST", "/members/\(officer.id)/keys", #"{"name":"x"}"#) == 403)
            #expect(try await status("PATCH", "/members/\(developer.id)", #"{"role":"compliance"}"#) == 403)
            #expect(try await status("PATCH", "/members/\(developer.id)", #"{"role":"support"}"#) == 200)
        }
    }

    /// A key that someone else may hold does not grow with its member.
    @Test func aGreaterRoleEndsTheKeysOfTheLesser() async throws {
        try await APIFixture.with { fixture in
            let member = try await Self.member(fixture, .developer)
            func me() async throws -> Int { try await Self.call(fixture, member.key, "GET", "/me").status }
            _ = try await fixture.admin(.patch, "/members/\(member.id)", body: #"{"role":"support"}"#)
            #expect(try await me() == 200)
            _ = try await fixture.admin(.patch, "/members/\(member.id)", body: #"{"role":"owner"}"#)
            #expect(try await me() == 401)
        }
    }

    @Test func aHolderCannotPutOffTheEndOfTheirKey() async throws {
        try await APIFixture.with { fixture in
            let id = try #require(
                try await fixture.admin(
                    .post, "/members", body: #"{"name":"contractor","role":"support"}"#
                ).string("id"))
            let end = String(decoding: (fixture.clock.clock.now() + .seconds(3_600)).rfc3339(), as: UTF8.self)
            let made = try await fixture.admin(
                .post, "/members/\(id)/keys", body: #"{"name":"laptop","expiresAt":"\#(end)"}"#)
            let key = fixture.bearer(Array(try #require(try made.string("key")).utf8))
            let next = try await Self.call(fixture, key, "POST", "/me/rotate-key", #"{"overlapSeconds":60}"#)
            #expect(try next.string("expiresAt") == made.string("expiresAt"))
            // Also when asked again within the overlap, whose end is sooner.
            let again = try await Self.call(fixture, key, "POST", "/me/rotate-key", #"{"overlapSeconds":60}"#)
            #expect(try again.string("expiresAt") == made.string("expiresAt"))
            let keys = try await fixture.admin(.get, "/members/\(id)/keys")
            #expect(try keys.json["data"]!.elements.filter { $0["expiresAt"]?.text == end }.count == 2)
        }
    }

    @Test func keysAreExchangedWithOverlapAndRevoked() async throws {
        try await APIFixture.with { fixture in
            let member = try await Self.member(fixture, .support)
            func status(_ key: APIFixture.Header) async throws -> Int {
                try await Self.call(fixture, key, "GET", "/me").status
            }
            let rotated = try await Self.call(
                fixture, member.key, "POST", "/me/rotate-key", #"{"overlapSeconds":60}"#)
            #expect(rotated.status == 201)
            // The entry names the key that was made and the one it is for.
            let keyPath = "/members/\(member.id)/keys"
            let both = try await fixture.admin(.get, keyPath).json["data"]!.elements.map { $0["id"]?.text }
            let entries = try await fixture.admin(.get, "/audit?action=adminKey.rotated").json["data"]!.elements.map {
                $0
            }
            let entry = try #require(entries.first)
            #expect(try entries.count == 1 && entry["target"]?["id"]?.text == rotated.string("id"))
            #expect(both.count == 2 && Set(both) == [entry["target"]?["id"]?.text, entry["after"]?["replaces"]?.text])
            let next = fixture.bearer(Array(try #require(try rotated.string("key")).utf8))
            #expect(try await status(member.key) == 200)
            #expect(try await status(next) == 200)
            fixture.clock.advance(by: .seconds(61))
            #expect(try await status(member.key) == 401)
            #expect(try await status(next) == 200)
            let id = try #require(try rotated.string("id"))
            #expect(try await fixture.admin(.delete, "/members/\(member.id)/keys/\(id)").status == 204)
            #expect(try await status(next) == 401)
            let again = try await fixture.admin(
                .post, "/members/\(member.id)/keys/\(id)/rotate", body: #"{"overlapSeconds":0}"#)
            #expect(again.status == 404)
            let keys = try await fixture.admin(.get, "/members/\(member.id)/keys")
            #expect(!keys.text.contains("sk_admin_"))
        }
    }

    @Test(arguments: [
        (#"{"name":"x","role":"king"}"#, "role"), (#"{"name":"","role":"owner"}"#, "name"),
        (#"{"name":"x","role":"admin","email":"nobody"}"#, "email"), (#"{"role":"admin"}"#, "name"),
        (#"{"name":"x","role":"admin","rôle":1}"#, "(a name)"), (#"{"name":"a\u0001b","role":"admin"}"#, "name"),
    ])
    func aBadMemberIsRefusedByField(_ body: String, _ field: String) async throws {
        try await APIFixture.with { fixture in
            let answer = try await fixture.admin(.post, "/members", body: body)
            #expect(answer.status == 400)
            #expect(answer.text.contains(#""field":"\#(field)""#), "\(answer.text)")
        }
    }
}
