/// What one connection has prepared and is preparing. A value: the shell does the I/O.
///
/// Each statement is followed by a Sync of its own, so that one the server refuses keeps no other from being prepared;
/// what uses it then fails alone, and the next use tries again.
struct Preparations {
    private enum Reply {
        case verdict
        case sync
    }

    /// By the statement's index.
    private var isPrepared: [Bool] = []
    /// Sent, in the order of their answers.
    private var awaited: [Statement] = []
    private var cursor = 0
    private var next = Reply.verdict
    private var refusals: [(statement: Int, error: ServerError)] = []

    /// Whether the next reply is to something that was prepared.
    var isAwaiting: Bool { cursor < awaited.count }

    /// The statements of a batch that are yet to be prepared, each once: to be sent before the batch, each with a Sync.
    /// Forgets what was refused before.
    mutating func begin(_ units: some Sequence<Unit>, known: (Int) -> Statement?) -> [Statement] {
        awaited.removeAll(keepingCapacity: true)
        cursor = 0
        refusals.removeAll(keepingCapacity: true)
        for unit in units {
            if let prelude = unit.prelude { need(prelude.statement, known) }
            for query in unit.queries { need(query.statement, known) }
        }
        return awaited
    }

    private mutating func need(_ statement: Statement, _ known: (Int) -> Statement?) {
        let index = statement.index
        if index < isPrepared.count, isPrepared[index] { return }
        // What is not known is not prepared, and the server says so.
        guard let known = known(index), !awaited.contains(where: { $0.index == index }) else { return }
        awaited.append(known)
    }

    /// All that a connection prepared as it was set up.
    mutating func note(_ statements: [Statement]) {
        for statement in statements { succeeded(statement.index) }
    }

    private mutating func succeeded(_ index: Int) {
        while isPrepared.count <= index { isPrepared.append(false) }
        isPrepared[index] = true
    }

    /// Takes the server's next reply; false if it makes no sense, and the connection must be given up.
    mutating func receive<Output>(_ reply: BatchMachine<Output>.Reply) -> Bool {
        guard isAwaiting else { return false }
        let index = awaited[cursor].index
        switch (reply, next) {
        case (.rows, .verdict): succeeded(index)
        case (.failed(let error), .verdict): refusals.append((index, error))
        case (.synced, .sync):
            cursor += 1
            next = .verdict
            return true
        case (.skipped, _), (.synced, .verdict), (.rows, .sync), (.failed, .sync): return false
        }
        next = .sync
        return true
    }

    /// Why the server refused a statement of the unit in this batch, if it did.
    func refusal(of unit: Unit) -> ServerError? {
        refusals.first { refusal in
            unit.prelude?.statement.index == refusal.statement
                || unit.queries.contains { $0.statement.index == refusal.statement }
        }?.error
    }
}
