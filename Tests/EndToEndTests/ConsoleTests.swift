import JSON
import Postgres
import TestSupport
import Testing

extension OverTime {
    /// What merchants and the PSP see and do about deliveries, with the program and receivers of our own.
    @Suite struct ConsoleTests {
        private func post(_ stage: Stage, _ events: [MeshPost.Event]) throws {
            let post = stage.post(events)
            guard post.wait(forAcks: events.count, within: .seconds(20)) != nil else {
                throw Unexpected("\(post.current)")
            }
        }

        @Test func anAttemptTellsTheWholeExchange() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                stage.receivers.plan("/shop") { _ in .answer(503, body: "later") }
                let url = stage.receivers.url("/shop")
                let made = try merchant.call(
                    "POST", "/v1/webhook-endpoints", #"{"url":"\#(url)","headers":{"X-Key":"canary-secret"}}"#
                ).json(201)
                let endpoint = Merchant.Endpoint(
                    id: try made.text(at: "id"), secret: try made.text(at: "secret"), path: "/shop")
                try post(stage, [MeshEvents.make(try merchant.linkSession("order-1"))])
                let delivery = try merchant.delivery(to: endpoint) { $0["status"]?.text == "retrying" }
                let attempt = try #require(delivery["attemptLog"]?.elements.first { _ in true })
                let sent = try #require(attempt["requestHeaders"]).elements.map { $0 }
                func value(_ name: String) -> String? { sent.first { $0["name"]?.text == name }?["value"]?.text }
                #expect(value("X-Key") == "***")
                #expect(value("webhook-id") == delivery["eventId"]?.text)
                #expect(value("webhook-signature")?.hasPrefix("v1,") == true)
                #expect(
                    try #require(attempt["responseHeaders"]).elements.contains { $0["name"]?.text == "content-length" })
                #expect(attempt["responseBody"]?.text == "later")
                #expect(attempt["nodeId"]?.text?.count == 36)
                #expect(attempt["timings"]?["firstByteMs"]?.integer != nil)
                // The secret was sent and stands nowhere else.
                #expect(stage.receivers.received("/shop").first?.header("x-key") == "canary-secret")
                let id = try delivery.text(at: "id")
                let admins = try stage.admin("GET", "/admin/v1/sub-clients/\(merchant.id)/deliveries/\(id)").json(200)
                #expect(!String(decoding: admins.raw, as: UTF8.self).contains("canary-secret"))
                let list = try merchant.call("GET", "/v1/deliveries?lastStatusCode=5xx&status=retrying").json(200)
                #expect(list.data.map { $0["id"]?.text } == [id])
            }
        }

        /// Of forty deliveries that were given up, each is sent once more, at the pace that was asked for.
        @Test func whatDidNotArriveIsRecovered() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/down")
                let session = try merchant.linkSession("order-1")
                try post(stage, (0..<50).map { _ in MeshEvents.make(session) })
                func count(_ status: String) throws -> Int {
                    try merchant.call("GET", "/v1/deliveries?status=\(status)&limit=100").json(200).data.count
                }
                try Patience.wait(until: "all delivered", within: .seconds(30)) { try count("delivered") == 50 }
                // As if they had failed for good: the receiver's log tells of them from here on.
                try stage.installation.owner().execute(
                    """
                    update subgate.delivery set status = 'failed', failures = 10
                    where id in (select id from subgate.delivery order by id limit 40)
                    """)
                let before = stage.receivers.count
                let begun = try merchant.call(
                    "POST", "/v1/webhook-endpoints/\(endpoint.id)/recover",
                    #"{"since":"2025-01-01T00:00:00Z","ratePerSecond":20}"#
                ).json(202)
                let id = try begun.text(at: "id")
                try Patience.wait(until: "the recovery's end", within: .seconds(60)) {
                    try merchant.call("GET", "/v1/recoveries/\(id)").json(200)["status"]?.text == "done"
                }
                let done = try merchant.call("GET", "/v1/recoveries/\(id)").json(200)
                #expect(done["examined"]?.integer == 50)
                #expect(done["reopened"]?.integer == 40 && done["created"]?.integer == 0)
                try Patience.wait(until: "all delivered again", within: .seconds(30)) { try count("delivered") == 50 }
                let received = stage.receivers.received.dropFirst(before)
                #expect(received.count == 40 && Set(received.map(\.webhookID)).count == 40)
            }
        }

        @Test func anEventIsReplayedWithTheSameID() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/one")
                try post(stage, [MeshEvents.make(try merchant.linkSession("order-1"))])
                let delivery = try merchant.delivery(to: endpoint) { $0["status"]?.text == "delivered" }
                let event = try delivery.text(at: "eventId")
                let late = try merchant.endpoint("/late")
                let answer = try merchant.call("POST", "/v1/events/\(event)/replay", "{}").json(202)
                #expect(answer.data.count == 2)
                _ = try merchant.delivery(to: late) { $0["status"]?.text == "delivered" }
                _ = try merchant.delivery(to: endpoint) { $0["attempts"]?.integer == 2 }
                #expect(Set(stage.receivers.received.map(\.webhookID)) == [event])
                #expect(stage.receivers.count == 3)
                for path in ["/one", "/late"] {
                    let secret = path == "/one" ? endpoint.secret : late.secret
                    let complaints = stage.receivers.received(path).flatMap {
                        WebhookSignature.complaints($0, secret: secret)
                    }
                    #expect(complaints == [])
                }
            }
        }

        @Test func statisticsFollowWithinSeconds() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let good = try merchant.endpoint("/good")
                let bad = try merchant.endpoint("/bad")
                stage.receivers.plan("/bad") { _ in .answer(503) }
                let session = try merchant.linkSession("order-1")
                try post(stage, (0..<10).map { _ in MeshEvents.make(session) })
                func read(_ endpoint: Merchant.Endpoint) throws -> JSONValue {
                    try merchant.call("GET", "/v1/webhook-endpoints/\(endpoint.id)/statistics").json(200)
                }
                try Patience.wait(until: "ten attempts counted", within: .seconds(20)) {
                    try read(good)["lastHour"]?["attempts"]?.integer == 10
                }
                #expect(try read(good)["lastHour"]?["succeeded"]?.integer == 10)
                let worst = try read(bad)
                #expect(worst["lastHour"]?["succeeded"]?.integer == 0)
                #expect(worst["lastHour"]?["failures"]?.elements.first { _ in true }?["reason"]?.text == "http5xx")
                #expect((worst["backlog"]?.integer ?? 0) > 0)
            }
        }

        /// An event that nobody can be found for is told to the PSP, signed, in our own format, and to no merchant.
        @Test func thePSPIsToldOfQuarantine() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                _ = try merchant.endpoint("/anna")
                let made = try stage.admin(
                    "POST", "/admin/v1/operator-webhooks",
                    #"{"url":"\#(stage.receivers.url("/psp"))","eventTypes":["quarantine.added"]}"#
                ).json(201)
                let secret = try made.text(at: "secret")
                try post(
                    stage,
                    (0..<5).map { _ in
                        MeshEvents.make(transaction: "of-nobody", user: "nobody", status: "Pending")
                    })
                let received = try #require(
                    stage.receivers.wait { $0.contains { $0.path == "/psp" } }
                ).filter { $0.path == "/psp" }
                let first = try #require(received.first)
                let body = try JSONDocument.parse(first.body).root
                #expect(body["type"]?.text == "quarantine.added")
                #expect(body["data"]?["upstreamId"]?.text == stage.upstream)
                #expect((body["data"]?["count"]?.integer ?? 0) >= 1)
                #expect(WebhookSignature.complaints(first, secret: secret) == [])
                #expect(stage.receivers.received("/anna").isEmpty)
                let id = try made.text(at: "id")
                try Patience.wait(until: "it shown as delivered") {
                    let told = try stage.admin("GET", "/admin/v1/operator-webhooks/\(id)/deliveries").json(200).data
                    return told.contains { $0["status"]?.text == "delivered" }
                }
            }
        }
    }
}
