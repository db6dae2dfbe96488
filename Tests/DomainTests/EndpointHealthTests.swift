import Domain
import Testing

@Suite struct EndpointHealthTests {
    private static let noon = Timestamp(seconds: 1_775_044_800)
    private static let policy = HealthPolicy()
    /// The middle of what chance gives.
    private static let draw: UInt64 = 1 << 62

    /// One endpoint and a clock.
    private struct Stand {
        var health = EndpointHealth(policy: EndpointHealthTests.policy)
        var now = EndpointHealthTests.noon
        var random = SeededGenerator(seed: 31)

        @discardableResult
        mutating func note(
            _ outcome: AttemptOutcome, took: Duration = .milliseconds(100), began: Timestamp? = nil
        ) -> EndpointHealth.News {
            let start = began ?? now
            now = max(now, start + took)
            return health.note(outcome, startedAt: start, at: now, random: random.next())
        }

        var pause: Duration? {
            if case .nothing(let end) = health.admission(at: now) { end - now } else { nil }
        }
        var allowance: Int? {
            if case .upTo(let count) = health.admission(at: now) { count } else { nil }
        }

        /// Waits for the end of the pause and sends the probe.
        mutating func probe() {
            if let pause { now = now + pause }
            #expect(health.admission(at: now) == .probe)
            health.beginProbe(at: now)
        }
    }

    private static let ok = AttemptOutcome.answered(status: 200)
    private static let bad = AttemptOutcome.answered(status: 500)
    private static func slow(_ seconds: Int?) -> AttemptOutcome {
        .answered(status: 503, retryAfter: seconds.map { .seconds($0) })
    }

    // MARK: Slowing down

    @Test(arguments: [429, 502, 503, 504])
    func anOverloadedEndpointIsLeftAloneAtOnce(_ status: Int) {
        var stand = Stand()
        stand.note(Self.ok)
        let news = stand.note(.answered(status: status))
        let pause = stand.pause ?? .zero
        #expect(pause >= Self.policy.firstPause / 2 && pause <= Self.policy.firstPause * 3 / 2)
        #expect(!news.isToTell && news.disable == nil, "a pause this short is nobody else's business")
    }

    @Test(arguments: [1, 30, 3_600, 86_400])
    func theRestItAsksForIsGranted(_ seconds: Int) {
        var stand = Stand()
        let news = stand.note(Self.slow(seconds))
        let pause = stand.pause ?? .zero
        #expect(pause >= .seconds(seconds))
        #expect(pause <= max(.seconds(seconds) * 11 / 10, Self.policy.firstPause * 3 / 2))
        #expect(pause <= max(.seconds(seconds + 30), Self.policy.firstPause * 3 / 2))
        #expect(news.isToTell == (pause >= Self.policy.silentPause))
    }

    /// All that is in flight may come back with the same: that is one pause, not many.
    @Test func manyThatAskAtOnceMakeOnePause() {
        var stand = Stand()
        let began = stand.now
        var told = 0
        for _ in 0..<64 { if stand.note(Self.slow(10), took: .milliseconds(200), began: began).isToTell { told += 1 } }
        #expect(told == 1)
        #expect(stand.health.shared.pauses == 1)
        #expect((stand.pause ?? .zero) <= .seconds(11))
        // A longer rest is granted as well, whoever of them asks for it.
        stand.note(Self.slow(3_600), began: began)
        #expect((stand.pause ?? .zero) >= .seconds(3_600))
        #expect(stand.health.shared.pauses == 1)
    }

    @Test func whatWasUnderWayWhenItBeganDoesNotEndAPause() {
        var stand = Stand()
        let began = stand.now
        stand.note(Self.slow(10))
        stand.note(Self.ok, began: began)
        #expect(stand.pause != nil)
        #expect(stand.health.shared.consecutiveFailures == 0, "yet it is a success")
    }

    // MARK: The breaker

    @Test func tenFailuresInARowOpenIt() {
        var stand = Stand()
        for round in 1...3 {
            for _ in 1..<10 { stand.note(.answered(status: 404)) }
            #expect(stand.pause == nil, "round \(round)")
            stand.note(Self.ok)
        }
        for _ in 0..<10 { stand.note(.answered(status: 404)) }
        #expect(stand.pause != nil)
        #expect(stand.health.shared.breaker == .open)
    }

    @Test func threeWithoutAnAnswerOpenIt() {
        var stand = Stand()
        stand.note(.unanswered)
        stand.note(.unanswered)
        stand.note(Self.bad)
        stand.note(.unanswered)
        stand.note(.unanswered)
        #expect(stand.pause == nil)
        stand.note(.unanswered)
        #expect(stand.pause != nil)
    }

    @Test func pausesGrowUpToALongest() {
        for (outcome, longest) in [(AttemptOutcome.unanswered, 300), (Self.slow(nil), 300), (Self.bad, 60)] {
            var stand = Stand()
            while stand.pause == nil { stand.note(outcome) }
            for number in 0..<20 {
                let expected = Duration.seconds(min(1 << number, longest))
                let pause = stand.pause ?? .zero
                #expect(pause >= expected / 2 && pause <= expected * 3 / 2, "\(outcome), pause \(number)")
                stand.probe()
                #expect(stand.pause == Self.policy.probeTime, "one probe at a time")
                stand.note(outcome)
            }
        }
    }

