import JSON
import TestSupport
import Testing

extension OverTime {
    @Suite struct HoldTests {
        @Test func aDisabledEndpointsDeliveriesWait() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                let path = "/v1/webhook-endpoints/\(endpoint.id)"
                _ = try merchant.call("POST", "\(path)/disable").json(200)
                let post = stage.post([MeshEvents.make(try merchant.linkSession("order-1"))])
                _ = try #require(post.wait(forAcks: 1, within: .seconds(20)))
                let held = try merchant.delivery(to: endpoint) { $0["status"]?.text == "held" }
                #expect(held["attempts"]?.integer == 0)
                #expect(held["nextAttemptAt"]?.isNull == true)
                #expect(stage.receivers.count == 0)
                _ = try merchant.call("POST", "\(path)/enable").json(200)
                let sent = try merchant.delivery(to: endpoint) { $0["status"]?.text == "delivered" }
                #expect(sent["id"]?.text == held["id"]?.text)
                #expect(sent["attempts"]?.integer == 1)
                #expect(stage.receivers.count == 1)
            }
        }

        /// Whatever the order in which a switch and an event come: once it is on, nothing stays behind.
        @Test func switchingWhileEventsComeLeavesNothingBehind() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                stage.receivers.plan("/anna") { _ in .answer(200, after: .milliseconds(20)) }
                let events = MeshEvents.stream(300, over: [try merchant.linkSession("order-1")])
                let post = stage.post(events)
                for number in 0..<30 {
                    _ = try #require(post.wait(forAcks: number * 10, within: .seconds(30)))
                    let action = number % 2 == 0 ? "disable" : "enable"
                    _ = try merchant.call("POST", "/v1/webhook-endpoints/\(endpoint.id)/\(action)").json(200)
                }
                _ = try #require(post.wait(forAcks: events.count, within: .seconds(30)))
                do {
                    try Patience.wait(until: "all delivered") {
                        try Books(stage.installation).delivered == events.count
                    }
                } catch {
                    let held = try merchant.call("GET", "/v1/deliveries?status=held&limit=100").json(200).data.count
                    Issue.record("\(error): \(held) held at an endpoint that is enabled")
                }
                let audit = try Audit(stage.receivers.received, owed: [(events.map(\.id), [endpoint])])
                #expect(audit.complaints.count == 0, "\(audit.complaints.prefix(3))")
                #expect(audit.duplicates == 0)
            }
        }

        @Test func aRemovedEndpointGetsNothingMore() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--retry-time-divisor", "1000"])
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                stage.receivers.plan("/anna") { _ in .answer(500) }
                let post = stage.post([MeshEvents.make(try merchant.linkSession("order-1"))])
                _ = try #require(post.wait(forAcks: 1, within: .seconds(20)))
                _ = try #require(stage.receivers.wait { !$0.isEmpty })
                #expect(try merchant.call("DELETE", "/v1/webhook-endpoints/\(endpoint.id)").status == 204)
                let cancelled = try merchant.delivery(to: endpoint) { $0["status"]?.text == "cancelled" }
                #expect(cancelled["nextAttemptAt"]?.isNull == true)
                // One that was under way may still arrive; after it nothing does.
                let seen = stage.receivers.count
                #expect(stage.receivers.wait(within: .seconds(2)) { $0.count > seen + 1 } == nil)
                #expect(try merchant.call("GET", "/v1/webhook-endpoints/\(endpoint.id)").status == 404)
            }
        }

        @Test func anyDeliveryCanBeSentAgain() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                let path = "/v1/webhook-endpoints/\(endpoint.id)"
                let made = try merchant.call("POST", "\(path)/test").json(202)
                #expect(made["eventType"]?.text == "webhook.test")
                let id = try merchant.delivery(to: endpoint) { $0["status"]?.text == "delivered" }.text(at: "id")
                _ = try merchant.call("POST", "/v1/deliveries/\(id)/retry").json(202)
                let received = try #require(stage.receivers.wait { $0.count == 2 })
                #expect(try received.at(0).webhookID == received.at(1).webhookID)
                _ = try merchant.delivery(to: endpoint) {
                    $0["attempts"]?.integer == 2 && $0["status"]?.text == "delivered"
                }
                _ = try merchant.call("POST", "\(path)/disable").json(200)
                let held = try merchant.call("POST", "/v1/deliveries/\(id)/retry").json(202)
                #expect(held["status"]?.text == "held")
                let test = try merchant.call("POST", "\(path)/test").json(202)
                #expect(test["status"]?.text == "held")
                _ = try merchant.call("POST", "\(path)/enable").json(200)
                _ = try #require(stage.receivers.wait { $0.count == 4 })
            }
        }
    }
}
