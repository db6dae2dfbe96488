import Runtime

/// One lane of a database on one loop: a queue of units and the connections that fly them in batches. Loop-bound.
///
/// While a connection flies a batch, what arrives gathers in the queue and is its next batch: under load the batches
/// grow by themselves, and many requests share one commit.
final class LaneRunner {
    let loop: EventLoop
    let lane: Lane
    let keywords: ConnectionKeywords
    let statements: [Statement]
    private let statementsByIndex: [Int: Statement]
    let settings: [(name: String, value: String)]
    let channels: [String]
    let random: RandomSource
    var setUpTimeout: Duration { configuration.setUpTimeout }
    var preparesAtOnce: Bool { configuration.preparation == .atOnce }
    private let configuration: DatabaseConfiguration

    var onNotification: ((_ channel: String, _ payload: [UInt8]) -> Void)?
    var onBatch: ((BatchSample) -> Void)?
    /// Called with why a connection could not be made again, and with nil when one was.
    var onReconnect: ((PostgresError?) -> Void)?
    private(set) var counters = LaneCounters()
    private var slots: [Slot] = []
    private var queue = PendingQueue()
    private var dispatchIsDue = false
    private var isClosing = false
    private var whenDrained: (() -> Void)?
    private var timer: LoopTimer?
    /// When the timer fires, in monotonic nanoseconds.
    private var timerDue = UInt64.max
    /// Since when no connection is there, and why.
    private var downSince: UInt64?
    private var downReason: PostgresError?
    /// When the server last answered a batch or took a connection, in monotonic nanoseconds.
    private(set) var heard: UInt64 = 0

    init(_ loop: EventLoop, _ lane: Lane, _ configuration: DatabaseConfiguration, _ statements: [Statement])
        throws(PostgresError)
    {
        self.loop = loop
        self.lane = lane
        self.configuration = configuration
        self.statements = statements
        statementsByIndex = Dictionary(uniqueKeysWithValues: statements.map { ($0.index, $0) })
        keywords = try ConnectionKeywords(
            configuration.connectionString, applicationName: configuration.applicationName)
        settings = configuration.sessionSettings(lane)
        channels = lane == .read ? configuration.channels : []
        random = configuration.random
        let count =
            switch lane {
            case .read: configuration.readConnections
            case .write: configuration.writeConnections
            case .serial, .single: 1
            case .inbound: Limits.inboundConnections
            }
        slots = (0..<max(1, count)).map { Slot(self, listens: $0 == 0 && !channels.isEmpty) }
    }

    func statement(_ index: Int) -> Statement? { statementsByIndex[index] }

    /// Whether a connection is there.
    var isConnected: Bool { slots.contains { $0.state == .idle || $0.state == .flying } }

    /// Why it has none, if it has tried since.
    var outage: PostgresError? { isConnected ? nil : downReason }

    /// When the oldest batch that is in flight was sent, in monotonic nanoseconds.
    var oldestFlight: UInt64? { slots.compactMap(\.sent).min() }

    /// Whether all of them are.
    var isWhole: Bool { slots.allSatisfy { $0.state == .idle || $0.state == .flying } }

    var snapshot: LaneCounters {
        var now = counters
        now.waiting = queue.count
        now.inFlight = slots.reduce(0) { $0 + $1.unitsInFlight }
        now.connected = slots.reduce(0) { $0 + ($1.state == .idle || $1.state == .flying ? 1 : 0) }
        now.flying = slots.reduce(0) { $0 + ($1.state == .flying ? 1 : 0) }
        return now
    }

    // MARK: Life

    /// Connects all slots; `done` learns the first failure, after which the lane is closed.
    func start(_ done: @escaping (PostgresError?) -> Void) {
        timer = LoopTimer(loop)
        var left = slots.count
        var failure: PostgresError?
        for slot in slots {
            slot.connect { error in
                left -= 1
                failure = failure ?? error
                if left == 0 { done(failure) }
            }
        }
    }

    /// Takes no more units; `done` is called when those it has are answered.
    func drain(_ done: @escaping () -> Void) {
        isClosing = true
        whenDrained = done
        checkDrained()
    }

    private func checkDrained() {
        guard isClosing, queue.isEmpty, !slots.contains(where: { $0.state == .flying }) else { return }
        let done = whenDrained
        whenDrained = nil
        done?()
    }

    func close() {
        isClosing = true
        for slot in slots { slot.close() }
        slots = []
        timer?.close()
        timer = nil
        while let pending = queue.popFirst() { finish(pending, .failure(.unavailable(.closed))) }
        onNotification = nil
        onBatch = nil
        onReconnect = nil
    }