    @Test func aProbesSuccessClosesItAndTheFlowSwells() {
        var stand = Stand()
        for _ in 0..<3 { stand.note(.unanswered) }
        stand.probe()
        stand.note(Self.ok)
        for expected in 1...64 {
            #expect(stand.allowance == expected)
            stand.note(Self.ok)
        }
        #expect(stand.allowance == 64)
        #expect(stand.health.isUnremarkable)
    }

    @Test func aProbeThatIsNeverHeardOfIsFollowedByAnother() {
        var stand = Stand()
        for _ in 0..<3 { stand.note(.unanswered) }
        stand.probe()
        stand.now = stand.now + Self.policy.probeTime
        #expect(stand.health.admission(at: stand.now) == .probe)
        // One that was not sent at all makes room at once.
        stand.health.beginProbe(at: stand.now)
        stand.health.abandonProbe(at: stand.now)
        #expect(stand.health.admission(at: stand.now) == .probe)
    }

    @Test func aRelapseDoesNotBeginWithTheShortestPause() {
        var stand = Stand()
        while stand.pause == nil { stand.note(.unanswered) }
        for _ in 0..<7 {
            stand.probe()
            stand.note(.unanswered)
        }
        stand.probe()
        stand.note(Self.ok)
        #expect(stand.health.shared.pauses == 4)
        stand.note(Self.slow(nil))
        #expect((stand.pause ?? .zero) >= .seconds(8))
    }

    @Test func troubleHalvesWhatMayBeInFlightAndRefusalsDoNot() {
        var stand = Stand()
        for _ in 0..<100 { stand.note(Self.ok) }
        #expect(stand.allowance == 64)
        for status in [400, 401, 404, 422, 301] { stand.note(.answered(status: status)) }
        #expect(stand.allowance == 64)
        stand.note(Self.ok)
        for expected in [32, 16, 8, 4] {
            stand.note(Self.bad)
            #expect(stand.allowance == expected)
        }
    }

    // MARK: Giving up

    @Test func goneDisablesAtOnce() {
        var stand = Stand()
        #expect(stand.note(.answered(status: 410)).disable == .gone)
    }

    @Test func fiveDaysWithoutASuccessDisable() {
        var stand = Stand()
        var failures = 0
        while stand.now - Self.noon < .seconds(5 * 86_400 - 60) {
            #expect(stand.note(.unanswered).disable == nil)
            failures += 1
            if stand.pause != nil { stand.probe() }
        }
        #expect(failures > 1_000)
        stand.now = Self.noon + .seconds(5 * 86_400)
        #expect(stand.note(.unanswered).disable == .failing)
    }

