import Runtime

/// One place for a connection in a lane: connects, flies one batch at a time, and connects again. Loop-bound.
final class Slot {
    enum State {
        case disconnected
        case connecting
        case idle
        case flying
        case closed
    }

    /// One batch on its way.
    private struct Flight {
        var machine: BatchMachine<Rows>
        var pendings: [Pending?]
        let sent: UInt64
        let queued: UInt64
        var wasSplit = false
    }

    private let lane: LaneRunner
    private let listens: Bool
    private(set) var state = State.disconnected
    private var connection: Connection?
    private var preparations = Preparations()
    private var flight: Flight?
    private var shouldRenew = false
    private var failures = 0
    private var timer: LoopTimer?

    init(_ lane: LaneRunner, listens: Bool) {
        self.lane = lane
        self.listens = listens
    }

    /// Monotonic nanoseconds at which the batch in flight was sent.
    var sent: UInt64? { flight?.sent }
    var unitsInFlight: Int { flight?.pendings.reduce(0) { $0 + ($1 == nil ? 0 : 1) } ?? 0 }

    // MARK: Connecting

    /// Connects once; `done` learns how it went.
    func connect(_ done: @escaping (PostgresError?) -> Void) {
        guard state == .disconnected else { return }
        state = .connecting
        let loop = lane.loop
        // Both are touched on the loop only.
        let finish = LoopBound { [self] (handover: Connector.Handover) in connected(handover, done) }
        Connector.connect(lane.keywords) { handover in loop.execute { finish.body(handover) } }
    }

    private func connected(_ handover: Connector.Handover, _ done: @escaping (PostgresError?) -> Void) {
        if state == .closed { return done(.unavailable(.closed)) }
        do throws(PostgresError) {
            let connection = unsafe Connection(lane.loop, owning: try handover.take())
            self.connection = connection
            setUp(connection, done)
        } catch {
            lost()
            done(error)
        }
    }

    private func setUp(_ connection: Connection, _ done: @escaping (PostgresError?) -> Void) {
        var failure: ServerError?
        connection.onLoss = { [self] in
            lost()
            done(.connectionLost(.beforeSend))
        }
        connection.onReply = { [self] reply in
            switch reply {
            case .rows, .skipped: break
            case .failed(let error): failure = failure ?? error
            case .synced:
                if let failure {
                    connection.close()
                    lost()
                    return done(.server(failure))
                }
                ready(connection)
                done(nil)
            }
        }
        for setting in lane.settings {
            connection.send(sql: SessionSQL.set, [.string(setting.name), .string(setting.value)])
        }
        preparations = Preparations()
        if lane.preparesAtOnce {
            for statement in lane.statements { connection.prepare(statement) }
            preparations.note(lane.statements)
        }
        if listens { for channel in lane.channels { connection.send(sql: SessionSQL.listen(channel), []) } }
        connection.sync()
        connection.flush()
        limitSetUp(of: connection, done)
    }

    /// A server that takes a connection and then hangs must not keep us from another that works.
    private func limitSetUp(of connection: Connection, _ done: @escaping (PostgresError?) -> Void) {
        guard state == .connecting, self.connection === connection else { return }
        timerOfThis().schedule(after: lane.setUpTimeout) { [self] in
            guard state == .connecting, self.connection === connection else { return }
            connection.close()
            lost()
            done(.unavailable(.cannotConnect("the server took the connection and did not answer")))
        }
    }

    private func timerOfThis() -> LoopTimer {
        let timer = timer ?? LoopTimer(lane.loop)
        self.timer = timer
        return timer
    }

    private func ready(_ connection: Connection) {
        failures = 0
        shouldRenew = false
        state = .idle
        timer?.cancel()
        connection.onLoss = { [self] in connectionDied() }
        connection.onReply = { [self] reply in received(reply) }
        connection.onNotification = lane.onNotification
        lane.slotConnected()
    }

    private func lost() {
        connection = nil
        if state != .closed { state = .disconnected }
    }

    /// Connects after a pause that grows with each failure, until it succeeds.
    func reconnect() {
        guard state == .disconnected else { return }
        timerOfThis().schedule(after: Backoff.pause(afterFailures: failures, random: lane.random.next())) { [self] in
            connect { [self] failure in
                guard let failure, state != .closed else { return }
                failures += 1
                lane.connectFailed(failure)
                reconnect()
            }
        }
    }

    // MARK: Flying

