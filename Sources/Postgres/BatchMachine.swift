/// Decides what one connection sends for a batch of units and what each answer means. A value: the shell does the I/O.
///
/// All units of a batch are one transaction, since they end in one Sync. If one fails, the server has rolled all of
/// them back: they run again as three transactions, those before it, it alone, and those after it. Where one of these
/// fails again, its units run each alone. So a failing unit fails alone and costs the others at most three rounds.
struct BatchMachine<Output> {
    struct Shape {
        let prelude: Query?
        let queryCount: Int
    }

    /// One thing to send, and so one answer to await.
    enum Step: Equatable {
        case prelude(unit: Int)
        case query(unit: Int, index: Int)
        case sync
    }

    enum Reply {
        case rows(Output)
        case failed(ServerError)
        /// Not run, because something before it in its transaction failed.
        case skipped
        case synced
    }

    enum Outcome {
        case done([Output])
        case failed(ServerError)
    }

    struct Answer {
        var finished: [(unit: Int, outcome: Outcome)] = []
        var steps: [Step] = []
    }

    /// Units between two Syncs.
    private struct Group {
        let units: [Int]
        /// Whether a failure within it sends each of its units off alone.
        let isSecondTry: Bool
        var steps: [Step] = []
        var cursor = 0
        var failure: (unit: Int?, error: ServerError)?
    }

    private let shapes: [Shape]
    private var outputs: [[Output]]
    private var conflicts: [Int]
    /// Sent, in the order of their answers.
    private var flying: [Group] = []
    /// To be sent when all that flies has been answered.
    private var waiting: [Group] = []

    init(_ shapes: [Shape]) {
        self.shapes = shapes
        outputs = Array(repeating: [], count: shapes.count)
        conflicts = Array(repeating: 0, count: shapes.count)
    }

    /// Whether every unit has its outcome.
    var isFinished: Bool { flying.isEmpty && waiting.isEmpty }

    /// The first round's steps.
    mutating func start() -> [Step] {
        waiting = firstGroups().map { Group(units: $0, isSecondTry: false) }
        return launch()
    }

    /// A setting that a prelude made lasts to the end of its transaction. So units without a prelude come first, and
    /// units whose preludes are of different statements, one of which might leave standing what the other set, do not
    /// share one.
    private func firstGroups() -> [[Int]] {
        var groups: [[Int]] = []
        var statements: [Int] = []
        let plain = shapes.indices.filter { shapes[$0].prelude == nil }
        for unit in shapes.indices {
            guard let statement = shapes[unit].prelude?.statement.index else { continue }
            if let group = statements.firstIndex(of: statement) {
                groups[group].append(unit)
            } else {
                statements.append(statement)
                groups.append(groups.isEmpty ? plain + [unit] : [unit])
            }
        }
        return groups.isEmpty ? [plain] : groups
    }

    private mutating func launch() -> [Step] {
        flying = waiting
        waiting = []
        for index in flying.indices { flying[index].steps = steps(of: flying[index].units) }
        return flying.count == 1 ? flying[0].steps : flying.flatMap(\.steps)
    }

    private func steps(of units: [Int]) -> [Step] {
        var steps: [Step] = []
        steps.reserveCapacity(units.count * 2 + 1)
        var current: Query?
        for unit in units {
            if let prelude = shapes[unit].prelude, prelude != current {
                steps.append(.prelude(unit: unit))
                current = prelude
            }
            for index in 0..<shapes[unit].queryCount { steps.append(.query(unit: unit, index: index)) }
        }
        steps.append(.sync)
        return steps
    }

    /// Takes the next answer of the server; nil if it makes no sense, and the connection must be given up.
    mutating func receive(_ reply: Reply) -> Answer? {
        guard !flying.isEmpty, flying[0].cursor < flying[0].steps.count else { return nil }
        let step = flying[0].steps[flying[0].cursor]
        switch (reply, step) {
        case (.synced, .sync): return finishGroup()
        case (.failed(let error), .sync):
            // The commit failed (a deferred constraint): the Sync's own answer still follows.
            if flying[0].failure == nil { flying[0].failure = (nil, error) }
            return Answer()
        case (.synced, _), (_, .sync): return nil
        case (.rows(let output), .query(let unit, _)): outputs[unit].append(output)
        case (.failed(let error), .prelude(let unit)), (.failed(let error), .query(let unit, _)):
            if flying[0].failure == nil { flying[0].failure = (unit, error) }
        case (.rows, .prelude), (.skipped, _): break
        }
        flying[0].cursor += 1
        return Answer()
    }

    private mutating func finishGroup() -> Answer {
        var answer = Answer()
        let group = flying.removeFirst()
        if let failure = group.failure {
            for unit in group.units { outputs[unit] = [] }
            if group.units.count == 1 {
                if let error = finalError(of: group.units[0], failure.error) {
                    answer.finished.append((group.units[0], .failed(error)))
                }
            } else {
                split(group, at: failure.unit)
            }
        } else {
            for unit in group.units {
                answer.finished.append((unit, .done(outputs[unit])))
                outputs[unit] = []
            }
        }
        if flying.isEmpty, !waiting.isEmpty { answer.steps = launch() }
        return answer
    }

    /// The error to report for a unit that failed alone, or nil if it lost to another and is to be run again.
    private mutating func finalError(of unit: Int, _ error: ServerError) -> ServerError? {
        let isConflict = error.sqlState == .serializationFailure || error.sqlState == .deadlockDetected
        guard isConflict, conflicts[unit] < Limits.conflictRetries else { return error }
        conflicts[unit] += 1
        waiting.append(Group(units: [unit], isSecondTry: true))
        return nil
    }

    private mutating func split(_ group: Group, at failed: Int?) {
        guard !group.isSecondTry, let failed, let position = group.units.firstIndex(of: failed) else {
            waiting += group.units.map { Group(units: [$0], isSecondTry: true) }
            return
        }
        for part in [group.units[..<position], group.units[position...position], group.units[(position + 1)...]]
        where !part.isEmpty {
            waiting.append(Group(units: Array(part), isSecondTry: true))
        }
    }

    /// The units without an outcome when the connection is lost, in order, and whether each may have been committed.
    func unfinished() -> [(unit: Int, mayHaveRun: Bool)] {
        let flown = flying.flatMap { group in group.units.map { (unit: $0, mayHaveRun: group.failure?.unit == nil) } }
        return flown + waiting.flatMap { group in group.units.map { (unit: $0, mayHaveRun: false) } }
    }
}
