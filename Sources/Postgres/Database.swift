package import Runtime

/// PostgreSQL as seen from one loop. Loop-bound.
///
/// Units that requests submit in the same turn, or while a batch is in flight, are sent together with one Sync: one
/// round trip and one commit for all of them. A unit that fails fails alone.
package final class Database: @unchecked Sendable {
    private enum Phase {
        case stopped
        case starting
        case running
        case closed
    }

    private let loop: EventLoop
    private let configuration: DatabaseConfiguration
    private let statements: [Statement]
    private var phase = Phase.stopped
    private var runners: [LaneRunner] = []

    /// Called on the loop with each batch that has been answered. Set it before `start()`.
    package var onBatch: ((BatchSample) -> Void)?
    /// Called on the loop with each notification of the configured channels. A hint only: those sent while no
    /// connection was there are lost. Set it before `start()`.
    package var onNotification: ((_ channel: String, _ payload: [UInt8]) -> Void)?
    /// Why a connection could not be made again; nil when all are there.
    private var shortage: PostgresError?

    /// `statements` are all that its units may use.
    package init(loop: EventLoop, configuration: DatabaseConfiguration, statements: [Statement]) {
        self.loop = loop
        self.configuration = configuration
        self.statements = statements
    }

    /// Opens every connection. If it throws, nothing is left open and it may be called again:
    /// `.unavailable(.cannotConnect)`, `.server` for what the server does not understand of settings and of statements
    /// that are prepared at once, or `.misuse`.
    package func start() async throws(PostgresError) {
        loop.assertOnLoop()
        guard phase == .stopped else { throw .misuse("a database is started once") }
        phase = .starting
        let lanes: [LaneRunner]
        do throws(PostgresError) {
            lanes = try configuration.lanes.map { lane throws(PostgresError) in
                try LaneRunner(loop, lane, configuration, statements)
            }
        } catch {
            phase = .stopped
            throw error
        }
        for lane in lanes {
            lane.onBatch = onBatch
            lane.onNotification = onNotification
            lane.onReconnect = { [unowned self] in noteReconnect($0) }
        }
        var failure: PostgresError?
        for lane in lanes where failure == nil {
            failure = await withCheckedContinuation { continuation in
                lane.start { continuation.resume(returning: $0) }
            }
        }
        if phase == .closed { failure = .unavailable(.closed) }
        if let failure {
            for lane in lanes { lane.close() }
            if phase == .starting { phase = .stopped }
            throw failure
        }
        runners = lanes
        phase = .running
    }

    private func noteReconnect(_ failure: PostgresError?) {
        if failure != nil || runners.allSatisfy(\.isWhole) { shortage = failure }
    }

    /// What there is to tell of its connections.
    package var standing: DatabaseStanding {
        if let outage { return .lost(outage) }
        return shortage.map { .short("\($0)") } ?? .whole
    }

    /// Whether every lane has a connection.
    package var isReady: Bool { !runners.isEmpty && runners.allSatisfy(\.isConnected) }

    /// Why a lane has no connection, if one has none, or for how long the server has answered nothing on any; safe to
    /// show to operators.
    package var outage: String? {
        guard isReady else {
            return runners.first { !$0.isConnected }.flatMap(\.outage).map { "\($0)" } ?? "not connected"
        }
        guard let oldest = runners.compactMap(\.oldestFlight).min() else { return nil }
        // One slow statement is no silence: others are answered meanwhile.
        let since = max(oldest, runners.map(\.heard).max() ?? 0)
        let now = EventLoop.monotonicNanoseconds
        guard now > since, now - since >= nanoseconds(configuration.silenceLimit) else { return nil }
        return "it does not answer"
    }

    /// What a lane has done and has to do.
    package func counters(_ lane: Lane) -> LaneCounters { runner(lane)?.snapshot ?? LaneCounters() }

    private func runner(_ lane: Lane) -> LaneRunner? { runners.first { $0.lane == lane } }

    /// Runs one unit and returns the rows of each of its queries once the server has committed it.
    ///
    /// Throws `.server` (nothing stored), `.unavailable` (never sent), `.connectionLost(.outcomeUnknown)` (a write that
    /// may or may not be stored), `.misuse`. Cancelling the task does not take the unit back.
    package func run(_ unit: Unit, lane: Lane) async throws(PostgresError) -> [Rows] {
        loop.assertOnLoop()
        if unit.queries.isEmpty { return [] }
        for query in unit.queries where query.parameters.count > Limits.parametersPerQuery {
            throw .misuse("too many parameters")
        }
        guard phase == .running, let runner = runner(lane) else { throw .unavailable(.closed) }
        let result = unsafe await withUnsafeContinuation { continuation in
            runner.submit(unit) { unsafe continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Runs one query as a unit of its own.
    package func run(_ query: Query, prelude: Query? = nil, lane: Lane) async throws(PostgresError) -> Rows {
        try await run(Unit(prelude: prelude, queries: [query]), lane: lane)[0]
    }

    /// Takes no more units, waits for those it has for at most `limit`, and closes the connections. What is left then
    /// fails.
    package func close(within limit: Duration = .seconds(5)) async {
        loop.assertOnLoop()
        if phase == .closed { return }
        phase = .closed
        let lanes = runners
        if lanes.isEmpty { return }
        let timer = LoopTimer(loop)
        await withCheckedContinuation { continuation in
            let end = AtMostOnce { continuation.resume() }
            var left = lanes.count
            for lane in lanes {
                lane.drain {
                    left -= 1
                    if left == 0 { end.run() }
                }
            }
            timer.schedule(after: limit) { end.run() }
        }
        timer.close()
        for lane in lanes { lane.close() }
        runners = []
    }
}

/// A body of which only the first call counts.
private final class AtMostOnce {
    private var body: (() -> Void)?
    init(_ body: @escaping () -> Void) { self.body = body }
    func run() {
        let taken = body
        body = nil
        taken?()
    }
}
