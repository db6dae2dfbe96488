import Glibc
import Runtime
import TestSupport
import Testing

extension UnderLoad {
    @Suite struct DrainTests {
        @Test func aNodeThatIsToldToStopFinishesWhatItBegan() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let load = try Load(stage, merchants: 2, endpoints: 3, events: 600)
                for path in load.paths {
                    stage.receivers.plan(path) { _ in .answer(200, after: .milliseconds(50)) }
                }
                let post = stage.post(load.events)
                defer { post.stop() }
                _ = try #require(post.wait(forAcks: 200, within: .seconds(60)), "\(post.current.refusals)")
                let begin = ContinuousClock.now
                let exit = stage.node.terminate()
                print("drain: ended \(String(describing: exit)) after \(ContinuousClock.now - begin)")
                #expect(exit == .status(0), "\(stage.node.lastWords)")
                #expect(ContinuousClock.now - begin < .seconds(10))
                // Nobody was told that the service failed: a post was answered 200 or not at all.
                #expect(post.current.refusals == [:])
                let left = try Books(stage.installation)
                #expect(left.leased == 0, "a node that left keeps nothing for itself")
                let inHand = stage.receivers.count
                #expect(left.delivered == inHand, "what was sent is on record")

                try stage.node.start()
                _ = try #require(post.wait(forAcks: 600, within: .seconds(60)), "\(post.current.refusals)")
                try Patience.wait(until: "all deliveries", within: .seconds(120)) {
                    try Books(stage.installation).delivered == load.deliveries
                }
                let audit = try load.audit(stage.receivers.received)
                #expect(audit.complaints == [])
                #expect(audit.duplicates == 0)
            }
        }

        @Test func anIdleNodeStopsAtOnce() async throws {
            try await onOwnThread {
                let stage = try Stage()
                // An idle connection of a client must not hold it.
                let idle = try LoopbackSocket(port: stage.node.publicPort)
                try idle.write("GET /v1/me HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try idle.read()
                let begin = ContinuousClock.now
                #expect(stage.node.terminate() == .status(0), "\(stage.node.lastWords)")
                #expect(ContinuousClock.now - begin < .seconds(3))
            }
        }

        @Test func readinessEndsBeforeTheService() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("shop")
                let endpoint = try merchant.endpoint("/slow")
                stage.receivers.plan("/slow") { _ in .answer(200, after: .seconds(2)) }
                _ = try merchant.call("POST", "/v1/webhook-endpoints/\(endpoint.id)/test").json(202)
                _ = try #require(stage.receivers.wait { !$0.isEmpty })
                stage.node.send(SIGTERM)
                try Patience.wait(until: "not ready", within: .seconds(1)) { !stage.node.isReady }
                #expect(stage.node.isRunning)
                #expect(stage.node.terminate() == .status(0), "\(stage.node.lastWords)")
                #expect(try Books(stage.installation).delivered == 1)
            }
        }
    }
}
