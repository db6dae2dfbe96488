import Domain
import Testing

/// Days of delivery in moments: what must hold over all of them.
@Suite struct SimulationTests {
    private static let day: Duration = .seconds(86_400)
    private static let ok: (AttemptOutcome, Duration) = (.answered(status: 200), .milliseconds(50))

    /// Nothing is lost, and no rule was broken on the way.
    private func check(_ simulation: Simulation, _ comment: Comment? = nil) {
        #expect(simulation.complaints == [], comment)
        #expect(simulation.lost.count == 0, comment)
    }

    @Test func aHealthyEndpointGetsEverythingAtOnce() {
        var simulation = Simulation(seed: 1)
        let endpoint = simulation.endpoint { _, _ in Self.ok }
        simulation.events(20_000, for: endpoint, over: Self.day)
        simulation.run(for: Self.day * 2)
        check(simulation)
        #expect(simulation.count(.delivered, of: endpoint) == 20_000)
        #expect(simulation.lanes[endpoint].requests == 20_000)
        #expect(simulation.lanes[endpoint].writes == 0)
        #expect(simulation.latency(1, of: endpoint) <= .milliseconds(50))
    }

    /// Three hours down: the receiver sees a request now and then, and each delivery comes soon after it is back, for
    /// waiting cost it no attempt.
    @Test func anOutageCostsFewRequestsAndLosesNothing() {
        var simulation = Simulation(seed: 2)
        let start = simulation.now
        let (down, up) = (start + .seconds(3_600), start + .seconds(4 * 3_600))
        let endpoint = simulation.endpoint { at, _ in
            at >= down && at < up ? (.unanswered, .milliseconds(1)) : Self.ok
        }
        simulation.events(24_000, for: endpoint, over: Self.day)
        simulation.run(for: Self.day * 4)
        check(simulation)
        #expect(simulation.count(.delivered, of: endpoint) == 24_000)
        let extra = simulation.lanes[endpoint].requests - 24_000
        #expect((30...120).contains(extra), "\(extra) requests in vain")
        let late = simulation.deliveries.filter { ($0.settledAt ?? simulation.now) > up + .seconds(600) }
            .count { $0.createdAt < up }
        // Those few that failed before the breaker opened, or were probes, come when their schedule has them.
        #expect(late <= extra, "\(late) came long after it was back")
        #expect(simulation.lanes[endpoint].mostInFlight <= 64)
    }

    @Test func anEndpointThatAsksForRestGetsIt() {
        var simulation = Simulation(seed: 3)
        // A receiver that takes ten in a second, and then asks for ten seconds.
        let endpoint = simulation.endpoint { at, random in
            at.seconds % 11 == 0 || random.chance(2)
                ? (.answered(status: 429, retryAfter: .seconds(10)), .milliseconds(5)) : Self.ok
        }
        simulation.events(20_000, for: endpoint, over: Self.day)
        simulation.run(for: Self.day * 10)
        check(simulation)
        #expect(simulation.count(.delivered, of: endpoint) == 20_000)
    }

    @Test func oneThatNeverAnswersCostsOthersNothing() {
        var simulation = Simulation(seed: 4)
        let healthy = simulation.endpoint { _, _ in Self.ok }
        let hanging = simulation.endpoint { _, _ in (.unanswered, .seconds(15)) }
        simulation.events(10_000, for: healthy, over: Self.day)
        simulation.events(10_000, for: hanging, over: Self.day)
        simulation.run(for: Self.day)
        #expect(simulation.complaints == [])
        #expect(simulation.latency(1, of: healthy) <= .milliseconds(50))
        // Fifteen seconds in five minutes at most: a probe at a time.
        #expect(simulation.lanes[hanging].requests <= 700, "\(simulation.lanes[hanging].requests)")
        #expect(simulation.lanes[hanging].mostInFlight <= 8)
        #expect(simulation.lanes[hanging].writes <= 1_500)
    }

    @Test func afterFiveDaysItIsDisabledAndWhatItIsOwedWaits() {
        var simulation = Simulation(seed: 5)
        let start = simulation.now
        let back = start + Self.day * 9
        let endpoint = simulation.endpoint { at, _ in at < back ? (.answered(status: 500), .milliseconds(20)) : Self.ok
        }
        simulation.events(5_000, for: endpoint, over: Self.day * 8)
        simulation.run(for: Self.day * 8)
        check(simulation)
        #expect(simulation.lanes[endpoint].disabledFor == .failing)
        #expect(simulation.lanes[endpoint].disablings == 1)
        let held = simulation.count(.held, of: endpoint)
        let failed = simulation.count(.failed, of: endpoint)
        #expect(held + failed == 5_000)
        // Only what was tried ten times over three days is given up; all others wait.
        #expect(failed < 1_000, "\(failed)")
        simulation.enable(endpoint, after: Self.day * 2)
        simulation.run(for: Self.day * 3)
        check(simulation)
        #expect(simulation.count(.delivered, of: endpoint) == held)
    }

