import CCurl
import Runtime

/// One request on its way, or an idle easy handle that waits for the next. Loop-bound; the callbacks of its handle come
/// here.
@safe
final class Transfer: @unchecked Sendable {
    typealias Outcome = Result<IncomingResponse, ClientError>
    typealias Completion = (Exchange) -> Void

    let easy: UnsafeMutableRawPointer
    /// The multi handle it is used with; it outlives its transfers.
    unowned let multi: Multi
    var arena = WireArena()
    private let timer: LoopTimer
    var completion: Completion?
    /// Counts the requests this handle has carried, so that a late cancellation does not hit the next one.
    private(set) var generation = 0
    private(set) var route: Route?

    private(set) var head = ResponseHead()
    private(set) var body: [UInt8] = []
    private(set) var bodyWasCut = false
    private(set) var headWasRefused = false
    private(set) var refusal: AddressRefusal?
    /// How many times curl was about to send the request.
    private(set) var starts = 0
    private(set) var peer = ""
    /// Whether curl wanted to send the request once more than allowed, because a reused connection was dead.
    private(set) var refusedResend = false

    /// Whether the connection that curl chose must not carry this request: it had something to read before anything
    /// was asked on it, or it is one more kept connection after a dead one.
    private(set) var foundSpoiledConnection = false
    /// Sockets opened since the last request was about to go out: none of them is known to be a connection yet. curl
    /// closes such a socket itself, without telling, where it has us close a connection's.
    private(set) var unprovenSockets: [Int32] = []

    private(set) var insistsOnNewConnection = false
    /// Whether curl is told the addresses of the route, and has not been seen to have heard it.
    var writesAddresses = false

    private var connectionGuard: ConnectionGuard?
    private var responseLimit = 0
    private var allowedStarts = 1

    init(easy: UnsafeMutableRawPointer, multi: Multi, loop: EventLoop) {
        unsafe self.easy = unsafe easy
        self.multi = multi
        timer = LoopTimer(loop)
    }

    func begin(_ request: OutgoingRequest, route: Route, pinned: [IPAddress], completion: @escaping Completion) {
        generation += 1
        self.completion = completion
        self.route = route
        head = ResponseHead()
        body = []
        bodyWasCut = false
        headWasRefused = false
        refusal = nil
        starts = 0
        peer = ""
        refusedResend = false
        unprovenSockets = []
        foundSpoiledConnection = false
        connectionGuard = ConnectionGuard(policy: request.policy, port: request.url.port, pinned: pinned)
        responseLimit = request.responseLimit
        allowedStarts = request.resendsOnStaleConnection ? 2 : 1
    }

    /// The same request again: nothing of it was sent on the connection that `foundSpoiledConnection`, or not all of it
    /// on a dead one.
    func beginAgain() {
        if starts > 0 { setNewConnection(true) }
        foundSpoiledConnection = false
        refusal = nil
        unprovenSockets = []
    }

    func setNewConnection(_ isWanted: Bool) {
        insistsOnNewConnection = isWanted
        unsafe ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, isWanted ? 1 : 0)
    }

    /// Lets go of what the request held.
    func end() {
        timer.cancel()
        completion = nil
        connectionGuard = nil
        body = []
    }

    /// Gives the handle back. It must not be in a multi handle.
    func destroy() {
        timer.close()
        unsafe curl_easy_cleanup(easy)
    }

    // MARK: Deadlines

    /// Calls `expired` when no connection is there in time, or no answer.
    ///
    /// curl keeps such deadlines too. But when another of its timers for the same transfer fires, it forgets those due
    /// within the same millisecond (`add_next_timeout`), and a peer that then stays silent would never time out.
    func setDeadlines(milliseconds: (connect: Int, total: Int), expired: @escaping () -> Void) {
        let rest = milliseconds.total - milliseconds.connect
        timer.schedule(after: .milliseconds(milliseconds.connect)) { [unowned self] in
            if starts == 0 || rest <= 0 { return expired() }
            timer.schedule(after: .milliseconds(rest), expired)
        }
    }

    // MARK: What curl asks and tells

    @unsafe func mayOpenSocket(to address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
        // curl repeats a request on a new connection when a reused one was dead: the caller decides about that, not
        // curl.
        if isResendTooMany() { return false }
        guard let connectionGuard else { return false }
        confirmAddresses()
        refusal = unsafe connectionGuard.objection(to: address)
        return refusal == nil
    }

    private func confirmAddresses() {
        guard writesAddresses, let route, let connectionGuard else { return }
        writesAddresses = false
        multi.hasTaken(connectionGuard.pinned, of: route)
    }

    func hasOpened(_ socket: Int32) {
        unprovenSockets.append(socket)
        multi.hasOpened(socket)
    }

    /// A connection is there, new or reused, and nothing of the request has been sent on it.
    @unsafe func maySend(to peerText: UnsafePointer<CChar>, over path: SocketPath?) -> Bool {
        if isResendTooMany() { return false }
        guard let connectionGuard, let peerAddress = unsafe IPAddress(cText: peerText) else {
            refusal = AddressRefusal(address: nil, rule: .notPinned)
            return false
        }
        confirmAddresses()
        if let objection = connectionGuard.objection(toPeer: peerAddress) {
            refusal = objection
            return false
        }
        // A kept connection that has something to read before anything was asked is no good; and after one that was
        // dead the next may be as dead: the one repetition there is goes out on a new connection.
        if unprovenSockets.isEmpty, let kept = path.flatMap({ multi.kept($0) }) {
            if starts > 0 || Socket.hasUnread(kept.socket) {
                foundSpoiledConnection = true
                return false
            }
            if allowedStarts > 1 { kept.asker = self }
        }
        starts += 1
        unprovenSockets = []
        peer = unsafe String(cString: peerText)
        return true
    }

    /// A byte of the answer has come: whatever happens now, the request is not sent again.
    func answerBegins() { allowedStarts = 1 }

    /// Whether the request may go out, or once more.
    var mayStartAgain: Bool { starts < allowedStarts }

    private func isResendTooMany() -> Bool {
        if mayStartAgain { return false }
        refusedResend = true
        return true
    }

    /// - Returns: how many bytes were taken; fewer than given ends the transfer.
    func receiveHeader(_ line: UnsafeBufferPointer<UInt8>) -> Int {
        if case .accepted = unsafe head.take(line) { return line.count }
        headWasRefused = true
        return 0
    }

    func receiveBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let room = responseLimit - body.count
        if bytes.count <= room {
            unsafe body.append(contentsOf: bytes)
            return bytes.count
        }
        unsafe body.append(contentsOf: bytes[..<room])
        bodyWasCut = true
        return 0
    }
}