    func fly(_ batch: [Pending], now: UInt64) {
        guard let connection, state == .idle else { preconditionFailure("the slot is not idle") }
        state = .flying
        let shapes = batch.map { BatchMachine<Rows>.Shape(prelude: $0.unit.prelude, queryCount: $0.unit.queries.count) }
        let oldest = batch.reduce(now) { min($0, $1.submitted) }
        flight = Flight(machine: BatchMachine(shapes), pendings: batch, sent: now, queued: now - oldest)
        for statement in preparations.begin(batch.lazy.map(\.unit), known: lane.statement) {
            connection.prepare(statement)
            connection.sync()
        }
        send(flight!.machine.start(), on: connection)
    }

    private func send(_ steps: [BatchMachine<Rows>.Step], on connection: Connection) {
        if steps.isEmpty { return }
        for step in steps {
            switch step {
            case .prelude(let unit): connection.send(flight!.pendings[unit]!.unit.prelude!)
            case .query(let unit, let index): connection.send(flight!.pendings[unit]!.unit.queries[index])
            case .sync: connection.sync()
            }
        }
        connection.flush()
    }

    private func received(_ reply: Connection.Reply) {
        if preparations.isAwaiting {
            if !preparations.receive(reply) { abandon() }
            return
        }
        guard let connection, let answer = flight?.machine.receive(reply) else { return abandon() }
        for (unit, outcome) in answer.finished { finish(unit, outcome) }
        if !answer.steps.isEmpty {
            flight?.wasSplit = true
            return send(answer.steps, on: connection)
        }
        if flight!.machine.isFinished { land(connection) }
    }

    private func finish(_ unit: Int, _ outcome: BatchMachine<Rows>.Outcome) {
        guard let pending = flight?.pendings[unit] else { return }
        flight?.pendings[unit] = nil
        switch outcome {
        case .done(let rows): lane.finish(pending, .success(rows))
        case .failed(let failure):
            let isMissing = failure.sqlState == .invalidStatementName
            let error = isMissing ? preparations.refusal(of: pending.unit) ?? failure : failure
            // A migration changed what a prepared statement gives: a new connection prepares it anew.
            let isStale = error.sqlState == .featureNotSupported || error.sqlState == .invalidStatementName
            // The server became one that follows another: a new connection finds that other.
            if error.sqlState == .readOnlyTransaction, lane.lane != .read { shouldRenew = true }
            if isStale, pending.losses < Limits.lossRetries {
                shouldRenew = true
                lane.retry([pending])
            } else {
                lane.finish(pending, .failure(.server(error)))
            }
        }
    }

    private func land(_ connection: Connection) {
        guard let flight else { return }
        self.flight = nil
        state = .idle
        if shouldRenew {
            connection.close()
            lost()
        }
        lane.landed(
            units: flight.pendings.count, wasSplit: flight.wasSplit, sent: flight.sent, queued: flight.queued)
        if shouldRenew {
            lane.slotLost()
            reconnect()
        }
    }

    // MARK: Ending

    private func connectionDied() {
        if state == .closed { return }
        let flight = flight
        self.flight = nil
        lost()
        var again: [Pending] = []
        for (unit, mayHaveRun) in flight?.machine.unfinished() ?? [] {
            guard let pending = flight?.pendings[unit] else { continue }
            if mayHaveRun && (lane.lane != .read || pending.losses >= Limits.lossRetries) {
                lane.finish(pending, .failure(.connectionLost(.outcomeUnknown)))
            } else {
                again.append(pending)
            }
        }
        lane.retry(again)
        lane.slotLost()
        reconnect()
    }

    /// Gives a connection up whose batch does not end.
    func abandon() {
        connection?.close()
        connectionDied()
    }

    /// Closes for good; units in flight learn that nobody knows their outcome.
    func close() {
        state = .closed
        connection?.close()
        connection = nil
        let flight = flight
        self.flight = nil
        for (unit, mayHaveRun) in flight?.machine.unfinished() ?? [] {
            guard let pending = flight?.pendings[unit] else { continue }
            lane.finish(
                pending, .failure(mayHaveRun ? .connectionLost(.outcomeUnknown) : .unavailable(.closed)))
        }
        timer?.close()
        timer = nil
    }
}

/// A closure of a loop on its way through another thread, which does not call it.
private struct LoopBound<Value>: @unchecked Sendable {
    let body: (Value) -> Void
    init(_ body: @escaping (Value) -> Void) { self.body = body }
}
