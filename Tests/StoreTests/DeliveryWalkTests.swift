import Domain
import Foundation
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// All that can happen to a delivery, in every order: the real statements are driven from each state that was reached
/// through every step that is possible there, and what must hold is looked at after each.
@Suite struct DeliveryWalkTests {
    /// How many steps the longest walk has: with each more there are some three times as many.
    private static let depth =
        Int(ProcessInfo.processInfo.environment["SUBGATE_WALK_DEPTH"] ?? "") ?? 4

    /// States that differ in nothing that matters are walked on from once. `governed` endpoints want the order of a
    /// transfer's events kept, and none that a later one made old news.
    @Test(arguments: [false, true]) func nothingThatCanHappenLosesADelivery(governed: Bool) async throws {
        try await StoreFixture.with { fixture in
            let world = try await WalkWorld(fixture, governed: governed)
            var start = WalkState()
            start.saved = try world.save()
            start.moment = world.now
            start.facts = try world.facts()
            var frontier = [start]
            var seen: Set<String> = []
            var steps = 0
            var depth = 0
            while !frontier.isEmpty, depth < Self.depth {
                var next: [WalkState] = []
                for state in frontier {
                    for step in WalkStep.allCases where state.allows(step) {
                        steps += 1
                        if steps % 50 == 0 { try world.tidy() }
                        guard let reached = try await take(step, from: state, world) else { return }
                        if seen.insert(reached.signature).inserted {
                            guard try await canEnd(reached, world) else { return }
                            next.append(reached)
                        }
                    }
                }
                depth += 1
                frontier = next
            }
            // Or the rules were never asked.
            #expect(seen.count > 50 && steps > 200)
        }
    }

    /// The state that a step leads to; nil, with an issue, if it is none that may be.
    private func take(_ step: WalkStep, from state: WalkState, _ world: WalkWorld) async throws -> WalkState? {
        try world.restore(state.saved, state.moment)
        var reached = state
        reached.path.append(step)
        do {
            try await world.take(step, &reached)
        } catch {
            Issue.record("\(reached.path.map(\.rawValue)): \(error)")
            return nil
        }
        reached.facts = try world.facts()
        reached.moment = world.now
        reached.saved = try world.save()
        let broken = WalkRules.broken(step, from: state, to: reached)
        if broken.isEmpty { return reached }
        Issue.record("\(reached.path.map(\.rawValue)): \(broken)\n\(state.facts)\n\(reached.facts)")
        return nil
    }

    /// Whether time alone, with a node that sends what is due, brings every delivery to where it may stay.
    private func canEnd(_ state: WalkState, _ world: WalkWorld) async throws -> Bool {
        var facts = state.facts
        var broken: [String] = []
        for _ in 0..<6 {
            world.fixture.clock.advance(by: .seconds(3_700))
            if !facts.handovers.isEmpty {
                _ = try await world.store.rescueLapsedHandovers(after: world.now - .seconds(86_400 * 30))
            }
            var claimed = WalkState()
            try await world.take(.claimB, &claimed)
            if !claimed.b.isEmpty { try await world.write(claimed.b, 1, .delivered, attempted: true) }
            if facts.isErasing { try await ErasureTests.work(world.store) }
            facts = try world.facts()
            broken = WalkRules.unfinished(facts)
            if broken.isEmpty { break }
        }
        if broken.isEmpty { return true }
        Issue.record("\(state.path.map(\.rawValue)) does not end: \(broken)\n\(state.facts)\n\(facts)")
        return false
    }
}