    @Test func goneIsNotAskedAgain() {
        var simulation = Simulation(seed: 6)
        let start = simulation.now
        let endpoint = simulation.endpoint { at, _ in
            at < start + .seconds(3_600) ? Self.ok : (.answered(status: 410), .milliseconds(20))
        }
        simulation.events(2_000, for: endpoint, over: .seconds(7_200))
        simulation.run(for: Self.day)
        check(simulation)
        #expect(simulation.lanes[endpoint].disabledFor == .gone)
        #expect(simulation.count(.delivered, of: endpoint) == 1_000)
        #expect(simulation.count(.held, of: endpoint) == 1_000)
        #expect(simulation.lanes[endpoint].requests <= 1_001)
    }

    /// A share of failures, at random, costs no more attempts than the share has it, and no delivery its end.
    @Test(arguments: [5, 30, 50] as [UInt64])
    func aFlappingEndpointGetsAllInTheEnd(_ share: UInt64) {
        var simulation = Simulation(seed: share)
        let endpoint = simulation.endpoint { _, random in
            random.chance(share) ? (.answered(status: 500), .milliseconds(20)) : Self.ok
        }
        simulation.events(20_000, for: endpoint, over: Self.day)
        simulation.run(for: Self.day * 6)
        check(simulation)
        #expect(simulation.count(.delivered, of: endpoint) >= 19_900)
        let amplification = Double(simulation.lanes[endpoint].requests) / 20_000
        #expect(amplification <= 1.1 / (1 - Double(share) / 100), "\(amplification)")
        #expect(simulation.lanes[endpoint].writes <= 2 * 6 * 1_440)
    }

    /// Many endpoints of one receiver that falls and rises: no second sees them all.
    @Test func endpointsThatFellTogetherDoNotRiseTogether() {
        let arrivals = Arrivals()
        var simulation = Simulation(seed: 8)
        let (start, count) = (simulation.now, 2_000)
        for _ in 0..<count {
            let endpoint = simulation.endpoint { at, _ in
                arrivals.note(at)
                return at < start + .seconds(1_800) ? (.unanswered, .milliseconds(1)) : Self.ok
            }
            simulation.events(10, for: endpoint, over: .seconds(20))
        }
        simulation.run(for: Self.day)
        #expect(simulation.complaints == [])
        // In the steady part of the outage, when each pause is 150 to 450 s.
        let counts = (900..<1_700).map { arrivals.perSecond[start.seconds + Int64($0), default: 0] }
        let mean = Double(counts.reduce(0, +)) / Double(counts.count)
        let most = Double(counts.max() ?? 0)
        #expect(mean > 3)
        #expect(most <= mean * 4, "\(most) in a second, \(mean) on average")
    }

    /// Anything at all, crashes of the node included: nothing is lost, and every rule holds.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func nothingIsLostWhateverHappens(_ seed: UInt64) {
        var chance = SimulationRandom(seed: seed)
        var simulation = Simulation(seed: seed &+ 1_000)
        let start = simulation.now
        for _ in 0..<(1 + chance.next() % 5) {
            let (kind, other) = (chance.next() % 7, chance.next() % 40)
            let turn = start + .seconds(Int(chance.next() % 400_000))
            let endpoint = simulation.endpoint { at, random in
                switch at < turn ? kind : (kind + other) % 7 {
                case 0, 1: Self.ok
                case 2: (.unanswered, .seconds(15))
                case 3: (.answered(status: 503, retryAfter: .seconds(Int(random.next() % 9_000))), .milliseconds(9))
                case 4: (.answered(status: random.chance(50) ? 200 : 502), .milliseconds(Int(random.next() % 3_000)))
                case 5: (.answered(status: random.chance(1) ? 410 : 200), .milliseconds(30))
                default: (.answered(status: 404, retryAfter: .seconds(Int(random.next() % 200))), .milliseconds(30))
                }
            }
            simulation.events(Int(chance.next() % 800), for: endpoint, over: .seconds(Int(chance.next() % 500_000)))
            for _ in 0..<(chance.next() % 3) {
                simulation.enable(endpoint, after: .seconds(Int(chance.next() % 1_000_000)))
            }
        }
        for _ in 0..<(chance.next() % 12) { simulation.crash(after: .seconds(Int(chance.next() % 900_000))) }
        simulation.run(for: Self.day * 60)
        check(simulation, "seed \(seed)")
    }
}

/// Requests by second; a simulation is one thread.
private final class Arrivals: @unchecked Sendable {
    private(set) var perSecond: [Int64: Int] = [:]
    func note(_ moment: Timestamp) { perSecond[moment.seconds, default: 0] += 1 }
}
