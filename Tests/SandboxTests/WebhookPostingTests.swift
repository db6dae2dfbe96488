import Domain
import JSON
import Runtime
import TestSupport
import Testing

@testable import Sandbox

/// What faults make of the webhooks of one transfer, decided without a database.
@Suite struct WebhookPostingTests {
    private let now = Timestamp(seconds: 1_715_175_519)

    private func plan(_ faults: String..., outcome: String = "succeeded") throws -> [WebhookPosting] {
        let body = #"{"linkToken":"x","outcome":"\#(outcome)","delayMs":1000}"#
        var completion = try Completion.parse(Array(body.utf8))
        completion.webhookFaults = try faults.map { fault in
            let rule = try FaultRule.parse(Array(#"{"rules":[{"webhooks":\#(fault)}]}"#.utf8)).at(0)
            guard case .webhooks(let fault) = rule.fault else { throw Completion.Fault(field: nil, message: "") }
            return fault
        }
        let events = zip(completion.statuses, completion.offsets).map { status, offset in
            (status: status, happensAt: now + .milliseconds(offset))
        }
        return WebhookPosting.plan(events, completion)
    }

    private func delays(_ postings: [WebhookPosting]) -> [Int64] { postings.map { ($0.dueAt - now).milliseconds } }

    @Test func withoutFaultsEachIsPostedOnceInItsTime() throws {
        let postings = try plan()
        #expect(delays(postings) == [0, 1_000])
        #expect(postings.map(\.posts) == [1, 1])
    }

    @Test func concernsTheStatusesItNames() throws {
        let postings = try plan(#"{"of":["SUCCEEDED"],"duplicates":2,"delayMs":500}"#)
        #expect(postings.map(\.posts) == [1, 3])
        #expect(delays(postings) == [0, 1_500])
    }

    @Test func reversesAndKeepsTheTimeOfTheLast() throws {
        let gap = SandboxLimits.reversedGapMilliseconds
        let postings = try plan(#"{"reversed":true}"#, outcome: "refundSucceeded")
        #expect(delays(postings) == [3_000 + 3 * gap, 3_000 + 2 * gap, 3_000 + gap, 3_000])
    }

    @Test func whatIsLostStaysLost() throws {
        let lost = #"{"of":["Pending"],"lost":true}"#
        #expect(try plan(lost, #"{"duplicates":3}"#).map(\.posts) == [0, 4])
        #expect(try plan(#"{"duplicates":3}"#, lost).map(\.posts) == [0, 4])
    }

    @Test func severalFaultsAddUp() throws {
        let postings = try plan(
            #"{"delayMs":10,"nullFields":["TxHash"],"wrongSignatures":1}"#,
            #"{"delayMs":20,"missingFields":["Chain"],"wrongSignatures":2,"status":"Odd"}"#)
        #expect(delays(postings) == [30, 1_030])
        #expect(try postings.at(0).nullFields == [.transactionHash] && postings.at(0).missingFields == [.chain])
        #expect(try postings.at(0).wrongSignatures == 3 && postings.at(0).status == Array("Odd".utf8))
    }
}

/// The stand-in's time.
@Suite struct VirtualClockTests {
    private let base = Timestamp(seconds: 1_715_175_519)

    private func change(_ body: String) throws(Completion.Fault) -> VirtualClock.Change {
        try VirtualClock.Change.parse(Array(body.utf8))
    }

    @Test func goesFromWhereItIsSetAndStandsStillWhereItIsTold() throws {
        let machine = Locked(base)
        let clock = VirtualClock(Clock(now: { machine.withValue { $0 } }, monotonic: { 7 }))
        #expect(clock.now() == base && clock.clock.monotonic() == 7)
        clock.setting = clock.setting(advancedBy: .seconds(60))
        machine.withValue { $0 = $0 + .seconds(1) }
        #expect(clock.now() == base + .seconds(61))
        clock.setting = clock.setting(changedBy: try change(#"{"frozen":true}"#))
        machine.withValue { $0 = $0 + .seconds(100) }
        #expect(clock.clock.now() == base + .seconds(61))
        clock.setting = clock.setting(advancedBy: .seconds(4))
        #expect(clock.now() == base + .seconds(65) && clock.setting.frozenAt == base + .seconds(65))
        // It goes on from where it stood.
        clock.setting = clock.setting(changedBy: try change(#"{"frozen":false}"#))
        machine.withValue { $0 = $0 + .seconds(1) }
        #expect(clock.now() == base + .seconds(66))
        clock.setting = clock.setting(changedBy: try change(#"{"offsetSeconds":-5}"#))
        #expect(clock.distance(of: clock.setting) == .seconds(-5))
        clock.setting = clock.setting(changedBy: try change(#"{"now":"2030-01-01T00:00:00Z","frozen":true}"#))
        #expect(clock.now().rfc3339(.seconds) == Array("2030-01-01T00:00:00Z".utf8))
    }

    @Test(arguments: [
        ("{}", nil), ("[]", nil), (#"{"x":1}"#, nil), (#"{"now":"yesterday"}"#, "now"), (#"{"now":1}"#, "now"),
        (#"{"offsetSeconds":1.5}"#, "offsetSeconds"), (#"{"offsetSeconds":315360001}"#, "offsetSeconds"),
        (#"{"frozen":"yes"}"#, "frozen"), (#"{"now":"2030-01-01T00:00:00Z","offsetSeconds":1}"#, "offsetSeconds"),
    ])
    func readsChangesStrictly(body: String, field: String?) {
        do throws(Completion.Fault) {
            _ = try change(body)
            Issue.record("accepted")
        } catch {
            #expect(error.field == field)
        }
    }
}
