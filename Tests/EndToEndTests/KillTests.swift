import Foundation
import TestSupport
import Testing

/// How much to do, from the environment: CI does little, a release candidate 100 kills in 10 000 events.
private struct Plan {
    let kills = Plan.number("SUBGATE_KILLS") ?? 8
    let events = Plan.number("SUBGATE_KILL_EVENTS") ?? 600
    let seed = Plan.number("SUBGATE_KILL_SEED") ?? Int.random(in: 0..<1_000_000)

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
}

extension UnderLoad {
    @Suite struct KillTests {
        /// Attempts a node may have in flight to one endpoint: 64 on each of two loops.
        private static let inFlightPerEndpoint = 2 * 64

        @Test func killingTheServiceAtAnyMomentLosesNothing() async throws {
            try await onOwnThread {
                let plan = Plan()
                print("kill test: \(plan.kills) kills, \(plan.events) events, SUBGATE_KILL_SEED=\(plan.seed)")
                let stage = try Stage()
                let load = try Load(stage, merchants: 2, endpoints: 3, events: plan.events)
                let post = stage.post(load.events)
                defer { post.stop() }
                var dice = SplitMix(seed: UInt64(plan.seed))
                var kills: [Fault] = []
                for number in 0..<plan.kills {
                    let threshold = plan.events * (number + 1) / (plan.kills + 1)
                    try #require(post.wait(forAcks: threshold, within: .seconds(60)) != nil, "\(post.current.refusals)")
                    kills.append(try KillTests.kill(stage.node, &dice))
                }
                let ledger = try #require(
                    post.wait(forAcks: plan.events, within: .seconds(120)), "\(post.current.refusals)")
                try KillTests.settle(stage, deliveries: load.deliveries)
                let audit = try load.audit(stage.receivers.received)
                #expect(audit.complaints == [])
                #expect(audit.unexplained(by: kills) == [])
                #expect(audit.duplicates <= plan.kills * 6 * KillTests.inFlightPerEndpoint)
                try KillTests.report(audit, kills, ledger)
            }
        }

        @Test func withoutAFaultEveryDeliveryIsMadeOnce() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let load = try Load(stage, merchants: 2, endpoints: 3, events: 300)
                let post = stage.post(load.events)
                let ledger = try #require(post.wait(forAcks: 300, within: .seconds(60)), "\(post.current.refusals)")
                #expect(ledger.refusals == [:])
                #expect(ledger.unanswered == 0)
                try KillTests.settle(stage, deliveries: load.deliveries)
                let audit = try load.audit(stage.receivers.received)
                #expect(audit.complaints == [])
                #expect(audit.duplicates == 0)
                #expect(try Books(stage.installation).attempts == load.deliveries)
            }
        }

        // MARK: Parts

        /// Kills the node at a random moment, every fourth time during its next start, and starts it again.
        private static func kill(_ node: ServiceProcess, _ dice: inout SplitMix) throws -> Fault {
            Patience.pause(.microseconds(Int.random(in: 0...20_000, using: &dice)))
            let begin = ContinuousClock.now
            node.kill()
            var kill = Fault(begin: begin, end: .now)
            if Int.random(in: 0..<4, using: &dice) == 0 {
                try node.startWithoutWaiting()
                Patience.pause(.milliseconds(Int.random(in: 0...300, using: &dice)))
                node.kill()
                kill.end = .now
            }
            try node.start()
            kill.healed = .now
            return kill
        }

        /// Waits until everything is delivered, and closes the books.
        private static func settle(_ stage: Stage, deliveries: Int) throws {
            do {
                try Patience.wait(until: "all deliveries delivered", within: .seconds(30)) {
                    let books = try Books(stage.installation)
                    return books.delivered == deliveries && books.others == 0
                }
            } catch {
                Issue.record("\(error): \(try Books(stage.installation)) \(stage.node.lastWords)")
            }
            #expect(try Books(stage.installation).leased == 0)
        }

        /// Prints what the kills cost, and holds the time to the first redelivery after each start.
        private static func report(_ audit: Audit, _ kills: [Fault], _ ledger: MeshPost.Ledger) throws {
            var resumes: [Duration] = []
            var outages: [Duration] = []
            for kill in kills {
                guard let ready = kill.healed else { continue }
                let first = audit.copies.compactMap { debt, copies -> ContinuousClock.Instant? in
                    guard let acked = ledger.acked[debt.event], acked < kill.begin else { return nil }
                    return copies.first { $0.at > kill.end + .milliseconds(50) }?.at
                }.min()
                guard let first else { continue }
                resumes.append(max(.zero, first - ready))
                outages.append(first - kill.end)
            }
            let worst = resumes.max() ?? .zero
            print(
                "kill test: \(audit.duplicates) duplicates, \(ledger.unanswered) posts unanswered; after "
                    + "\(resumes.count) starts with work left the first redelivery came within \(worst) of readiness, "
                    + "\(outages.max() ?? .zero) of the start")
            // A second in most cases; what a killed node's session was at may take as long as a statement may, 5 s, and
            // two busy cores add theirs.
            #expect(worst < .seconds(8))
        }
    }
}

/// Events for merchants with endpoints, and what is owed for them.
struct Load {
    let events: [MeshPost.Event]
    let deliveries: Int
    private let owed: [(events: [String], endpoints: [Merchant.Endpoint])]

    init(_ stage: Stage, merchants: Int, endpoints: Int, events count: Int) throws {
        var owed: [(events: [String], endpoints: [Merchant.Endpoint])] = []
        var streams: [[MeshPost.Event]] = []
        for number in 0..<merchants {
            let merchant = try stage.merchant("shop-\(number)")
            let made = try (0..<endpoints).map { try merchant.endpoint("/\(number)/\($0)") }
            let sessions = try (0..<4).map { try merchant.linkSession("order-\(number)-\($0)") }
            let stream = MeshEvents.stream(count / merchants, over: sessions)
            streams.append(stream)
            owed.append((stream.map(\.id), made))
        }
        self.owed = owed
        deliveries = owed.reduce(0) { $0 + $1.events.count * $1.endpoints.count }
        events = (0..<(count / merchants)).flatMap { index in streams.map { $0[index] } }
    }

    /// The paths of all endpoints.
    var paths: [String] { owed.flatMap(\.endpoints).map(\.path) }

    func audit(_ received: [ReceiverFarm.Received]) throws -> Audit { try Audit(received, owed: owed) }
}
