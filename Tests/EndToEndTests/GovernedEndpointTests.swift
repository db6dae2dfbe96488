import JSON
import TestSupport
import Testing

extension EndToEnd {
    /// What an endpoint asked for beyond its filter: order, superseding, concurrency, rate.
    @Suite struct GovernedEndpointTests {
        private static let statuses = ["Pending", "Succeeded", "RefundPending"]

        private static func endpoint(_ merchant: Merchant, _ path: String, _ settings: String) throws
            -> Merchant.Endpoint
        {
            let made = try merchant.endpoint(path)
            _ = try merchant.call("PATCH", "/v1/webhook-endpoints/\(made.id)", settings).json(200)
            return made
        }

        private static func send(_ stage: Stage, _ events: [MeshPost.Event]) throws {
            let post = stage.post(events, posters: 1)
            _ = try #require(post.wait(forAcks: events.count, within: .seconds(30)), "\(post.current)")
        }

        private static func field(_ name: String, of received: ReceiverFarm.Received) throws -> String {
            try JSONDocument.parse(received.body).root.text(at: name)
        }

        @Test func eventsOfOneTransferArriveInOrderThoughAttemptsFail() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--retry-time-divisor", "1000"])
                let merchant = try stage.merchant("anna")
                _ = try Self.endpoint(merchant, "/ordered", #"{"ordering":"transfer"}"#)
                // Every third request fails.
                stage.receivers.plan("/ordered") { .answer($0.index % 3 == 0 ? 500 : 200, after: .milliseconds(2)) }
                let session = try merchant.linkSession("order-1")
                let transfers = (0..<12).map { _ in MeshEvents.newID() }
                let events = Self.statuses.flatMap { status in
                    transfers.map { MeshEvents.make(session, status: status, transfer: $0) }
                }
                try Self.send(stage, events)
                try Patience.wait(until: "all delivered", within: .seconds(60)) {
                    try Books(stage.installation).delivered == events.count
                }
                for transfer in transfers {
                    let seen = try stage.receivers.received("/ordered").filter {
                        try Self.field("TransferId", of: $0) == transfer
                    }
                    let ranks = try seen.map { request in
                        try #require(Self.statuses.firstIndex(of: try Self.field("TransferStatus", of: request)))
                    }
                    #expect(ranks == ranks.sorted(), "attempts at a later event began before the earlier one was in")
                    #expect(Set(ranks) == [0, 1, 2])
                }
            }
        }

        @Test func aPendingThatAFinalStateHasOvertakenIsDropped() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try Self.endpoint(
                    merchant, "/latest", #"{"ordering":"transfer","supersede":true}"#)
                stage.receivers.plan("/latest") { .answer($0.index == 0 ? 500 : 200) }
                let session = try merchant.linkSession("order-1")
                let transfer = MeshEvents.newID()
                try Self.send(stage, [MeshEvents.make(session, status: "Pending", transfer: transfer)])
                _ = try merchant.delivery(to: endpoint) { $0["status"]?.text == "retrying" }
                try Self.send(stage, [MeshEvents.make(session, status: "Succeeded", transfer: transfer)])
                let final = try merchant.delivery(to: endpoint) {
                    $0["eventType"]?.text == "transfer.succeeded" && $0["status"]?.text == "delivered"
                }
                #expect(final["attempts"]?.integer == 1, "it waited for no retry")
                let pending = try #require(
                    try merchant.call("GET", "/v1/deliveries?endpointId=\(endpoint.id)").json(200).data.last)
                // Its retry comes in five seconds, and finds it old news.
                let dropped = try Patience.wait(for: "the pending one to be dropped", within: .seconds(30)) {
                    let read = try merchant.call("GET", "/v1/deliveries/\(try pending.text(at: "id"))").json(200)
                    return read["status"]?.text == "cancelled" ? read : nil
                }
                #expect(dropped["attempts"]?.integer == 1)
                #expect(stage.receivers.received("/latest").count == 2)
            }
        }

        @Test func anEndpointGetsNoMoreAtOnceAndNoFasterThanItAskedFor() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                _ = try Self.endpoint(merchant, "/narrow", #"{"maxConcurrency":2}"#)
                _ = try Self.endpoint(merchant, "/paced", #"{"rateLimitPerSecond":20}"#)
                let delay: Duration = .milliseconds(20)
                stage.receivers.plan("/narrow") { _ in .answer(200, after: delay) }
                let session = try merchant.linkSession("order-1")
                let events = (0..<60).map { _ in MeshEvents.make(session) }
                try Self.send(stage, events)
                try Patience.wait(until: "all delivered", within: .seconds(60)) {
                    try Books(stage.installation).delivered == 2 * events.count
                }
                // A request holds its place for as long as its answer takes, so of any three the first and the last
                // are that far apart.
                let narrow = stage.receivers.received("/narrow").map(\.at)
                #expect(zip(narrow, narrow.dropFirst(2)).allSatisfy { $0.1 - $0.0 >= delay })
                // A tenth of a second may have been saved up, and one may be under way.
                let paced = stage.receivers.received("/paced").map(\.at)
                #expect(paced.count == events.count)
                let took = try #require(paced.last) - (try #require(paced.first))
                #expect(took >= .seconds(Double(events.count - 4) / 20) - .milliseconds(100))
            }
        }
    }
}
