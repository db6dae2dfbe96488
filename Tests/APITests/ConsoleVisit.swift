import HTTPClient
import Testing

@testable import API

/// A browser at the console: it keeps its cookie, and sends what browsers send with forms.
struct ConsoleVisit: Sendable {
    let fixture: APIFixture
    var cookie: String?

    static let own: [APIFixture.Header] = [("Sec-Fetch-Site", Array("same-origin".utf8))]

    /// Exchanges a key, as the form of the sign-in page does.
    static func signIn(_ fixture: APIFixture, _ key: [UInt8]) async throws -> ConsoleVisit {
        let answer = try await post(fixture, "/console/sign-in", "key=\(String(decoding: key, as: UTF8.self))")
        #expect(answer.status == 303 && answer.headers["location"] == "/console/sub-clients")
        return ConsoleVisit(fixture: fixture, cookie: cookie(answer))
    }

    /// Its name and its value.
    static func cookie(_ answer: APIFixture.Answer) -> String? {
        answer.headers["set-cookie"].map { String($0.prefix { $0 != ";" }) }
    }

    static func post(
        _ fixture: APIFixture, _ path: String, _ body: String, headers: [APIFixture.Header] = own
    ) async throws -> APIFixture.Answer {
        try await fixture.send(
            .post, path, on: "admin", headers: headers, bytes: Array(body.utf8),
            contentType: "application/x-www-form-urlencoded")
    }

    private var cookies: [APIFixture.Header] { cookie.map { [("Cookie", Array($0.utf8))] } ?? [] }

    func get(_ path: String, headers: [APIFixture.Header] = []) async throws -> APIFixture.Answer {
        try await fixture.call(.get, path, on: "admin", headers: cookies + headers)
    }

    func post(
        _ path: String, _ body: String, headers: [APIFixture.Header] = own
    ) async throws -> APIFixture.Answer {
        try await ConsoleVisit.post(fixture, path, body, headers: headers + cookies)
    }

    /// What the forms of this session carry, read off a page.
    func formToken() async throws -> String {
        let page = try await get("/console/sub-clients").text
        let start = try #require(page.firstRange(of: "name=\"form\" value=\""))
        return String(page[start.upperBound...].prefix { $0 != "\"" })
    }
}
