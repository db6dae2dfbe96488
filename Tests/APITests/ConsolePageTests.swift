import Domain
import HTTPClient
import HTTPServer
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// What the console's pages show, to whom, and what their forms do.
@Suite struct ConsolePageTests {
    private static func visit(_ fixture: APIFixture, as role: Role) async throws -> ConsoleVisit {
        let member = try await fixture.store.createMember(
            .system, NewMember(name: Array("A \(role.rawValue)".utf8), role: role))
        let key = try await fixture.store.createAdminKey(.system, for: member.id, name: Array("k".utf8), expiresAt: nil)
        return try await ConsoleVisit.signIn(fixture, key.text)
    }

    /// A failed delivery to an endpoint of a merchant's.
    private static func failed(_ fixture: APIFixture, _ merchant: Merchant) async throws -> (EndpointID, DeliveryID) {
        let scope = PlatformScope.system.tenant(merchant.subClient, .sandbox)
        let endpoint = try await fixture.store.createEndpoint(
            scope,
            NewEndpoint(
                url: Seed.bytes("http://127.0.0.1:9/hook"), eventTypes: [Seed.bytes("*")], payloadFormat: .mesh,
                secret: Seed.bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")), limit: 50
        ).endpoint.id
        _ = try await fixture.store.createTestEvent(scope, for: endpoint) { _, _, _ in Seed.bytes("{}") }
        let node = fixture.store.identifiers.nextUUID()
        let lease = Lease(node: node, end: fixture.clock.clock.now() + .seconds(60))
        let due = try #require(try await fixture.store.claimDue(limit: 10, busy: [], lease: lease).deliveries.first)
        let exchange = #"""
            {"requestHeaders":[["X-Shop","<b>***</b>"]],"responseHeaders":[["server","\"><script>alert(1)</script>"]],
            "headersWereCut":false,"timings":{"dnsUs":1500,"connectUs":2500,"firstByteUs":9000}}
            """#
        try await fixture.store.record(
            [
                FinishedAttempt(
                    delivery: due, id: fixture.store.identifiers.next(), startedAt: fixture.clock.clock.now(),
                    duration: .milliseconds(12), statusCode: 500, errorCode: "httpStatus",
                    responseBody: Seed.bytes("<img src=x onerror=alert(2)>"), exchange: Seed.bytes(exchange),
                    decision: .failed)
            ], node: node)
        fixture.store.noteAttempt(
            merchant.subClient, endpoint, statusCode: 500, errorCode: nil, duration: .milliseconds(12),
            at: fixture.clock.clock.now())
        try await fixture.store.writeStatistics()
        return (endpoint, due.id)
    }

    /// No page holds a script, a handler or an address that is not the console's, whatever its values are.
    private static func expectHarmless(_ answer: APIFixture.Answer, _ path: String) {
        let text = answer.text
        #expect(answer.headers["content-type"] == "text/html; charset=utf-8", "\(path)")
        #expect(text.ranges(of: "<script").count == 1, "\(path)")
        for sign in ["<img", "<b>", "onerror=alert(2)>", "javascript:", "style=\"", "http-equiv"] {
            #expect(!text.contains(sign), "\(path) holds \(sign)")
        }
        for attribute in text.matches(of: #/(?:href|src|action)="([^"]*)"/#) {
            let target = attribute.1
            #expect(
                target == "/console" || target.hasPrefix("/console/") || target == "#main" || target == "data:,",
                "\(path) names \(target)")
        }
    }

    @Test func everyPageShowsWhatIsThereAsText() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let (endpoint, delivery) = try await Self.failed(fixture, merchant)
            _ = try await QuarantineAssignTests.stray(fixture)
            let hostile = #"Caf<b>\"é\"</b>"#
            let id = merchant.subClient
            _ = try await fixture.admin(
                .patch, "/sub-clients/\(id)", body: #"{"displayName":"\#(hostile)","legalName":"\#(hostile)"}"#)
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            let base = "/console/sub-clients/\(id)"
            let pages: [(path: String, sees: [String])] = [
                ("/console/sub-clients", ["Caf&lt;b&gt;&quot;é&quot;&lt;/b&gt;", "active"]),
                (base, ["Caf&lt;b&gt;", "http://127.0.0.1:9/hook", merchant.clientID.description, "unverified"]),
                (
                    "\(base)/endpoints/\(endpoint)",
                    ["<svg", "1 attempts", "1 failed", "http5xx 1", #"class="bar bad""#, "95 of 100 took at most"]
                ),
                ("\(base)/deliveries", ["\(delivery)", "failed", "500"]),
                ("\(base)/deliveries?status=failed&lastStatusCode=5xx&type=&endpointId=", ["\(delivery)"]),
                ("\(base)/deliveries?status=delivered", ["None that these filters let through."]),
                (
                    "\(base)/deliveries/\(delivery)",
                    [
                        "answered 500", "&lt;img src=x onerror=alert(2)&gt;", "X-Shop: &lt;b&gt;***&lt;/b&gt;",
                        "name 2 ms, connect 3 ms, first byte 9 ms, in all 12 ms", "Send again now",
                    ]
                ),
                ("/console/quarantine", ["Assign", "TransferStatus"]), ("/console/upstreams", ["http://127.0.0.1:1"]),
                ("/console/audit", ["subClient.updated", "\(id)"]),
                ("/console/audit?action=subClient.updated&subClientId=\(id)", ["subClient.updated"]),
            ]
            for page in pages {
                let answer = try await visit.get(page.path)
                #expect(answer.status == 200, "\(page.path)")
                for text in page.sees { #expect(answer.text.contains(text), "\(page.path) shows \(text)") }
                Self.expectHarmless(answer, page.path)
                #expect(!answer.text.contains(String(decoding: merchant.secret, as: UTF8.self)))
            }
            #expect(try await !visit.get("/console/audit?action=endpoint.created").text.contains("subClient.updated"))
        }
    }

    @Test func whatIsWrongIsSaidOnAPage() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            let base = "/console/sub-clients"
            let refusals: [(path: String, status: Int, says: String)] = [
                ("\(base)?status=x", 400, "status must be one of"), ("\(base)?text=a", 400, "text"),
                ("\(base)?cursor=x", 400, "cursor must be"), ("\(base)?%3Cb%3E=1", 400, "is not known"),
                ("\(base)/sc_00000000000000000000000001", 404, "Not found"), ("\(base)/x", 404, "Not found"),
                ("\(base)/\(merchant.subClient)/deliveries/dlv_x", 404, "Not found"),
                ("\(base)/\(merchant.subClient)/deliveries?lastStatusCode=7", 400, "lastStatusCode"),
                ("/console/audit?targetId=x", 400, "targetId"), ("/console/assets/..", 400, ""),
                ("/console/assets/none.js", 404, "Not found"), ("/console/none", 404, "Not found"),
            ]
            for refusal in refusals {
                let answer = try await visit.get(refusal.path)
                #expect(answer.status == refusal.status && answer.text.contains(refusal.says), "\(refusal.path)")
                if !refusal.says.isEmpty { Self.expectHarmless(answer, refusal.path) }
            }
            let put = try await fixture.call(.delete, "/console/sub-clients", on: "admin")
            #expect(put.status == 405 && put.headers["allow"]?.contains("GET") == true)
            // The API's own refusals stay what they are.
            let problem = try await fixture.call(.get, "/consoles", on: "admin")
            #expect(problem.status == 404 && problem.headers["content-type"] == "application/problem+json")
        }
    }

    /// By the table of roles: each page is open to exactly those whose role allows it.
    @Test(arguments: Role.allCases) func whatARoleMayNotDoIsNeitherShownNorTaken(_ role: Role) async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let (_, delivery) = try await Self.failed(fixture, merchant)
            _ = try await QuarantineAssignTests.stray(fixture)
            let visit = try await Self.visit(fixture, as: role)
            let form = try await visit.formToken()
            for route in RouteTable.adminListener.pages {
                guard case .console(let permission?) = route.access else { continue }
                let path = AccessMatrixTests.path(route)
                let answer =
                    route.method == .get ? try await visit.get(path) : try await visit.post(path, "form=\(form)")
                #expect((answer.status == 403) == !role.allows(permission), "\(route.name): \(answer.status)")
                if answer.status == 403 { #expect(answer.text.contains(permission.rawValue)) }
            }
            let nav = try await visit.get("/console/sub-clients").text
            #expect(nav.contains("/console/audit") == role.allows(.viewAudit))
            let path = "/console/sub-clients/\(merchant.subClient)/deliveries/\(delivery)"
            let mayOperate = role.allows(.operateDeliveries)
            #expect(try await visit.get(path).text.contains("Send again now") == mayOperate)
            #expect(try await visit.get("/console/quarantine").text.contains("Assign") == mayOperate)
        }
    }

    @Test func aDeliveryIsSentAgainAndItsEventReplayed() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let (_, delivery) = try await Self.failed(fixture, merchant)
            let visit = try await Self.visit(fixture, as: .support)
            let form = try await visit.formToken()
            let path = "/console/sub-clients/\(merchant.subClient)/deliveries/\(delivery)"
            for (act, done) in [("retry", "retried"), ("replay", "replayed")] {
                let answer = try await visit.post("\(path)/\(act)", "form=\(form)")
                #expect(answer.status == 303 && answer.headers["location"] == "\(path)?done=\(done)")
                let page = try await visit.get("\(path)?done=\(done)")
                #expect(page.text.contains(#"role="status""#) && !page.text.contains(#"badge bad">failed"#))
            }
            let kept = try await fixture.store.delivery(PlatformScope.system.tenant(merchant.subClient), delivery)
            #expect(kept.delivery.nextAttemptAt != nil)
            let audit = try await fixture.admin(.get, "/audit").json["data"]!.elements.map { $0 }
            let acts = audit.filter {
                $0["action"]?.text == "delivery.retried" || $0["action"]?.text == "event.replayed"
            }
            #expect(!acts.isEmpty && acts.allSatisfy { $0["actor"]?["type"]?.text == "member" })
        }
    }

    @Test func aStrayEventIsGivenToItsSubClient() async throws {
        try await APIFixture.with { fixture in
            let (merchant, _, id) = try await QuarantineAssignTests.stray(fixture)
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            let form = try await visit.formToken()
            let path = "/console/quarantine/\(id)/assign"
            let wrong = try await visit.post(path, "form=\(form)&subClientId=x")
            #expect(wrong.status == 400 && wrong.text.contains("subClientId must be"))
            let done = try await visit.post(path, "form=\(form)&subClientId=%20\(merchant.subClient)%0A")
            #expect(done.status == 303 && done.headers["location"] == "/console/quarantine?done=assigned")
            #expect(try await visit.get("/console/quarantine").text.contains("None."))
            let list = try await fixture.admin(.get, "/sub-clients/\(merchant.subClient)/events")
            #expect(try list.json["data"]!.elements.map { $0 }.count == 1)
        }
    }

    @Test func listsGoOnWithTheirFilters() async throws {
        try await APIFixture.with { fixture in
            for place in 0..<(ConsoleLimits.rows + 3) {
                let body = #"{"legalName":"Rows & Co \#(place)","displayName":"R","country":"DE"}"#
                _ = try await fixture.admin(.post, "/sub-clients", body: body)
            }
            let visit = try await ConsoleVisit.signIn(fixture, fixture.adminKey)
            let first = try await visit.get("/console/sub-clients?text=Rows+%26+Co").text
            #expect(first.ranges(of: "Rows &amp; Co ").count == ConsoleLimits.rows)
            let link = try #require(first.firstMatch(of: #/href="([^"]*cursor=[^"]*)"/#))
            let next = String(link.1).replacing("&amp;", with: "&")
            #expect(next.contains("text=Rows%20%26%20Co"))
            let second = try await visit.get(next).text
            #expect(second.ranges(of: "Rows &amp; Co ").count == 3 && !second.contains("Next page"))
        }
    }
}
