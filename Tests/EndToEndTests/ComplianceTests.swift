import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    /// A sub-client's policy on two nodes of the program.
    @Suite struct ComplianceTests {
        private static func put(_ stage: Stage, _ merchant: Merchant, _ rules: String) throws {
            let body = #"{"kyb":{"status":"unverified"},"rules":\#(rules)}"#
            _ = try stage.admin("PUT", "/admin/v1/sub-clients/\(merchant.id)/compliance", body).json(200)
        }

        private static func mint(_ merchant: Merchant, at node: ServiceProcess, _ order: String) throws -> HTTPAnswer {
            let call = Caller(port: node.publicPort, headers: merchant.call.headers)
            return try call("POST", "/api/v1/linktoken", merchant.linkTokenBody(order))
        }

        /// Mints at both nodes until a second has passed since `change`: whatever is asked later must be answered so.
        private static func expect(
            _ status: Int, of merchant: Merchant, at nodes: [ServiceProcess], after change: () throws -> Void
        ) throws {
            try change()
            let changed = ContinuousClock.now
            var checked = 0
            while checked < 16 {
                for node in nodes {
                    let asked = ContinuousClock.now
                    let answer = try mint(merchant, at: node, "order")
                    // Meanwhile either is right.
                    #expect([200, status].contains(answer.status))
                    guard asked - changed >= .seconds(1) else { continue }
                    #expect(answer.status == status)
                    checked += 1
                }
            }
        }

        @Test func aPolicyAndASuspensionBindEveryNodeWithinASecond() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let nodes = [stage.node, other]
                let merchant = try stage.merchant("Acme")
                for node in nodes { _ = try Self.mint(merchant, at: node, "first").json(200) }
                try Self.expect(451, of: merchant, at: nodes) {
                    try Self.put(stage, merchant, #"{"perTransfer":{"maxFiat":"25.49"}}"#)
                }
                let refused = try Self.mint(merchant, at: other, "order")
                let violation = try #require(
                    try JSONDocument.parse(refused.body).root["errorData"]?["violations"]?.elements.first { _ in true })
                #expect(violation["rule"]?.text == "perTransfer")
                #expect(violation["field"]?.text == "transferOptions.amountInFiat")
                // What is lifted is lifted at once, on every node.
                try Self.put(stage, merchant, "{}")
                for node in nodes { #expect(try Self.mint(merchant, at: node, "order").status == 200) }
                try Self.expect(403, of: merchant, at: nodes) {
                    let path = "/admin/v1/sub-clients/\(merchant.id)/suspend"
                    _ = try stage.admin("POST", path, #"{"reason":"test"}"#).json(200)
                }
            }
        }

        /// The day in UTC, as times begin with it.
        private static var today: String { String(ISO8601DateFormatter().string(from: Date()).prefix(10)) }

        /// 25.50 each: ten of them are 255.
        @Test func twoNodesTogetherNeverPassTheDaysMaximum() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let nodes = [stage.node, other]
                let merchant = try stage.merchant("Acme")
                try Self.put(stage, merchant, #"{"perDay":{"maxFiat":"255.00"}}"#)
                let statuses = Mutex<[Int: Int]>([:])
                let began = Self.today
                let crew = Crew(10) { number in
                    for turn in 0..<10 {
                        let order = "order-\(number)-\(turn)"
                        let status = (try? Self.mint(merchant, at: nodes[(number + turn) % 2], order))?.status ?? 0
                        statuses.withLock { $0[status, default: 0] += 1 }
                    }
                }
                #expect(crew.join(within: .seconds(60)))
                let (minted, refused) = statuses.withLock { ($0[200] ?? 0, $0[451] ?? 0) }
                #expect(minted + refused == 100)
                let sessions = try merchant.call("GET", "/v1/link-sessions?limit=100").json(200).data
                #expect(sessions.count == minted)
                // Ten a day: if midnight came meanwhile, a part of ten and ten more.
                let days = Dictionary(grouping: sessions) { String(($0["createdAt"]?.text ?? "").prefix(10)) }
                #expect(days.values.allSatisfy { $0.count <= 10 })
                #expect(began == Self.today ? minted == 10 : (10...20).contains(minted))
                #expect(sessions.allSatisfy { $0["complianceRevision"]?.integer == 1 })
            }
        }
    }
}
