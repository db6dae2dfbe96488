import Testing

@testable import Postgres

/// The machine against a server that is a table: which units fail, and how often.
@Suite struct BatchMachineTests {
    private typealias Machine = BatchMachine<String>
    private static let scope = Statement(index: 0, name: "scope", text: "")
    private static let otherScope = Statement(index: 1, name: "other_scope", text: "")

    private func prelude(_ id: Int64) -> Query { Query(BatchMachineTests.scope, [.int64(id)]) }

    /// A server that rolls back every transaction in which a unit fails. Returns the outcomes and what was sent.
    private func run(
        _ shapes: [Machine.Shape], failing: [Int: (state: SQLState, times: Int)] = [:], commitFails: Set<Int> = []
    ) throws -> (outcomes: [Int: String], rounds: [[String]]) {
        var machine = Machine(shapes)
        var failing = failing
        var outcomes: [Int: String] = [:]
        var rounds: [[String]] = []
        var steps = machine.start()
        while !steps.isEmpty {
            rounds.append(steps.map(name))
            var next: [Machine.Step] = []
            var isAborted = false
            var members: Set<Int> = []
            for step in steps {
                var replies: [Machine.Reply] = []
                switch step {
                case .sync:
                    if !isAborted, !members.isDisjoint(with: commitFails) {
                        replies.append(.failed(ServerError(sqlState: .foreignKeyViolation)))
                    }
                    replies.append(.synced)
                    isAborted = false
                    members = []
                case _ where isAborted: replies.append(.skipped)
                case .prelude: replies.append(.rows("prelude"))
                case .query(let unit, let index):
                    members.insert(unit)
                    if let fault = failing[unit], fault.times > 0 {
                        failing[unit]?.times -= 1
                        replies.append(.failed(ServerError(sqlState: fault.state)))
                        isAborted = true
                    } else {
                        replies.append(.rows("u\(unit)q\(index)"))
                    }
                }
                for reply in replies {
                    let received = machine.receive(reply)
                    let answer = try #require(received)
                    for (unit, outcome) in answer.finished {
                        #expect(outcomes[unit] == nil, "one outcome each")
                        outcomes[unit] = describe(outcome)
                    }
                    next += answer.steps
                }
            }
            steps = next
        }
        #expect(machine.isFinished)
        return (outcomes, rounds)
    }

    private func name(_ step: Machine.Step) -> String {
        switch step {
        case .prelude(let unit): "p\(unit)"
        case .query(let unit, let index): "u\(unit)q\(index)"
        case .sync: "S"
        }
    }

    private func describe(_ outcome: Machine.Outcome) -> String {
        switch outcome {
        case .done(let outputs): outputs.joined(separator: ",")
        case .failed(let error): error.sqlState.description
        }
    }

    private func plain(_ count: Int, queries: Int = 1) -> [Machine.Shape] {
        Array(repeating: Machine.Shape(prelude: nil, queryCount: queries), count: count)
    }

    @Test func aBatchThatSucceedsIsOneRoundWithOneSync() throws {
        let (outcomes, rounds) = try run(plain(3, queries: 2))
        #expect(rounds == [["u0q0", "u0q1", "u1q0", "u1q1", "u2q0", "u2q1", "S"]])
        #expect(outcomes == [0: "u0q0,u0q1", 1: "u1q0,u1q1", 2: "u2q0,u2q1"])
    }

    @Test func aFailingUnitFailsAloneInASecondRound() throws {
        let (outcomes, rounds) = try run(plain(5), failing: [2: (.uniqueViolation, 9)])
        #expect(rounds.dropFirst() == [["u0q0", "u1q0", "S", "u2q0", "S", "u3q0", "u4q0", "S"]])
        #expect(outcomes == [0: "u0q0", 1: "u1q0", 2: "23505", 3: "u3q0", 4: "u4q0"])
    }

    @Test func severalFailingUnitsAreRunOneByOneInTheThirdRound() throws {
        let (outcomes, rounds) = try run(plain(5), failing: [1: (.uniqueViolation, 9), 3: (.checkViolation, 9)])
        #expect(rounds.count == 3)
        #expect(rounds[2] == ["u2q0", "S", "u3q0", "S", "u4q0", "S"])
        #expect(outcomes == [0: "u0q0", 1: "23505", 2: "u2q0", 3: "23514", 4: "u4q0"])
    }

