import Domain
import Testing

/// Which databases deliveries go out of without a person.
@Suite struct DeliveryGateTests {
    private static let noon = Timestamp(seconds: 1_775_044_800)
    private static let served = ServerIdentity(systemIdentifier: 7, timeline: 1, startedAt: noon - .seconds(86_400))
    private static let pulses: Int64 = 1_000

    /// Served until noon.
    private static let record = DeliveryGate.Record(server: served, pulse: GatePulse(number: pulses, at: noon))

    private func verdict(
        _ server: ServerIdentity, target: Bool = false, record: DeliveryGate.Record? = record,
        witness: Int64? = nil, after silence: Duration
    ) -> DeliveryGate.Verdict {
        DeliveryGate(longestOutage: .seconds(86_400)).verdict(
            server, hasRecoveryTarget: target, record: record, witness: witness, now: Self.noon + silence)
    }

    private func server(timeline: Int32 = 1, system: Int64 = 7) -> ServerIdentity {
        ServerIdentity(systemIdentifier: system, timeline: timeline, startedAt: Self.noon + .seconds(1))
    }

    @Test func theFirstLookPasses() {
        #expect(verdict(server(), target: true, record: nil, after: .seconds(1_000_000)) == .pass)
    }

    /// The service was down, PostgreSQL was not.
    @Test(arguments: [Duration.zero, .seconds(86_400 * 30)])
    func aServerThatWasNotStartedSinceIsTheSame(_ silence: Duration) {
        #expect(verdict(Self.served, target: true, after: silence) == .pass)
    }

    @Test func aRestartPassesUntilItTookTooLongForAnOutage() {
        #expect(verdict(server(), after: .seconds(86_400)) == .pass)
        #expect(verdict(server(), after: .seconds(86_401)) == .hold(.longOutage))
        let anyOutage = DeliveryGate(longestOutage: nil).verdict(
            server(), hasRecoveryTarget: true, record: Self.record, witness: nil, now: Self.noon + .seconds(1_000_000))
        #expect(anyOutage == .pass)
    }

    /// A node that waited for its database remembers what was there.
    @Test func aRestartThatANodeWaitedForPassesHoweverLongItTook() {
        #expect(verdict(server(), witness: Self.pulses, after: .seconds(1_000_000)) == .pass)
    }

    @Test(arguments: [1, 12]) func aStandbyThatTookOverPassesForANodeThatWaited(_ missing: Int64) {
        #expect(verdict(server(timeline: 2), witness: Self.pulses + missing, after: .seconds(3_600)) == .pass)
    }

    @Test func aStandbyThatTookOverPassesForNewNodesSoonAfter() {
        #expect(verdict(server(timeline: 2), after: .seconds(120)) == .pass)
        #expect(verdict(server(timeline: 2), after: .seconds(121)) == .hold(.otherServer))
        #expect(verdict(server(system: 8), after: .seconds(121)) == .hold(.otherServer))
    }

    @Test(arguments: [nil, 900, 1_000, 1_001])
    func aRecoveryToATargetIsHeldHoweverNew(_ witness: Int64?) {
        #expect(verdict(server(timeline: 2), target: true, witness: witness, after: .zero) == .hold(.recoveryTarget))
    }

    /// Its settings keep the target that it was once recovered to, and was released since.
    @Test func aTargetOfLongAgoHoldsNothing() {
        #expect(verdict(server(), target: true, after: .seconds(60)) == .pass)
    }

    @Test(arguments: [1, 2] as [Int32]) func aDatabaseThatLacksWhatANodeSawIsHeld(_ timeline: Int32) {
        #expect(verdict(server(timeline: timeline), witness: Self.pulses + 13, after: .zero) == .hold(.lostCommits))
    }

    /// Another node, which could not know better, let it pass before.
    @Test func aWitnessIsHeardAfterwardsToo() {
        #expect(verdict(Self.served, witness: Self.pulses + 13, after: .zero) == .hold(.lostCommits))
    }

    @Test(arguments: HoldReason.allCases) func whatIsHeldStaysHeld(_ reason: HoldReason) {
        let held = DeliveryGate.Record(
            server: Self.served, pulse: Self.record.pulse, hold: .init(since: Self.noon, reason: reason))
        #expect(verdict(Self.served, record: held, witness: Self.pulses, after: .zero) == .hold(reason))
    }
}