    @Test func oneSuccessBeginsTheDaysAnew() {
        var stand = Stand()
        for day in 0..<40 {
            stand.now = Self.noon + .seconds(day * 86_400)
            for _ in 0..<20 { #expect(stand.note(Self.bad).disable == nil) }
            if day % 4 == 3 { stand.note(Self.ok) }
        }
    }

    @Test func fewFailuresFarApartDisableNothing() {
        var stand = Stand()
        for day in 0..<9 {
            stand.now = Self.noon + .seconds(day * 86_400)
            #expect(stand.note(Self.bad).disable == nil)
        }
        stand.now = Self.noon + .seconds(9 * 86_400)
        #expect(stand.note(Self.bad).disable == .failing)
    }

    // MARK: Telling

    /// However busy and however torn, a minute costs two writes at most, and a long pause two more.
    @Test func newsIsRare() {
        var stand = Stand()
        var (told, longPauses) = (0, 0)
        for _ in 0..<60_000 {
            let isGood = UInt8.random(in: 0..<10, using: &stand.random) < 3
            if stand.note(isGood ? Self.ok : .answered(status: 400), took: .milliseconds(10)).isToTell { told += 1 }
            if let pause = stand.pause {
                if pause >= Self.policy.silentPause { longPauses += 1 }
                stand.probe()
            }
        }
        let minutes = Int((stand.now - Self.noon).components.seconds / 60)
        #expect(minutes >= 10)
        // A long pause is told, and so is its end.
        #expect(told > 0 && told <= 2 * (minutes + 1 + longPauses), "\(told) in \(minutes) min, \(longPauses) pauses")
    }

    @Test func recoveryIsToldIfTheFailingWas() {
        var stand = Stand()
        stand.note(Self.bad)
        #expect(stand.note(Self.ok) == EndpointHealth.News())
        let failing = stand.now
        #expect(!stand.note(Self.bad).isToTell)
        #expect(!stand.note(Self.bad).isToTell)
        #expect(stand.note(Self.bad).isToTell)
        let news = stand.note(Self.ok)
        #expect(news.isToTell)
        #expect(news.recoveredFrom == failing)
        #expect(stand.note(Self.ok) == EndpointHealth.News())
    }

    @Test func whatOthersTellIsTakenOver() {
        var here = Stand()
        var there = Stand()
        #expect(there.note(Self.slow(60)).isToTell)
        here.health.adopt(there.health.shared, at: here.now)
        #expect((here.pause ?? .zero) >= .seconds(60))
        #expect(here.health.isPauseShared)
        there.now = there.now + (there.pause ?? .zero)
        there.health.takeProbe(there.health.shared, until: there.now + Self.policy.probeTime, at: there.now)
        here.health.adopt(there.health.shared, at: there.now)
        here.now = there.now
        #expect(here.pause == Self.policy.probeTime, "their probe is the only one")
        let own = there.health
        there.health.adopt(own.shared, at: there.now)
        #expect(there.health.shared == own.shared, "one's own probe stays one's own")
        let probeEnd = there.health.shared.pausedUntil
        let news = there.note(Self.ok)
        #expect(news.tellsBreaker && news.replaces == probeEnd)
        here.health.adopt(there.health.shared, at: there.now)
        #expect(here.allowance == 1)
        #expect(here.health.shared.failingSince == nil)
    }

    /// Others wait for the end of the probe's time, unless they are told.
    @Test func theEndOfASharedProbeIsTold() {
        for outcome in [Self.ok, .unanswered, Self.slow(nil), Self.slow(0), Self.slow(100), Self.bad] {
            var stand = Stand()
            let end = stand.now + Self.policy.probeTime
            var known = EndpointHealth.Shared()
            known.breaker = .halfOpen
            known.pausedUntil = end
            stand.health.takeProbe(known, until: end, at: stand.now)
            let news = stand.note(outcome)
            #expect(news.isToTell && news.tellsBreaker && news.replaces == end, "\(outcome)")
        }
    }

    @Test func anEnabledEndpointBeginsWithOneDelivery() {
        var stand = Stand()
        for _ in 0..<200 { stand.note(.unanswered) }
        stand.health.adopt(.enabled(at: stand.now), at: stand.now)
        #expect(stand.health.shared.failingSince == nil)
        #expect(stand.health.admission(at: stand.now) == .probe)
        stand.health.beginProbe(at: stand.now)
        stand.note(Self.ok)
        #expect(stand.allowance == 1)
    }

    @Test func theWordForItFollows() {
        var stand = Stand()
        func word() -> HealthState { stand.health.shared.state(isEnabled: true) }
        #expect(word() == .healthy)
        stand.note(Self.slow(60))
        #expect(word() == .slowed)
        for _ in 0..<10 {
            stand.probe()
            stand.note(.unanswered)
        }
        #expect(word() == .failing)
        #expect(stand.health.shared.state(isEnabled: false) == .disabled)
        stand.probe()
        stand.note(Self.ok)
        #expect(word() == .healthy)
    }

    // MARK: Anything at all

    /// Whatever comes in whatever order: what is asked for is granted, a pause has an end, and one probe is out at
    /// most.
    @Test func noOrderOfThingsBreaksTheRules() {
        var random = SeededGenerator(seed: 32)
        for _ in 0..<300 {
            var stand = Stand()
            var flying: [Timestamp] = []
            var restUntil = Self.noon
            for _ in 0..<200 {
                stand.now = stand.now + .milliseconds(Int.random(in: 0...2_000, using: &random))
                switch stand.health.admission(at: stand.now) {
                case .upTo(let count):
                    #expect(stand.now >= restUntil && (1...64).contains(count))
                    if flying.count < count { flying.append(stand.now) }
                case .probe:
                    #expect(stand.now >= restUntil)
                    stand.health.beginProbe(at: stand.now)
                    flying.append(stand.now)
                case .nothing(let end):
                    #expect(end > stand.now && end >= restUntil)
                    #expect(end - stand.now <= RetryAfter.longest * 11 / 10)
                }
                guard !flying.isEmpty, Bool.random(using: &random) else { continue }
                let start = flying.remove(at: Int.random(in: 0..<flying.count, using: &random))
                let outcome: AttemptOutcome =
                    switch Int.random(in: 0..<8, using: &random) {
                    case 0...2: Self.ok
                    case 3: .unanswered
                    case 4: .answered(status: 404, retryAfter: .seconds(9))
                    case 5: Self.bad
                    case 6: Self.slow(nil)
                    default: Self.slow(Int.random(in: 0...20, using: &random))
                    }
                let news = stand.health.note(outcome, startedAt: start, at: stand.now, random: random.next())
                if outcome.slowsDown { restUntil = max(restUntil, stand.now + (outcome.retryAfter ?? .zero)) }
                #expect(news.disable == nil)
                #expect((stand.health.shared.breaker == .closed) == (stand.health.shared.pausedUntil == nil))
                #expect((stand.health.shared.failingSince == nil) == (stand.health.shared.consecutiveFailures == 0))
            }
        }
    }
}
