import CLibPQ
import Runtime

/// One connection in pipeline mode: sends queries and Syncs, and hands on one reply for each. Loop-bound.
@safe
final class Connection {
    typealias Reply = BatchMachine<Rows>.Reply

    private let loop: EventLoop
    private let handle: OpaquePointer
    private let watcher: SocketWatcher
    private let buffer = ParameterBuffer()
    /// Syncs whose answers are still to come: each is the last of its transaction.
    private var awaitedSyncs = 0
    /// Whether libpq refused something: the replies would not match what was asked.
    private var isBroken = false
    private var isClosed = false
    private var watchesWrites = false
    private var isReceiving = false

    /// Called with each reply, in order.
    var onReply: ((Reply) -> Void)?
    /// Called once, when the connection has ended other than by `close()`.
    var onLoss: (() -> Void)?
    var onNotification: ((_ channel: String, _ payload: [UInt8]) -> Void)?

    /// Takes a connected handle over and puts it into pipeline mode.
    init(_ loop: EventLoop, owning handle: OpaquePointer) {
        loop.assertOnLoop()
        self.loop = loop
        unsafe self.handle = unsafe handle
        unsafe _ = PQsetnonblocking(handle, 1)
        unsafe _ = PQenterPipelineMode(handle)
        // Notices would go to standard error.
        unsafe _ = PQsetNoticeReceiver(handle, { _, _ in }, nil)
        watcher = unsafe SocketWatcher(loop, socket: PQsocket(handle))
        watcher.watch(.readable) { [weak self] in self?.socketIsReady($0) }
    }

    deinit { precondition(isClosed, "a connection must be closed") }

    func close() {
        loop.assertOnLoop()
        if isClosed { return }
        isClosed = true
        onReply = nil
        onLoss = nil
        onNotification = nil
        watcher.close()
        unsafe PQfinish(handle)
    }

    private func lose() {
        let report = onLoss
        close()
        report?()
    }

    // MARK: Sending. Failures are reported by `onLoss`, from `flush()` at the latest.

    func prepare(_ statement: Statement) {
        if isClosed { return }
        if unsafe PQsendPrepare(handle, statement.name, statement.text, 0, nil) == 0 { isBroken = true }
    }

    func send(_ query: Query) {
        if isClosed { return }
        let sent = unsafe buffer.withArguments(query.parameters) { arguments in
            unsafe PQsendQueryPrepared(
                handle, query.statement.name, arguments.count, arguments.values, arguments.lengths, arguments.formats, 1
            )
        }
        if sent == 0 { isBroken = true }
    }

    /// Sends a statement that has not been prepared.
    func send(sql: String, _ parameters: [Parameter]) {
        if isClosed { return }
        let sent = unsafe buffer.withArguments(parameters) { arguments in
            unsafe PQsendQueryParams(
                handle, sql, arguments.count, arguments.types, arguments.values, arguments.lengths, arguments.formats, 1
            )
        }
        if sent == 0 { isBroken = true }
    }

    func sync() {
        if isClosed { return }
        awaitedSyncs += 1
        if unsafe PQpipelineSync(handle) == 0 { isBroken = true }
    }

    /// Sends what is gathered, and goes on when the socket takes more.
    func flush() {
        if isClosed { return }
        let left = unsafe PQflush(handle)
        if left < 0 || isBroken { return lose() }
        if watchesWrites == (left > 0) { return }
        watchesWrites = left > 0
        watcher.watch(watchesWrites ? [.readable, .writable] : .readable) { [weak self] in self?.socketIsReady($0) }
    }

    // MARK: Receiving

    private func socketIsReady(_ readiness: SocketWatcher.Readiness) {
        if readiness.contains(.writable) { flush() }
        if isClosed || !(readiness.contains(.readable) || readiness.contains(.failed)) { return }
        var isAlive = unsafe PQconsumeInput(handle) != 0
        if readiness.contains(.failed) {
            // A failed socket is not watched any more, and its error may stand behind a server's last words.
            for _ in 0..<Limits.lastReads where isAlive { isAlive = unsafe PQconsumeInput(handle) != 0 }
            isAlive = false
        }
        receive()
        if isClosed { return }
        readNotifications()
        if !isAlive || isBroken { lose() }
    }

    /// Hands on every reply that has arrived whole.
    private func receive() {
        // A reply may make its taker send more and flush.
        if isReceiving { return }
        isReceiving = true
        defer { isReceiving = false }
        var emptyHands = 0
        while !isClosed, awaitedSyncs > 0, unsafe PQisBusy(handle) == 0 {
            // A null pointer parts the answers of two queries; two in a row mean that nothing is left.
            guard let result = unsafe PQgetResult(handle) else {
                emptyHands += 1
                if emptyHands > 1 { break }
                continue
            }
            emptyHands = 0
            guard let reply = unsafe reply(to: result) else { return lose() }
            if case .synced = reply { awaitedSyncs -= 1 }
            onReply?(reply)
        }
    }

    private func reply(to result: OpaquePointer) -> Reply? {
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return unsafe .rows(Rows(owning: result))
        case PGRES_PIPELINE_SYNC:
            unsafe PQclear(result)
            return .synced
        case PGRES_PIPELINE_ABORTED:
            unsafe PQclear(result)
            return .skipped
        default:
            defer { unsafe PQclear(result) }
            return unsafe ResultError.read(result).map { .failed($0) }
        }
    }

    private func readNotifications() {
        while !isClosed, let note = unsafe PQnotifies(handle) {
            let channel = unsafe String(cString: note.pointee.relname)
            let payload = unsafe Array(String(cString: note.pointee.extra).utf8)
            unsafe PQfreemem(note)
            onNotification?(channel, payload)
        }
    }
}
