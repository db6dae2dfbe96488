import JSON
import Postgres
import Runtime
import TestSupport
import Testing

extension OverTime {
    /// How endpoints that do not do well are treated.
    @Suite struct HealthTests {
        @Test func whatIsGoneIsDisabledAndWhatItIsOwedComesWhenItIsEnabled() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                let other = try merchant.endpoint("/other")
                stage.receivers.plan("/anna") { _ in .answer(410) }
                try post(stage, merchant, 1)
                let path = "/v1/webhook-endpoints/\(endpoint.id)"
                try Patience.wait(until: "it is disabled") {
                    try merchant.call("GET", path).json(200)["enabled"]?.bool == false
                }
                let held = try merchant.delivery(to: endpoint) { $0["status"]?.text == "held" }
                #expect(held["attempts"]?.integer == 1)
                #expect(held["lastStatusCode"]?.integer == 410)
                try post(stage, merchant, 4)
                _ = try #require(stage.receivers.wait { $0.count { $0.path == other.path } == 5 })
                #expect(stage.receivers.received("/anna").count == 1)
                stage.receivers.plan("/anna") { _ in .answer(200) }
                _ = try merchant.call("POST", "\(path)/enable").json(200)
                try Patience.wait(until: "all delivered") { try Books(stage.installation).delivered == 10 }
                #expect(Set(stage.receivers.received("/anna").map(\.webhookID)).count == 5)
                #expect(stage.receivers.received("/anna").count == 6)
            }
        }

        /// Its word is kept for all that it is owed, by all loops, and others do not wait for it.
        @Test func anEndpointThatAsksForRestGetsItAndOthersGoOn() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--loops", "2", "--retry-time-divisor", "10"])
                let merchant = try stage.merchant("anna")
                let busy = try merchant.endpoint("/busy")
                let fine = try merchant.endpoint("/fine")
                stage.receivers.plan(busy.path) { request in
                    request.index == 0 ? .answer(503, retryAfter: 6) : .answer(200)
                }
                try post(stage, merchant, 1)
                _ = try #require(stage.receivers.wait { $0.contains { $0.path == busy.path } })
                // What was under way may still come, until the word is written.
                try Patience.wait(until: "all know of the pause") {
                    let rows = try stage.installation.owner().query(
                        "select count(*) from subgate.lane where breaker = 'open'")
                    return rows.int64(0, 0) == 1
                }
                try post(stage, merchant, 40)
                let seen = try #require(stage.receivers.wait { $0.count { $0.path == fine.path } == 41 })
                #expect(seen.count { $0.path == busy.path } == 1)
                let all = try #require(
                    stage.receivers.wait(within: .seconds(40)) { $0.count { $0.path == busy.path } == 42 })
                let times = all.filter { $0.path == busy.path }.map(\.at)
                #expect(try times.at(1) - times.at(0) >= .seconds(6))
                try Patience.wait(until: "all delivered") { try Books(stage.installation).delivered == 82 }
                for endpoint in [busy, fine] {
                    #expect(Set(stage.receivers.received(endpoint.path).map(\.webhookID)).count == 41)
                }
            }
        }

        /// While it does not answer, it is asked once in a while by one delivery, and then gets all.
        @Test func aBrokenEndpointIsProbedByOneDeliveryAtATime() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: [
                    "--loops", "1", "--retry-time-divisor", "2", "--retry-schedule", "2,2,2,2,2,2,2",
                ])
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                stage.receivers.plan("/anna") { request in
                    request.index < 5 ? .answer(503, after: .milliseconds(300)) : .answer(200)
                }
                try post(stage, merchant, 1)
                _ = try #require(stage.receivers.wait { !$0.isEmpty })
                try merchant.waitForAttempt(to: endpoint)
                try post(stage, merchant, 30)
                let all = try #require(stage.receivers.wait(within: .seconds(60)) { $0.count >= 36 })
                let times = all.map(\.at)
                // Pauses of 0.5 to 8 s, give or take half, and what the probe takes before it. The limit above is
                // for a slow machine.
                for (number, pause) in [0.5, 1, 2, 4, 8].enumerated() {
                    let gap = times[number + 1] - times[number]
                    let allowed = Duration.seconds(pause / 2) + .milliseconds(290)...Duration.seconds(pause * 1.5 + 5)
                    #expect(allowed.contains(gap), "pause \(number): \(gap)")
                }
                try Patience.wait(until: "all delivered") { try Books(stage.installation).delivered == 31 }
            }
        }

        @Test func whatTakesNothingForLongIsDisabledAndGetsAllWhenItReturns() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: [
                    "--retry-time-divisor", "1000", "--disable-endpoints-after", "3s",
                ])
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                stage.receivers.plan("/anna") { _ in .answer(500) }
                try post(stage, merchant, 20)
                let path = "/v1/webhook-endpoints/\(endpoint.id)"
                try Patience.wait(until: "it is disabled", within: .seconds(40)) {
                    try merchant.call("GET", path).json(200)["enabled"]?.bool == false
                }
                try Patience.wait(until: "all held", within: .seconds(40)) {
                    let rows = try stage.installation.owner().query(
                        "select count(*) filter (where status = 'held'), count(*) from subgate.delivery")
                    return rows.int64(0, 0) == 20 && rows.int64(0, 1) == 20
                }
                let tried = stage.receivers.count
                try post(stage, merchant, 5)
                stage.receivers.plan("/anna") { _ in .answer(200) }
                #expect(stage.receivers.count == tried)
                _ = try merchant.call("POST", "\(path)/enable").json(200)
                try Patience.wait(until: "all delivered") { try Books(stage.installation).delivered == 25 }
                #expect(stage.receivers.count == tried + 25)
            }
        }

        private func post(_ stage: Stage, _ merchant: Merchant, _ count: Int) throws {
            let session = try merchant.linkSession("order-\(stage.mesh.count)")
            let post = stage.post(MeshEvents.stream(count, over: [session]))
            guard post.wait(forAcks: count, within: .seconds(30)) != nil else { throw Unexpected("\(post.current)") }
        }
    }
}

extension Merchant {
    /// Once an attempt at the endpoint's latest delivery is on record.
    fileprivate func waitForAttempt(to endpoint: Endpoint) throws {
        _ = try delivery(to: endpoint) { $0["attemptLog"]?.elements.contains { _ in true } ?? false }
    }
}
