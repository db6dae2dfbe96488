import Domain
import HTTPClient
import JSON
import Store
import TestSupport
import Testing

@testable import API

@Suite struct IdempotencyTests {
    private static let shop = #"{"legalName":"L","displayName":"D","country":"DE"}"#
    private static func key(_ text: String) -> [APIFixture.Header] { [("Idempotency-Key", Array(text.utf8))] }

    @Test func theFirstAnswerIsRepeatedByteForByte() async throws {
        try await APIFixture.with { fixture in
            let first = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k1"), body: Self.shop)
            let second = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k1"), body: Self.shop)
            #expect(first.status == 201 && second.status == 201 && first.body == second.body)
            #expect(first.headers["idempotency-replayed"] == nil && second.headers["idempotency-replayed"] == "true")
            #expect(first.headers["etag"] == second.headers["etag"])
            #expect(first.headers["location"] == second.headers["location"])
            #expect(try await fixture.admin(.get, "/sub-clients").json["data"]!.elements.map { $0 }.count == 1)
            let another = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k2"), body: Self.shop)
            #expect(another.body != first.body)
        }
    }

    @Test func anotherRequestUnderTheSameKeyIsRefused() async throws {
        try await APIFixture.with { fixture in
            _ = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k"), body: Self.shop)
            let other = Self.shop.replacing("\"D\"", with: "\"E\"")
            let refused = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k"), body: other)
            #expect(refused.status == 422)
            #expect(try refused.string("code") == "idempotencyMismatch")
            let body = #"{"environment":"sandbox","access":"read","name":"x"}"#
            let one = try await fixture.merchant().subClient
            let two = try await fixture.merchant().subClient
            let first = try await fixture.admin(
                .post, "/sub-clients/\(one)/credentials", headers: Self.key("k"), body: body)
            let second = try await fixture.admin(
                .post, "/sub-clients/\(two)/credentials", headers: Self.key("k"), body: body)
            #expect(first.status == 201 && second.status == 422)
        }
    }

    @Test func aSecretIsRepeatedToItsOwnerOnly() async throws {
        try await APIFixture.with { fixture in
            let one = try await fixture.merchant()
            let two = try await fixture.merchant()
            let body = #"{"url":"http://127.0.0.1:9/"}"#
            let first = try await one.call(.post, "/v1/webhook-endpoints", headers: Self.key("k"), body: body)
            let again = try await one.call(.post, "/v1/webhook-endpoints", headers: Self.key("k"), body: body)
            let other = try await two.call(.post, "/v1/webhook-endpoints", headers: Self.key("k"), body: body)
            #expect(first.body == again.body)
            #expect(try first.string("secret") != nil)
            #expect(other.status == 201 && other.headers["idempotency-replayed"] == nil)
            #expect(try other.string("secret") != first.string("secret"))
        }
    }

    /// A call is repeated although its credential was exchanged for another meanwhile; the other environment's keys,
    /// and those under which an admin acts for the sub-client, are others.
    @Test func keysAreASubClientsInOneEnvironment() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant(environment: .production)
            func credential(_ environment: Environment) async throws -> APIFixture.Header {
                let made = try await fixture.store.createCredential(
                    .system, for: merchant.subClient,
                    NewCredential(environment: environment, access: .readWrite, name: Array("x".utf8)))
                return fixture.bearer(made.secret)
            }
            let body = #"{"url":"http://127.0.0.1:9/"}"#
            func create(_ header: APIFixture.Header) async throws -> APIFixture.Answer {
                try await fixture.call(
                    .post, "/v1/webhook-endpoints", on: "public", headers: Self.key("k") + [header], body: body)
            }
            let first = try await create(fixture.bearer(merchant.secret))
            let second = try await create(credential(.production))
            #expect(first.status == 201 && first.body == second.body)
            #expect(second.headers["idempotency-replayed"] == "true")
            let sandbox = try await create(credential(.sandbox))
            #expect(sandbox.status == 201 && sandbox.headers["idempotency-replayed"] == nil)
            let admin = try await fixture.admin(
                .post, "/sub-clients/\(merchant.subClient)/webhook-endpoints", headers: Self.key("k"),
                body: #"{"environment":"production","url":"http://127.0.0.1:9/"}"#)
            #expect(admin.status == 201 && admin.headers["idempotency-replayed"] == nil)
        }
    }

    @Test func atOnceOneCreatesAndTheOthersRepeat() async throws {
        try await APIFixture.with { fixture in
            let answers = try await withThrowingTaskGroup(of: APIFixture.Answer.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await fixture.admin(.post, "/sub-clients", headers: Self.key("k"), body: Self.shop)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 201 })
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.count { $0.headers["idempotency-replayed"] == nil } == 1)
            #expect(try await fixture.admin(.get, "/sub-clients").json["data"]!.elements.map { $0 }.count == 1)
        }
    }

    @Test func answersAreForgottenAfterADay() async throws {
        try await APIFixture.with { fixture in
            let first = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k"), body: Self.shop)
            fixture.clock.advance(by: .seconds(24 * 3600 - 5))
            let second = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k"), body: Self.shop)
            #expect(second.body == first.body)
            fixture.clock.advance(by: .seconds(10))
            let third = try await fixture.admin(.post, "/sub-clients", headers: Self.key("k"), body: Self.shop)
            #expect(third.status == 201 && third.body != first.body)
            #expect(try await fixture.store.forgetIdempotentAnswers() == 0)
            fixture.clock.advance(by: .seconds(24 * 3600 + 1))
            #expect(try await fixture.store.forgetIdempotentAnswers() == 1)
        }
    }

    @Test func failuresAreNotKept() async throws {
        try await APIFixture.with { fixture in
            let made = try await fixture.admin(.post, "/sub-clients", body: Self.shop)
            let id = try #require(try made.string("id"))
            let live = #"{"environment":"production","access":"read","name":"x"}"#
            let path = "/sub-clients/\(id)/credentials"
            #expect(try await fixture.admin(.post, path, headers: Self.key("k"), body: live).status == 409)
            _ = try await fixture.admin(.post, "/sub-clients/\(id)/activate")
            let approved = #"{"kyb":{"status":"approved"},"rules":{}}"#
            _ = try await fixture.admin(.put, "/sub-clients/\(id)/compliance", body: approved)
            #expect(try await fixture.admin(.post, path, headers: Self.key("k"), body: live).status == 201)
        }
    }

    @Test func keysAreVisibleASCII() async throws {
        try await APIFixture.with { fixture in
            for key in ["a b", String(repeating: "k", count: 256), "ü"] {
                let answer = try await fixture.admin(.post, "/sub-clients", headers: Self.key(key), body: Self.shop)
                #expect(answer.status == 400)
            }
            let long = String(repeating: "k", count: 255)
            let answer = try await fixture.admin(.post, "/sub-clients", headers: Self.key(long), body: Self.shop)
            #expect(answer.status == 201)
            let twice = try await fixture.admin(
                .post, "/sub-clients", headers: Self.key("a") + Self.key("a"), body: Self.shop)
            #expect(twice.status == 400)
        }
    }
}
