import JSON
import Runtime
import TestSupport
import Testing

extension OverTime {
    @Suite struct RetryTests {
        @Test func whatFailsIsTriedAgainUntilItIsTaken() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--retry-time-divisor", "1000"])
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/flaky")
                stage.receivers.plan("/flaky") { request in
                    request.index < 3 ? .answer(500 + request.index, body: "not now \(request.index)") : .answer(204)
                }
                try post(stage, merchant)
                let delivery = try merchant.delivery(to: endpoint) { $0["status"]?.text == "delivered" }
                let attempts = try #require(delivery["attemptLog"]).elements
                #expect(attempts.map { $0["number"]?.integer } == [1, 2, 3, 4])
                #expect(attempts.map { $0["statusCode"]?.integer } == [500, 501, 502, 204])
                #expect(attempts.map { $0["outcome"]?.text } == ["failed", "failed", "failed", "succeeded"])
                #expect(attempts.map { $0["responseBody"]?.text } == ["not now 0", "not now 1", "not now 2", ""])
                #expect(attempts.allSatisfy { ($0["durationMs"]?.integer ?? -1) >= 0 })
                #expect(delivery["lastStatusCode"]?.integer == 204)
                #expect(delivery["attempts"]?.integer == 4)
                #expect(delivery["nextAttemptAt"]?.isNull == true)
                try checkBodies(stage.receivers.received("/flaky"), endpoint)
            }
        }

        /// The schedule has nine delays: ten attempts, the last of them for good.
        @Test func whatFailsTenTimesIsGivenUp() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--retry-time-divisor", "100000"])
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/never")
                stage.receivers.plan("/never") { _ in .answer(404, body: String(repeating: "é", count: 2_000)) }
                try post(stage, merchant)
                let delivery = try merchant.delivery(to: endpoint, within: .seconds(40)) {
                    $0["status"]?.text == "failed"
                }
                #expect(delivery["attempts"]?.integer == 10)
                let bodies = try #require(delivery["attemptLog"]).elements.compactMap { $0["responseBody"]?.text }
                #expect(bodies.count == 10)
                #expect(bodies.allSatisfy { $0.hasPrefix("éé") && $0.utf8.count <= 1_024 + 2 })
                // It can still be sent by hand.
                stage.receivers.plan("/never") { _ in .answer(200) }
                let id = try delivery.text(at: "id")
                _ = try merchant.call("POST", "/v1/deliveries/\(id)/retry").json(202)
                _ = try merchant.delivery(to: endpoint) { $0["status"]?.text == "delivered" }
                #expect(Set(stage.receivers.received("/never").map(\.webhookID)).count == 1)
            }
        }

        @Test func receiversThatDoNotAnswerAreToldApart() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                stage.receivers.plan("/hang") { _ in .hang }
                stage.receivers.plan("/reset") { _ in .reset }
                let closed = FreePorts.take(1)[0]
                let expected = [
                    (try merchant.endpoint("/hang"), "timeout"),
                    (try merchant.endpoint("/reset"), "connectionReset"),
                    (try merchant.endpoint("/refused", url: "http://localhost:\(closed)/refused"), "connectFailed"),
                    (try merchant.endpoint("/none", url: "http://nowhere.invalid/none"), "dnsFailed"),
                ]
                try post(stage, merchant)
                for (endpoint, code) in expected {
                    let delivery = try merchant.delivery(to: endpoint, within: .seconds(30)) {
                        $0["status"]?.text == "retrying"
                    }
                    let attempt = try #require(delivery["attemptLog"]?.elements.first { _ in true })
                    #expect(attempt["errorCode"]?.text == code)
                    #expect(attempt["statusCode"]?.isNull == true)
                    #expect(attempt["outcome"]?.text == "failed")
                    let duration = try #require(attempt["durationMs"]?.integer)
                    #expect(code == "timeout" ? (14_000...20_000).contains(duration) : duration < 10_000)
                    #expect(delivery["nextAttemptAt"]?.isNull == false)
                }
            }
        }

        @Test func redirectsAreNotFollowed() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/moved")
                stage.receivers.plan("/moved") { _ in .answer(307) }
                try post(stage, merchant)
                let delivery = try merchant.delivery(to: endpoint) { $0["status"]?.text == "retrying" }
                #expect(delivery["lastStatusCode"]?.integer == 307)
            }
        }

        /// Without the development flag nothing is sent to this machine, whatever name it goes by.
        @Test func privateAddressesAreRefused() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint(
                    "/private", url: "https://localhost:\(stage.receivers.port)/private")
                let event = MeshEvents.make(try merchant.linkSession("order-1"))
                #expect(stage.node.terminate() == .status(0))
                let strict = ServiceProcess(stage.installation, name: "strict", allowsPrivateTargets: false)
                defer { strict.kill() }
                try strict.start()
                let post = stage.post([event], to: [strict])
                _ = try #require(post.wait(forAcks: 1, within: .seconds(20)))
                let caller = Caller(port: strict.publicPort, headers: merchant.call.headers)
                try Patience.wait(until: "a refused attempt") {
                    let list = try caller("GET", "/v1/deliveries?endpointId=\(endpoint.id)").json(200).data
                    guard let id = list.first?["id"]?.text else { return false }
                    let log = try caller("GET", "/v1/deliveries/\(id)").json(200)["attemptLog"]
                    return log?.elements.first { _ in true }?["errorCode"]?.text == "addressRefused"
                }
                #expect(stage.receivers.count == 0)
            }
        }

        // MARK: Parts

        private func post(_ stage: Stage, _ merchant: Merchant) throws {
            let post = stage.post([MeshEvents.make(try merchant.linkSession("order-1"))])
            guard post.wait(forAcks: 1, within: .seconds(20)) != nil else { throw Unexpected("\(post.current)") }
        }

        /// The id stays, what belongs to an attempt is new, and every attempt verifies.
        private func checkBodies(_ received: [ReceiverFarm.Received], _ endpoint: Merchant.Endpoint) throws {
            #expect(received.count == 4)
            #expect(received.flatMap { WebhookSignature.complaints($0, secret: endpoint.secret) } == [])
            #expect(Set(received.map(\.webhookID)).count == 1)
            let bodies = try received.map { try JSONDocument.parse($0.body).root }
            #expect(Set(bodies.compactMap { $0["EventId"]?.text }).count == 1)
            #expect(Set(bodies.compactMap { $0["Id"]?.text }).count == 4)
            // The upstream's numbers come through as it wrote them.
            #expect(
                bodies.allSatisfy { String(decoding: $0["DestinationAmount"]?.raw ?? [], as: UTF8.self) == "4.70E-3" })
        }
    }
}
