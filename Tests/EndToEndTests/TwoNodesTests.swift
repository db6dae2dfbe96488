import TestSupport
import Testing

extension UnderLoad {
    @Suite struct TwoNodesTests {
        private static let attempts = #"subgate_delivery_attempts_total{outcome="delivered""#

        @Test func twoNodesShareTheWork() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let load = try Load(stage, merchants: 2, endpoints: 3, events: 200)
                let post = stage.post(load.events, to: [stage.node, other])
                _ = try #require(post.wait(forAcks: 200, within: .seconds(60)), "\(post.current.refusals)")
                try Patience.wait(until: "all deliveries") {
                    try Books(stage.installation).delivered == load.deliveries
                }
                let audit = try load.audit(stage.receivers.received)
                #expect(audit.complaints == [])
                #expect(audit.duplicates == 0)
                let shares = [try stage.node.metric(Self.attempts), try other.metric(Self.attempts)]
                #expect(shares.reduce(0, +) == Double(load.deliveries))
                #expect(shares.allSatisfy { $0 > 0 }, "\(shares)")
            }
        }

        /// The dead node's leases are taken over at once, and do not wait for their end a minute later.
        @Test func whatADeadNodeHeldIsTakenOverAtOnce() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let load = try Load(stage, merchants: 2, endpoints: 3, events: 300)
                // Slow receivers, so that the node dies with much of it in hand.
                for path in load.paths {
                    stage.receivers.plan(path) { _ in .answer(200, after: .milliseconds(100)) }
                }
                let post = stage.post(load.events, to: [other], posters: 16)
                defer { post.stop() }
                _ = try #require(post.wait(forAcks: 150, within: .seconds(60)), "\(post.current.refusals)")
                let ackedBefore = Set(post.current.acked.keys)
                other.kill()
                let death = ContinuousClock.now
                let rest = stage.post(load.events.filter { !ackedBefore.contains($0.id) })
                _ = try #require(rest.wait(forAcks: 300 - ackedBefore.count, within: .seconds(60)))
                try Patience.wait(until: "all deliveries", within: .seconds(30)) {
                    try Books(stage.installation).delivered == load.deliveries
                }
                let audit = try load.audit(stage.receivers.received)
                #expect(audit.complaints == [])
                let rescued = audit.copies.filter { ackedBefore.contains($0.key.event) }.compactMap(\.value.last?.at)
                    .filter { $0 > death }
                #expect(!rescued.isEmpty, "nothing was left to take over")
                let first = rescued.min().map { $0 - death } ?? .zero
                let last = rescued.max().map { $0 - death } ?? .zero
                print(
                    "two nodes: \(rescued.count) taken over, the first after \(first), the last after \(last)"
                )
                #expect(first < .seconds(3))
                #expect(last < .seconds(20))
                #expect(stage.node.log.contains("took over the deliveries of a node that died"))
            }
        }
    }
}