    // MARK: Units

    func submit(_ unit: Unit, _ answer: @escaping (Result<[Rows], PostgresError>) -> Void) {
        loop.assertOnLoop()
        let now = EventLoop.monotonicNanoseconds
        if let refusal = refusal(now) {
            counters.refusedUnits += 1
            return answer(.failure(refusal))
        }
        let deadline = now + nanoseconds(configuration.queueDeadline)
        queue.append(Pending(unit: unit, submitted: now, deadline: deadline, answer: answer))
        dispatchAtTurnEnd()
    }

    private func refusal(_ now: UInt64) -> PostgresError? {
        if isClosing { return .unavailable(.closed) }
        if let downSince, let downReason, now - downSince > nanoseconds(configuration.failFastAfter) {
            return downReason
        }
        return queue.count >= configuration.queueLimit ? .unavailable(.queueFull) : nil
    }

    func finish(_ pending: Pending, _ result: Result<[Rows], PostgresError>) {
        if case .failure = result { counters.failedUnits += 1 }
        pending.answer(result)
    }

    /// Takes back units that were in flight and have no outcome.
    func retry(_ pendings: [Pending]) {
        if pendings.isEmpty { return }
        queue.putBack(
            pendings.map { pending in
                var again = pending
                again.losses += 1
                return again
            })
        dispatchAtTurnEnd()
    }

    private func dispatchAtTurnEnd() {
        if dispatchIsDue { return }
        dispatchIsDue = true
        loop.atTurnEnd { [self] in
            dispatchIsDue = false
            dispatch()
        }
    }

    private func dispatch() {
        for slot in slots where slot.state == .idle && !queue.isEmpty {
            let units = lane == .single ? 1 : configuration.unitsPerBatch
            let batch = queue.takeBatch(units: units, bytes: Limits.bytesPerBatch)
            let now = EventLoop.monotonicNanoseconds
            counters.batches += 1
            counters.units += UInt64(batch.count)
            slot.fly(batch, now: now)
            setTimer(now + nanoseconds(configuration.stallTimeout))
        }
        if let first = queue.first { setTimer(first.deadline) }
    }

    // MARK: What slots report

    func landed(units: Int, wasSplit: Bool, sent: UInt64, queued: UInt64) {
        heard = EventLoop.monotonicNanoseconds
        let roundTrip = heard - sent
        counters.roundTripNanoseconds += roundTrip
        if wasSplit { counters.splitBatches += 1 }
        onBatch?(
            BatchSample(lane: lane, units: units, roundTripNanoseconds: roundTrip, queuedNanoseconds: queued))
        if lane == .read, queue.count >= Limits.unitsNotGathered {
            // The server is not to wait until all answers that just arrived have been worked on.
            dispatch()
        } else if !queue.isEmpty {
            // Those whose answers just arrived may ask for more in this turn: that is the next batch.
            dispatchAtTurnEnd()
        }
        checkDrained()
    }

    func slotConnected() {
        counters.connects += 1
        heard = EventLoop.monotonicNanoseconds
        downSince = nil
        downReason = nil
        onReconnect?(nil)
        dispatchAtTurnEnd()
    }

    func slotLost() {
        counters.lostConnections += 1
        if !isConnected && downSince == nil { downSince = EventLoop.monotonicNanoseconds }
        checkDrained()
    }

    func connectFailed(_ error: PostgresError) {
        counters.failedConnects += 1
        if !isConnected { downReason = error }
        onReconnect?(error)
    }

    // MARK: Time

    private func setTimer(_ due: UInt64) {
        guard due < timerDue else { return }
        timerDue = due
        let now = EventLoop.monotonicNanoseconds
        timer?.schedule(after: .nanoseconds(Int64(due > now ? due - now : 0))) { [self] in timeHasCome() }
    }

    private func timeHasCome() {
        timerDue = .max
        let now = EventLoop.monotonicNanoseconds
        while let first = queue.first, first.deadline <= now {
            _ = queue.popFirst()
            counters.expiredUnits += 1
            finish(first, .failure(.unavailable(.deadline)))
        }
        let stall = nanoseconds(configuration.stallTimeout)
        for slot in slots {
            guard let sent = slot.sent else { continue }
            if sent + stall <= now { slot.abandon() } else { setTimer(sent + stall) }
        }
        if let first = queue.first { setTimer(first.deadline) }
        checkDrained()
    }
}

func nanoseconds(_ duration: Duration) -> UInt64 {
    let (seconds, attoseconds) = duration.components
    return seconds < 0 ? 0 : UInt64(seconds) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
}
