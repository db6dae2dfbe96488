import Domain
import Testing

@Suite struct DeliveryMachineTests {
    private let machine = DeliveryMachine(schedule: .standard)

    @Test(arguments: [200, 201, 204, 299])
    func twoHundredsDeliver(_ status: Int) {
        for failures in [0, 9, 100] {
            let outcome = AttemptOutcome.answered(status: status, retryAfter: .seconds(60))
            #expect(machine.decide(outcome, failuresBefore: failures, random: 0) == .delivered)
        }
    }

    @Test(arguments: [100, 199, 300, 301, 302, 303, 307, 308, 400, 404, 409, 411, 429, 500, 503, 999])
    func otherStatusesAreTriedAgain(_ status: Int) {
        guard case .retry = machine.decide(.answered(status: status), failuresBefore: 0, random: 0) else {
            Issue.record("expected a retry")
            return
        }
        #expect(machine.decide(.answered(status: status), failuresBefore: 9, random: 0) == .failed)
    }

    /// It is held however often it failed: what comes of it is for the endpoint's owner to say.
    @Test func anEndpointThatIsGoneHoldsTheDelivery() {
        for failures in [0, 5, 9, 100] {
            #expect(machine.decide(.answered(status: 410), failuresBefore: failures, random: 3) == .endpointGone)
        }
    }

    @Test func theScheduleEndsAfterTenAttempts() {
        for failures in 0..<9 {
            #expect(machine.decide(.unanswered, failuresBefore: failures, random: 7) != .failed)
        }
        #expect(machine.decide(.unanswered, failuresBefore: 9, random: 7) == .failed)
        #expect(machine.decide(.refused, failuresBefore: 200, random: 7) == .failed)
    }

    /// Whatever is asked for, an attempt is never earlier than the schedule or the request has it, nor later than both.
    @Test func retryAfterOnlyDelays() {
        var random = SeededGenerator(seed: 21)
        let statuses = [301, 400, 403, 408, 429, 500, 502, 503, 504]
        for _ in 0..<5_000 {
            let failures = Int.random(in: 0...12, using: &random)
            let wait = Duration.seconds(Int.random(in: 0...86_400, using: &random))
            let draw = random.next()
            let plain = machine.decide(.unanswered, failuresBefore: failures, random: draw)
            let asked = machine.decide(
                .answered(status: statuses.randomElement(using: &random)!, retryAfter: wait), failuresBefore: failures,
                random: draw)
            if case .retry(let scheduled) = plain {
                #expect(asked == .retry(after: max(scheduled, wait)))
            } else {
                #expect(asked == plain)
            }
        }
    }

    @Test(arguments: [0, 10, 50, 100])
    func jitterStaysWithinItsBoundsAndReachesBothSides(_ percent: Int) {
        var random = SeededGenerator(seed: 22)
        let schedule = RetrySchedule(delays: RetrySchedule.standard.delays, jitterPercent: Int64(percent))
        for (index, delay) in schedule.delays.enumerated() {
            var (isBelow, isAbove) = (false, false)
            for _ in 0..<500 {
                let drawn = schedule.delay(afterFailures: index + 1, random: random.next())!
                #expect(drawn >= delay * (100 - percent) / 100 && drawn <= delay * (100 + percent) / 100)
                isBelow = isBelow || drawn < delay
                isAbove = isAbove || drawn > delay
            }
            #expect(isBelow == (percent > 0) && isAbove == (percent > 0))
        }
    }

    @Test func anAcceleratedScheduleKeepsItsShape() {
        let fast = RetrySchedule.standard.accelerated(by: 1_000)
        #expect(fast.delays.count == 9)
        #expect(fast.delays[0] == .milliseconds(5))
        // 75 hours and 35 minutes, and 5 seconds.
        let total: Duration = RetrySchedule.standard.delays.reduce(.zero, +)
        #expect(total == .seconds(272_105))
    }

    @Test func whatConcernsTheEndpointIsToldFromTheRest() {
        for status in 100...599 {
            let outcome = AttemptOutcome.answered(status: status, retryAfter: .seconds(1))
            #expect(outcome.slowsDown == [429, 502, 503, 504].contains(status))
            #expect(outcome.isGone == (status == 410))
            #expect(outcome.isSuccess == (200...299).contains(status))
            #expect((outcome.retryAfter == nil) == outcome.isSuccess)
        }
        #expect(!AttemptOutcome.unanswered.slowsDown && AttemptOutcome.refused.retryAfter == nil)
    }
}