    @Test func aUnitAloneFailsWithoutAnotherRound() throws {
        let (outcomes, rounds) = try run(plain(1), failing: [0: (.uniqueViolation, 9)])
        #expect(rounds.count == 1 && outcomes == [0: "23505"])
    }

    @Test func aFailedCommitBlamesNobodySoEachRunsAlone() throws {
        let (outcomes, rounds) = try run(plain(3), commitFails: [1])
        #expect(rounds[1] == ["u0q0", "S", "u1q0", "S", "u2q0", "S"])
        #expect(outcomes == [0: "u0q0", 1: "23503", 2: "u2q0"])
    }

    @Test(arguments: [(1, "u0q0"), (3, "u0q0"), (4, "40001")])
    func aConflictIsTriedThreeTimesMore(times: Int, outcome: String) throws {
        let (outcomes, rounds) = try run(plain(1), failing: [0: (.serializationFailure, times)])
        #expect(outcomes == [0: outcome] && rounds.count == min(times, 3) + 1)
    }

    @Test func aDeadlockedBatchSucceedsInItsSecondRound() throws {
        let (outcomes, _) = try run(plain(3), failing: [1: (.deadlockDetected, 1)])
        #expect(outcomes == [0: "u0q0", 1: "u1q0", 2: "u2q0"])
    }

    @Test func anEqualPreludeIsSentOnceAndAgainInEachTransaction() throws {
        let shapes = [1, 1, 2, 1].map { Machine.Shape(prelude: prelude($0), queryCount: 1) }
        let (_, rounds) = try run(shapes)
        #expect(rounds == [["p0", "u0q0", "u1q0", "p2", "u2q0", "p3", "u3q0", "S"]])
        let (outcomes, again) = try run(shapes, failing: [1: (.uniqueViolation, 9)])
        #expect(again[1] == ["p0", "u0q0", "S", "p1", "u1q0", "S", "p2", "u2q0", "p3", "u3q0", "S"])
        #expect(outcomes[0] == "u0q0", "the prelude's row is not the caller's")
    }

    @Test func unitsWithoutAPreludeRunBeforeThoseWithOne() throws {
        let shapes = [
            Machine.Shape(prelude: prelude(1), queryCount: 1), Machine.Shape(prelude: nil, queryCount: 1),
            Machine.Shape(prelude: prelude(1), queryCount: 1), Machine.Shape(prelude: nil, queryCount: 1),
        ]
        #expect(try run(shapes).rounds == [["u1q0", "u3q0", "p0", "u0q0", "u2q0", "S"]])
    }

    @Test func preludesOfDifferentStatementsDoNotShareATransaction() throws {
        let other = Query(BatchMachineTests.otherScope, [])
        let shapes = [
            Machine.Shape(prelude: prelude(1), queryCount: 1), Machine.Shape(prelude: other, queryCount: 1),
            Machine.Shape(prelude: prelude(1), queryCount: 1),
        ]
        #expect(try run(shapes).rounds == [["p0", "u0q0", "u2q0", "S", "p1", "u1q0", "S"]])
    }

    @Test func whatWasRolledBackIsKnownNotToHaveRun() throws {
        var machine = Machine(plain(3))
        _ = machine.start()
        #expect(machine.unfinished().map(\.mayHaveRun) == [true, true, true])
        _ = machine.receive(.failed(ServerError(sqlState: .uniqueViolation)))
        #expect(machine.unfinished().map(\.mayHaveRun) == [false, false, false])
        for reply in [Machine.Reply.skipped, .skipped, .synced] { _ = machine.receive(reply) }
        #expect(machine.unfinished().map(\.mayHaveRun) == [true, true, true], "sent again")
    }

    @Test func anAnswerThatMakesNoSenseIsRefused() {
        var machine = Machine(plain(1))
        #expect(machine.receive(.synced) == nil, "nothing was sent")
        _ = machine.start()
        #expect(machine.receive(.synced) == nil, "a row was due")
    }

    @Test func everyPatternOfFailuresGivesEachUnitItsOwnOutcome() throws {
        for pattern in 0..<64 {
            let failing = (0..<6).filter { pattern >> $0 & 1 == 1 }
            let faults = failing.map { ($0, (state: SQLState.uniqueViolation, times: 9)) }
            let (outcomes, rounds) = try run(plain(6), failing: Dictionary(uniqueKeysWithValues: faults))
            #expect((0..<6).allSatisfy { outcomes[$0] == (failing.contains($0) ? "23505" : "u\($0)q0") })
            #expect(rounds.count <= 3)
        }
    }
}
