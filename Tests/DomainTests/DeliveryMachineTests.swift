import Domain
import Testing

@Suite struct DeliveryMachineTests {
    private let machine = DeliveryMachine(schedule: .standard)

    @Test(arguments: [200, 201, 204, 299])
    func twoHundredsDeliver(_ status: Int) {
        #expect(machine.decide(.answered(status: status), failuresBefore: 0, random: 0) == .delivered)
    }

    @Test(arguments: [100, 199, 301, 308, 400, 404, 410, 429, 500, 503, 999])
    func otherStatusesAreTriedAgain(_ status: Int) {
        guard case .retry = machine.decide(.answered(status: status), failuresBefore: 0, random: 0) else {
            Issue.record("expected a retry")
            return
        }
    }

    @Test func theScheduleEndsAfterTenAttempts() {
        for failures in 0..<9 {
            #expect(machine.decide(.unanswered, failuresBefore: failures, random: 7) != .failed)
        }
        #expect(machine.decide(.unanswered, failuresBefore: 9, random: 7) == .failed)
        #expect(machine.decide(.refused, failuresBefore: 200, random: 7) == .failed)
    }

    @Test func jitterStaysWithinATenthAndReachesBothSides() {
        var generator = SeededGenerator(seed: 22)
        for (index, delay) in RetrySchedule.standard.delays.enumerated() {
            var isBelow = false
            var isAbove = false
            for _ in 0..<500 {
                let drawn = RetrySchedule.standard.delay(afterFailures: index + 1, random: generator.next())!
                #expect(drawn >= delay * 9 / 10 && drawn <= delay * 11 / 10)
                isBelow = isBelow || drawn < delay
                isAbove = isAbove || drawn > delay
            }
            #expect(isBelow && isAbove)
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
}
