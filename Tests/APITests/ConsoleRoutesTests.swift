import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// What is seen of deliveries over the API, and done about them.
@Suite struct ConsoleRoutesTests {
    /// A merchant with an endpoint and one event whose delivery came to `status`.
    private struct Scene {
        let fixture: APIFixture
        let merchant: Merchant
        let endpoint: String
        let event: String
        let delivery: String

        func admin(_ method: OutgoingRequest.Method, _ path: String, body: String? = nil) async throws
            -> APIFixture.Answer
        {
            try await fixture.admin(method, "/sub-clients/\(merchant.subClient)\(path)", body: body)
        }
    }

    private func scene(_ fixture: APIFixture, exchange: [UInt8]? = nil, status: Int32 = 503) async throws -> Scene {
        let merchant = try await fixture.merchant()
        let upstream = UpstreamID(UUIDValue(high: 1, low: 1))
        let seed = Seed(store: fixture.store, subClient: merchant.subClient, upstream: upstream)
        let endpoint = try await seed.endpoint()
        let node = UUIDValue(high: 7, low: 8)
        let now = fixture.clock.clock.now()
        let accepted = try await fixture.store.accept(
            [seed.received("Succeeded", try await seed.linkSession())],
            lease: Lease(node: node, end: now + .seconds(60)))
        let due = try #require(accepted.first?.deliveries.first)
        let attempt = FinishedAttempt(
            delivery: due, id: fixture.store.identifiers.next(), startedAt: now, duration: .milliseconds(31),
            statusCode: status, errorCode: nil, responseBody: nil, exchange: exchange,
            decision: status < 300 ? .delivered : .failed)
        try await fixture.store.record([attempt], node: node)
        return Scene(
            fixture: fixture, merchant: merchant, endpoint: "\(endpoint)", event: "\(due.event.id)",
            delivery: "\(due.id)")
    }

