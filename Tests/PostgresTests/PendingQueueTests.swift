import Testing

@testable import Postgres

@Suite struct PendingQueueTests {
    private func pending(_ number: UInt64, bytes: Int = 0) -> Pending {
        let query = Query(Statement(index: 0, name: "", text: ""), [.bytes(Array(repeating: 0, count: bytes))])
        return Pending(unit: Unit(query), submitted: number, deadline: number) { _ in }
    }

    @Test func itKeepsItsOrderThroughManyTurns() {
        var queue = PendingQueue()
        var next: UInt64 = 0
        var taken: [UInt64] = []
        for turn in 0..<200 {
            for _ in 0..<(turn % 7) {
                queue.append(pending(next))
                next += 1
            }
            taken += queue.takeBatch(units: 3, bytes: .max).map(\.submitted)
        }
        while let one = queue.popFirst() { taken.append(one.submitted) }
        #expect(taken == Array(0..<next) && queue.isEmpty)
    }

    @Test func whatIsPutBackComesFirst() {
        var queue = PendingQueue()
        for number in 0..<4 { queue.append(pending(UInt64(number))) }
        let batch = queue.takeBatch(units: 2, bytes: .max)
        queue.putBack(batch)
        #expect(queue.count == 4 && queue.first?.submitted == 0)
        #expect(queue.takeBatch(units: 9, bytes: .max).map(\.submitted) == [0, 1, 2, 3])
    }

    @Test func aBatchEndsAtItsBytesButHoldsAtLeastOneUnit() {
        var queue = PendingQueue()
        for number in 0..<3 { queue.append(pending(UInt64(number), bytes: 600)) }
        #expect(queue.takeBatch(units: 9, bytes: 1_500).count == 2)
        queue.append(pending(9, bytes: 9_000))
        #expect(queue.takeBatch(units: 9, bytes: 1_500).map(\.submitted) == [2])
        #expect(queue.takeBatch(units: 9, bytes: 1_500).map(\.submitted) == [9])
    }

    @Test func pausesDoubleUpToTheLongestAndAreAtMostHalfRandom() {
        for (failures, longest) in [(0, 50), (1, 100), (2, 200), (4, 800), (5, 1_000), (60, 1_000)] {
            #expect(Backoff.pause(afterFailures: failures, random: 0) == .milliseconds(longest) / 2)
            #expect(Backoff.pause(afterFailures: failures, random: .max) == .milliseconds(longest))
        }
    }

    @Test func errorsShowNoValues() {
        let error = PostgresError.server(
            ServerError(sqlState: .uniqueViolation, constraint: "one_each", message: "secret"))
        #expect(String(describing: error) == "the database refused a statement: 23505, constraint one_each")
        #expect(error.constraint == "one_each" && error.sqlState == SQLState("23505"))
        #expect(SQLState(bytes: [1, 2]) == .unknown && SQLState.unknown != .uniqueViolation)
        #expect(SQLState.deadlockDetected.description == "40P01" && SQLState.deadlockDetected.category == "40")
    }
}
