import Domain
import HTTPClient
import HTTPServer
import JSON
import Store
import TestSupport
import Testing

@testable import API

/// Who may come in to the console, and for how long.
@Suite struct ConsoleSessionTests {
    @Test func aKeyIsExchangedForACookieThatScriptsAndOtherSitesNeverSee() async throws {
        try await APIFixture.with { fixture in
            let key = String(decoding: fixture.adminKey, as: UTF8.self)
            let answer = try await ConsoleVisit.post(fixture, "/console/sign-in", "key=\(key)")
            let field = try #require(answer.headers["set-cookie"])
            #expect(field.hasPrefix("subgate-console=") && field.contains("; HttpOnly; SameSite=Strict"))
            #expect(field.contains("; Path=/;") && !field.contains("Secure") && !field.contains(key))
            // By any other name of the host the cookie is for TLS alone.
            let port = fixture.ports["admin"]!
            let remote = try await onOwnThread { () throws -> String in
                let socket = try LoopbackSocket(port: port)
                try socket.write(
                    "POST /console/sign-in HTTP/1.1\r\nHost: ops.example.com\r\nOrigin: https://ops.example.com\r\n"
                        + "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                        + "Content-Length: \(key.utf8.count + 4)\r\n\r\nkey=\(key)")
                return String(decoding: try socket.readToEnd(), as: UTF8.self)
            }
            let lines = remote.split(separator: "\r\n").filter { $0.hasPrefix("Set-Cookie: ") }
            let secured = try #require(lines.first).dropFirst("Set-Cookie: ".count)
            #expect(secured.hasPrefix("__Host-subgate-console=") && secured.hasSuffix("; Secure"))
            let visit = ConsoleVisit(fixture: fixture, cookie: ConsoleVisit.cookie(answer))
            let page = try await visit.get("/console/sub-clients")
            #expect(page.status == 200 && !page.text.contains(key))
            // What is kept is not what is sent.
            let token = try #require(visit.cookie?.dropFirst("subgate-console=".count))
            #expect(!page.text.contains(token))
        }
    }

    @Test func everyAnswerForbidsWhatPagesDoNotNeed() async throws {
        try await APIFixture.with { fixture in
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            for path in [
                "/console/sign-in", "/console/sub-clients", "/console/none", "/console", "/console/assets/console.js",
                "/console/sub-clients/sc_none",
            ] {
                let headers = try await visit.get(path).headers
                let policy = try #require(headers["content-security-policy"])
                #expect(policy.hasPrefix("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "\(path)")
                #expect(!policy.contains("unsafe") && !policy.contains("*"))
                #expect(headers["x-content-type-options"] == "nosniff" && headers["cache-control"] == "no-store")
                #expect(headers["referrer-policy"] == "no-referrer" && headers["x-frame-options"] == "DENY")
            }
        }
    }

    @Test func withoutASessionThereIsOnlyTheDoor() async throws {
        try await APIFixture.with { fixture in
            let stranger = ConsoleVisit(fixture: fixture)
            for cookie in [nil, "subgate-console=", "subgate-console=" + String(repeating: "A", count: 43)] {
                let visit = ConsoleVisit(fixture: fixture, cookie: cookie)
                for route in RouteTable.adminListener.pages where route.access != .console(nil) {
                    let path = AccessMatrixTests.path(route)
                    if route.method == .get {
                        let answer = try await visit.get(path)
                        #expect(answer.status == 303 && answer.headers["location"] == "/console/sign-in", "\(path)")
                    } else {
                        let answer = try await visit.post(path, "form=x")
                        #expect(answer.status == 401 && answer.text.contains("nothing was done"), "\(path)")
                    }
                }
            }
            // An admin key opens pages no more than a cookie opens the API.
            let bearer = try await stranger.get("/console/sub-clients", headers: [fixture.bearer(fixture.adminKey)])
            #expect(bearer.status == 303)
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            #expect(try await visit.get("/admin/v1/sub-clients").status == 401)
        }
    }

    @Test func aSessionEndsWithItsKeyItsTimeAndItsRest() async throws {
        try await APIFixture.with { fixture in
            let member = try await fixture.store.createMember(
                .system, NewMember(name: Array("Mira".utf8), email: nil, role: .support))
            let key = try await fixture.store.createAdminKey(
                .system, for: member.id, name: Array("k".utf8), expiresAt: nil)
            let held = try await ConsoleVisit.signIn(fixture, key.text)
            let owner = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            #expect(try await held.get("/console/sub-clients").text.contains("Mira"))
            try await fixture.store.revokeAdminKey(.system, of: member.id, key.key.id)
            #expect(try await held.get("/console/sub-clients").status == 303)
            #expect(try await owner.get("/console/sub-clients").status == 200)
            // What a page asks for by itself keeps nothing alive; a person does.
            let live: [APIFixture.Header] = [("X-Console-Live", Array("1".utf8))]
            fixture.clock.advance(by: .seconds(1_500))
            #expect(try await owner.get("/console/sub-clients").status == 200)
            fixture.clock.advance(by: .seconds(1_500))
            #expect(try await owner.get("/console/sub-clients", headers: live).status == 200)
            fixture.clock.advance(by: .seconds(400))
            #expect(try await owner.get("/console/sub-clients", headers: live).status == 303)
            let other = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            for _ in 0..<19 {
                fixture.clock.advance(by: .seconds(1_500))
                #expect(try await other.get("/console/sub-clients").status == 200)
            }
            fixture.clock.advance(by: .seconds(400))
            #expect(try await other.get("/console/sub-clients").status == 303)
        }
    }

    @Test func signingOutEndsTheSessionForWhoeverCopiedIt() async throws {
        try await APIFixture.with { fixture in
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            let form = try await visit.formToken()
            let answer = try await visit.post("/console/sign-out", "form=\(form)")
            #expect(answer.status == 303 && answer.headers["set-cookie"]?.contains("Max-Age=0") == true)
            #expect(try await visit.get("/console/sub-clients").status == 303)
            let actions = try await fixture.admin(.get, "/audit").json["data"]!.elements.map { $0["action"]?.text }
            #expect(actions.starts(with: ["console.signedOut", "console.signedIn"]))
        }
    }

    @Test func refusedKeysAreToldAndAfterTenTheDoorIsShutForAWhile() async throws {
        try await APIFixture.with { fixture in
            let key = String(decoding: fixture.adminKey, as: UTF8.self)
            let wrong = key.dropLast() + (key.last == "a" ? "b" : "a")
            for guess in 0..<10 {
                let answer = try await ConsoleVisit.post(
                    fixture, "/console/sign-in", "key=\(guess % 2 == 0 ? "x" : String(wrong))")
                #expect(answer.status == 401 && !answer.text.contains(wrong) && answer.headers["set-cookie"] == nil)
            }
            let shut = try await ConsoleVisit.post(fixture, "/console/sign-in", "key=\(key)")
            #expect(shut.status == 429 && shut.headers["retry-after"] == "300")
            let told = try await fixture.admin(.get, "/audit?action=console.refused").json["data"]!.elements.map { $0 }
            #expect(told.count == 10 && told.allSatisfy { $0["address"]?.text == "127.0.0.1" })
            fixture.clock.advance(by: .seconds(361))
            _ = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
        }
    }

    @Test func formsOfOtherSitesDoNothing() async throws {
        try await APIFixture.with { fixture in
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            let form = try await visit.formToken()
            let host = "127.0.0.1:\(fixture.ports["admin"]!)"
            func header(_ name: String, _ value: String) -> APIFixture.Header { (name, Array(value.utf8)) }
            let foreign: [[APIFixture.Header]] = [
                [], [header("Sec-Fetch-Site", "cross-site")], [header("Sec-Fetch-Site", "same-site")],
                [header("Sec-Fetch-Site", "none")], [header("Origin", "https://evil.example")],
                [header("Origin", "null")], [header("Origin", "http://\(host).evil.example")],
                [header("Sec-Fetch-Site", "cross-site"), header("Origin", "http://\(host)")],
            ]
            for headers in foreign {
                for path in ["/console/sign-out", "/console/sign-in"] {
                    let answer = try await visit.post(path, "form=\(form)&key=x", headers: headers)
                    #expect(answer.status == 403 && answer.text.contains("nothing was done"), "\(headers)")
                }
            }
            // From the right place, without what only the session's own pages know.
            let other = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            for body in ["", "form=", "form=x", "form=\(try await other.formToken())", "form=\(form)&form=\(form)"] {
                #expect(try await visit.post("/console/sign-out", body).status == 403)
            }
            let asJSON = try await fixture.call(
                .post, "/console/sign-out", on: "admin",
                headers: ConsoleVisit.own + [header("Cookie", visit.cookie!)], body: "{}")
            #expect(asJSON.status == 415)
            #expect(try await visit.get("/console/sub-clients").status == 200)
            // Older browsers, and plain HTTP between machines, say where a form is from by its origin alone.
            let plain = try await visit.post(
                "/console/sign-out", "form=\(form)", headers: [header("Origin", "http://\(host)")])
            #expect(plain.status == 303)
        }
    }
}