    @Test func anAttemptTellsWhatWasSentAndAnswered() async throws {
        try await APIFixture.with { fixture in
            let exchange = #"""
                {"requestHeaders":[["X-Shop","***"],["webhook-id","evt_1"]],"responseHeaders":[["retry-after","30"]],
                "headersWereCut":true,"timings":{"dnsUs":1500,"connectUs":400,"firstByteUs":30999}}
                """#
            let scene = try await self.scene(fixture, exchange: Array(exchange.utf8))
            let paths = ["/v1/deliveries/\(scene.delivery)/attempts", "/deliveries/\(scene.delivery)/attempts"]
            for (index, path) in paths.enumerated() {
                let answer =
                    index == 0 ? try await scene.merchant.call(.get, path) : try await scene.admin(.get, path)
                #expect(answer.status == 200)
                let attempt = try #require(try answer.json["data"]?.elements.map { $0 }.first)
                let sent = try #require(attempt["requestHeaders"]).elements.map {
                    [$0["name"]?.text, $0["value"]?.text]
                }
                #expect(sent == [["X-Shop", "***"], ["webhook-id", "evt_1"]])
                #expect(try #require(attempt["responseHeaders"]).elements.map { $0["value"]?.text } == ["30"])
                #expect(attempt["headersWereCut"]?.bool == true)
                let timings = try #require(attempt["timings"])
                #expect(timings["dnsMs"]?.integer == 2 && timings["connectMs"]?.integer == 0)
                #expect(timings["tlsMs"]?.isNull == true && timings["firstByteMs"]?.integer == 31)
                #expect(timings["totalMs"]?.integer == 31)
                #expect(attempt["nodeId"]?.text == "00000000-0000-0007-0000-000000000008")
            }
        }
    }

    @Test(arguments: [
        "status=gone", "type=transfer.gone", "type=endpoint.disabled", "endpointId=x", "eventId=we_0", "transferId=1",
        "lastStatusCode=5x", "lastStatusCode=0xx", "lastStatusCode=1000", "lastStatusCode=5XX", "createdAfter=today",
        "createdBefore=1", "limit=0", "status=failed&status=held", "unknown=1",
    ])
    func aMalformedFilterIsNamed(_ query: String) async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let name = query.prefix { $0 != "=" }
            let answer = try await merchant.call(.get, "/v1/deliveries?\(query)")
            #expect(answer.status == 400)
            #expect(try answer.json["errors"]?.elements.map { $0["field"]?.text } == [String(name)])
        }
    }

    @Test func filtersReachTheList() async throws {
        try await APIFixture.with { fixture in
            let scene = try await self.scene(fixture)
            let transfer = try await scene.merchant.call(.get, "/v1/transfers").json["data"]!.elements.map { $0 }.at(0)
            let future = "2999-01-01T00:00:00Z"
            let queries = [
                ("", 1), ("status=failed", 1), ("status=held", 0), ("type=transfer.succeeded", 1),
                ("type=webhook.test", 0), ("endpointId=\(scene.endpoint)", 1), ("eventId=\(scene.event)", 1),
                ("transferId=\(transfer["id"]!.text!)", 1), ("transferId=tr_01k5x3v8q2f7r9t0w4y6z8a1b3", 0),
                ("lastStatusCode=503", 1), ("lastStatusCode=5xx", 1), ("lastStatusCode=4xx", 0),
                ("createdAfter=\(future)", 0), ("createdBefore=\(future)", 1),
                ("createdBefore=1969-01-01T00:00:00Z", 0), ("createdAfter=0000-01-01T00:00:00Z", 1),
            ]
            for (query, count) in queries {
                let mine = try await scene.merchant.call(.get, "/v1/deliveries?\(query)")
                #expect(try mine.json["data"]?.elements.map { $0 }.count == count, "\(query): \(mine.text)")
                let admins = try await scene.admin(.get, "/deliveries?\(query)")
                #expect(mine.body == admins.body)
            }
            for (query, count) in [
                ("type=transfer.succeeded", 1), ("type=webhook.test", 0), ("transferId=\(transfer["id"]!.text!)", 1),
                ("createdAfter=\(future)", 0),
            ] {
                let answer = try await scene.merchant.call(.get, "/v1/events?\(query)")
                #expect(try answer.json["data"]?.elements.map { $0 }.count == count, "\(query)")
            }
        }
    }

    @Test func transfersAreFilteredToo() async throws {
        try await APIFixture.with { fixture in
            let scene = try await self.scene(fixture)
            let transfer = try await scene.merchant.call(.get, "/v1/transfers").json["data"]!.elements.map { $0 }.at(0)
            let session = try #require(transfer["linkSessionId"]?.text)
            let future = "2999-01-01T00:00:00Z"
            for (query, count) in [
                ("status=succeeded", 1), ("status=pending", 0), ("linkSessionId=\(session)", 1),
                ("linkSessionId=ls_01k5x3v8q2f7r9t0w4y6z8a1b3", 0), ("transactionId=order-1", 1),
                ("transactionId=order-2", 0), ("transactionId=", 0), ("userId=\(transfer["userId"]!.text!)", 1),
                ("userId=nobody", 0), ("createdAfter=\(future)", 0), ("createdBefore=\(future)", 1),
                ("userId=nobody&createdBefore=\(future)&status=succeeded", 0),
            ] {
                let mine = try await scene.merchant.call(.get, "/v1/transfers?\(query)")
                #expect(try mine.json["data"]?.elements.map { $0 }.count == count, "\(query): \(mine.text)")
                let admins = try await scene.admin(.get, "/transfers?\(query)")
                #expect(mine.body == admins.body)
            }
            for query in [
                "status=gone", "linkSessionId=tr_0", "transactionId=\(String(repeating: "x", count: 129))", "userId=",
                "createdAfter=today", "createdBefore=1", "status=failed&status=pending", "environment=sandbox",
            ] {
                let name = query.prefix { $0 != "=" }
                let answer = try await scene.merchant.call(.get, "/v1/transfers?\(query)")
                #expect(answer.status == 400)
                #expect(try answer.json["errors"]?.elements.map { $0["field"]?.text } == [String(name)])
            }
        }
    }

    @Test func anEventIsReplayed() async throws {
        try await APIFixture.with { fixture in
            let scene = try await self.scene(fixture)
            let path = "/v1/events/\(scene.event)/replay"
            let all = try await scene.merchant.call(.post, path, body: "{}")
            #expect(all.status == 202)
            let first = try #require(try all.json["data"]?.elements.map { $0 }.first)
            #expect(first["id"]?.text == scene.delivery && first["status"]?.text == "pending")
            let named = try await scene.admin(
                .post, "/events/\(scene.event)/replay", body: #"{"endpointIds":["\#(scene.endpoint)"]}"#)
            #expect(named.status == 202)
            let unknown = "we_01k5x3v8q2f7r9t0w4y6z8a1b3"
            for (body, field) in [
                (#"{"endpointIds":["\#(scene.endpoint)","\#(unknown)"]}"#, "endpointIds[1]"),
                (#"{"endpointIds":["x"]}"#, "endpointIds[0]"), (#"{"endpointIds":[]}"#, "endpointIds"),
                (#"{"endpoints":[]}"#, "endpoints"),
            ] {
                let answer = try await scene.merchant.call(.post, path, body: body)
                #expect(answer.status == 400)
                #expect(try answer.json["errors"]?.elements.map { $0["field"]?.text } == [field])
            }
            let elsewhere = try await fixture.merchant()
            #expect(try await elsewhere.call(.post, path, body: "{}").status == 404)
        }
    }

    @Test func aRecoveryIsBegunSeenAndCancelled() async throws {
        try await APIFixture.with { fixture in
            let scene = try await self.scene(fixture)
            let path = "/v1/webhook-endpoints/\(scene.endpoint)/recover"
            let begun = try await scene.merchant.call(.post, path, body: #"{"since":"2025-01-01T00:00:00Z"}"#)
            #expect(begun.status == 202)
            let id = try #require(try begun.string("id"))
            #expect(begun.headers["location"] == "/v1/recoveries/\(id)")
            #expect(try begun.json["ratePerSecond"]?.integer == 1_000 && begun.json["onlyFailed"]?.bool == true)
            let again = try await scene.merchant.call(.post, path, body: #"{"since":"2025-01-01T00:00:00Z"}"#)
            #expect(again.status == 409)
            #expect(try await scene.merchant.call(.get, "/v1/recoveries/\(id)").body == begun.body)
            let list = try await scene.merchant.call(.get, "/v1/webhook-endpoints/\(scene.endpoint)/recoveries")
            #expect(list.text == #"{"data":[\#(begun.text)],"nextCursor":null}"#)
            let cancelled = try await scene.admin(.post, "/recoveries/\(id)/cancel")
            #expect(cancelled.status == 200)
            #expect(try cancelled.string("status") == "cancelled" && cancelled.string("completedAt") != nil)
            let admins = try await scene.admin(
                .post, "/webhook-endpoints/\(scene.endpoint)/recover",
                body:
                    #"{"since":"0000-01-01T00:00:00Z","until":"2025-01-02T00:00:00Z","onlyFailed":false,"#
                    + #""ratePerSecond":7}"#
            )
            #expect(admins.status == 202)
            let base = "/admin/v1/sub-clients/\(scene.merchant.subClient)/recoveries/"
            #expect(admins.headers["location"]?.hasPrefix(base) == true)
            for (body, field) in [
                ("{}", "since"), (#"{"since":"2999-01-01T00:00:00Z"}"#, "since"), (#"{"since":1}"#, "since"),
                (#"{"since":"2025-01-02T00:00:00Z","until":"2025-01-01T00:00:00Z"}"#, "until"),
                (#"{"since":"2025-01-02T00:00:00Z","until":"2999-01-01T00:00:00Z"}"#, "until"),
                (#"{"since":"2025-01-02T00:00:00Z","ratePerSecond":0}"#, "ratePerSecond"),
                (#"{"since":"2025-01-02T00:00:00Z","onlyFailed":1}"#, "onlyFailed"),
                (#"{"since":"2025-01-02T00:00:00Z","limit":1}"#, "limit"),
            ] {
                let answer = try await scene.merchant.call(.post, path, body: body)
                #expect(answer.status == 400)
                #expect(try answer.json["errors"]?.elements.map { $0["field"]?.text } == [field], "\(body)")
            }
        }
    }

    @Test func statisticsAreCountedAndShown() async throws {
        try await APIFixture.with { fixture in
            let scene = try await self.scene(fixture)
            let endpoint = try #require(EndpointID(text: Array(scene.endpoint.utf8)))
            for index in 0..<3 {
                fixture.store.noteAttempt(
                    scene.merchant.subClient, endpoint, statusCode: index == 0 ? 404 : 200, errorCode: nil,
                    duration: .milliseconds(40), at: fixture.clock.clock.now())
            }
            try await fixture.store.writeStatistics()
            let path = "/webhook-endpoints/\(scene.endpoint)/statistics"
            let answer = try await scene.merchant.call(.get, "/v1" + path)
            let hour = try #require(try answer.json["lastHour"])
            #expect(hour["attempts"]?.integer == 3 && hour["failed"]?.integer == 1)
            #expect(Array(try #require(hour["successRate"]).raw) == Array("0.6666".utf8))
            let p95 = try #require(hour["p95Ms"]?.integer)
            #expect((32...46).contains(p95))
            let reasons = try #require(hour["failures"]).elements.map { $0["reason"]?.text }
            #expect(reasons == ["http4xx"])
            #expect(try answer.json["backlog"]?.integer == 0)
            #expect(try await scene.admin(.get, path).json["lastDay"]?["attempts"]?.integer == 3)
            // One without attempts has no rate.
            let fresh = try await fixture.merchant()
            let made = try await fresh.call(
                .post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/hook"}"#)
            let none = try await fresh.call(
                .get, "/v1/webhook-endpoints/\(try #require(try made.string("id")))/statistics")
            #expect(try none.json["lastDay"]?["successRate"]?.isNull == true)
        }
    }

    @Test func sharesAreRoundedDown() {
        let cases: [(Int64, Int64, String)] = [
            (0, 7, "0"), (7, 7, "1"), (1, 2, "0.5"), (2, 3, "0.6666"), (99_999, 100_000, "0.9999"), (1, 100, "0.01"),
            (1, 100_000, "0"),
        ]
        for (part, whole, text) in cases { #expect(StatisticRoutes.share(part, of: whole) == text) }
    }

    @Test func theOperatorsOwnWebhooksAreManaged() async throws {
        try await APIFixture.with { fixture in
            let body = #"{"url":"http://127.0.0.1:9/ops","eventTypes":["endpoint.*","quarantine.added"]}"#
            let made = try await fixture.admin(.post, "/operator-webhooks", body: body)
            #expect(made.status == 201 && made.headers["etag"] == "\"1\"")
            let id = try #require(try made.string("id"))
            let secret = try #require(try made.string("secret"))
            #expect(made.headers["location"] == "/admin/v1/operator-webhooks/\(id)")
            let read = try await fixture.admin(.get, "/operator-webhooks/\(id)")
            #expect(read.status == 200 && !read.text.contains(secret))
            #expect(
                try await fixture.admin(.get, "/operator-webhooks").text
                    == #"{"data":[\#(read.text)],"nextCursor":null}"#)
            let changed = try await fixture.admin(
                .patch, "/operator-webhooks/\(id)", headers: [("If-Match", Array("\"1\"".utf8))],
                body: #"{"enabled":false,"eventTypes":["*"]}"#)
            #expect(changed.status == 200 && changed.headers["etag"] == "\"2\"")
            #expect(
                try await fixture.admin(.get, "/operator-webhooks/\(id)/deliveries").text
                    == #"{"data":[],"nextCursor":null}"#)
            for types in [#"["transfer.*"]"#, #"["webhook.test"]"#, #"["endpoint"]"#, "[]", #"["*","*"]"#] {
                let answer = try await fixture.admin(
                    .post, "/operator-webhooks", body: #"{"url":"http://127.0.0.1:9/","eventTypes":\#(types)}"#)
                #expect(answer.status == 400, "\(types)")
            }
            // A merchant's filter knows nothing of the operator's events.
            let merchant = try await fixture.merchant()
            let theirs = try await merchant.call(
                .post, "/v1/webhook-endpoints", body: #"{"url":"http://127.0.0.1:9/","eventTypes":["endpoint.*"]}"#)
            #expect(theirs.status == 400)
            // The place where they stand is no sub-client.
            let nobody = "sc_00000000000000000000000000"
            for path in ["", "/webhook-endpoints", "/deliveries", "/events", "/webhook-endpoints/\(id)/statistics"] {
                #expect(try await fixture.admin(.get, "/sub-clients/\(nobody)\(path)").status == 404, "\(path)")
            }
            #expect(try await fixture.admin(.delete, "/operator-webhooks/\(id)").status == 204)
            #expect(try await fixture.admin(.get, "/operator-webhooks/\(id)").status == 404)
        }
    }

    @Test func theOperatorsOwnWebhooksAreTestedAndTheirSecretsExchanged() async throws {
        try await APIFixture.with { fixture in
            let made = try await fixture.admin(
                .post, "/operator-webhooks", body: #"{"url":"http://127.0.0.1:9/","eventTypes":["quarantine.added"]}"#)
            let one = "/operator-webhooks/\(try #require(try made.string("id")))"
            let first = try #require(try made.json["secrets"]?.elements.first { _ in true }?["id"]?.text)

            let test = try await fixture.admin(.post, "\(one)/test")
            #expect(try test.status == 202 && test.string("status") == "pending")
            #expect(try test.string("eventType") == "webhook.test")
            let told = try await fixture.admin(.get, "\(one)/deliveries").json["data"]!.elements.map { $0 }
            #expect(try told.map { $0["id"]?.text } == [test.string("id")])
            let claimed = try await fixture.store.claimDue(
                limit: 10, busy: [], lease: Lease(node: UUIDValue(high: 1, low: 1), end: fixture.clock.clock.now()))
            let event = try #require(claimed.deliveries.first).event
            #expect(event.type == .webhookTest && event.payload == Array("{}".utf8), "nothing of a transfer")

            let key = [("Idempotency-Key", Array("k".utf8))]
            let rotated = try await fixture.admin(
                .post, "\(one)/rotate-secret", headers: key, body: #"{"overlapSeconds":60}"#)
            let again = try await fixture.admin(
                .post, "\(one)/rotate-secret", headers: key, body: #"{"overlapSeconds":60}"#)
            #expect(rotated.status == 201 && rotated.body == again.body)
            #expect(rotated.headers["location"] == "/admin/v1\(one)")
            let second = try #require(try rotated.string("secretId"))
            func signing() async throws -> [String?] {
                try await fixture.admin(.get, one).json["secrets"]!.elements.map { $0["id"]?.text }
            }
            #expect(try await signing() == [second, first])
            #expect(try await fixture.admin(.delete, "\(one)/previous-secrets").status == 204)
            #expect(try await signing() == [second])

            let actions = try await fixture.admin(.get, "/audit").json["data"]!.elements.map { $0["action"]?.text }
            #expect(
                actions.prefix(4) == [
                    "endpoint.secretsRevoked", "endpoint.secretRotated", "endpoint.tested", "endpoint.created",
                ])
            let none = "/operator-webhooks/we_00000000000000000000000001"
            #expect(try await fixture.admin(.post, "\(none)/test").status == 404)
            #expect(try await fixture.admin(.post, "\(none)/rotate-secret", body: "{}").status == 404)
            #expect(try await fixture.admin(.delete, "\(none)/previous-secrets").status == 404)
        }
    }
}
