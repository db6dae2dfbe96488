import CCurl
import Glibc
import Runtime

/// One curl multi handle on the loop: its sockets, its timer, its transfers and its connections. Loop-bound.
@safe
final class Multi: @unchecked Sendable {
    private let loop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private let configuration: HTTPClientConfiguration
    private let constants = ConstantHeaders()
    private var sockets: [Int32: ConnectionSocket] = [:]
    /// The sockets of connections that have been idle.
    private var socketsByPath: [SocketPath: Int32] = [:]
    private var timer: MultiTimer?
    private var routes = RouteTable()
    private var idle: [Transfer] = []
    private var active: [ObjectIdentifier: Transfer] = [:]

    /// Idle handles kept for the next requests; each holds some KiB.
    private static let keptHandles = 256

    init(_ loop: EventLoop, configuration: HTTPClientConfiguration, maximumIdleConnections: Int) {
        _ = Multi.globalSetup
        guard let multi = unsafe curl_multi_init() else { preconditionFailure("out of memory") }
        self.loop = loop
        unsafe self.multi = unsafe multi
        self.configuration = configuration
        unsafe ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maximumIdleConnections)
        unsafe ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_multi_set_socket_function(multi, socketWanted, me)
        unsafe ccurl_multi_set_timer_function(multi, timerMoved, me)
        timer = MultiTimer(loop) { [unowned self] in act(on: CURL_SOCKET_TIMEOUT, 0) }
    }

    private static let globalSetup: Void = {
        let code = curl_global_init(Int(CURL_GLOBAL_ALL))
        precondition(code == CURLE_OK, "curl_global_init failed")
        // With CURLOPT_NOSIGNAL curl leaves this to the process.
        _ = signal(SIGPIPE, SIG_IGN)
    }()

    // MARK: Transfers

    /// Starts a request; `completion` is called once, never before this returns.
    func start(
        _ request: OutgoingRequest, pinned: [IPAddress], milliseconds: (connect: Int, total: Int),
        completion: @escaping Transfer.Completion
    ) -> Transfer? {
        loop.assertOnLoop()
        guard let transfer = idle.popLast() ?? Transfer(multi: self, loop: loop, configuration: configuration)
        else { return nil }
        let route = Route(request)
        transfer.begin(request, route: route, pinned: pinned, completion: completion)
        transfer.prepare(
            request, pinned: pinned, changes: routes.begin(route, pinned), milliseconds: milliseconds,
            constants: constants)
        active[ObjectIdentifier(transfer)] = transfer
        transfer.setDeadlines(milliseconds: milliseconds) { [unowned self, unowned transfer] in
            finish(transfer, transfer.outcome(CURLE_OPERATION_TIMEDOUT))
        }
        add(transfer)
        return transfer
    }

    private func add(_ transfer: Transfer) {
        let code = unsafe curl_multi_add_handle(multi, transfer.easy)
        precondition(code == CURLM_OK, "curl_multi_add_handle failed")
    }

    /// Another connection, since the one chosen was spoiled or dead: curl has closed it.
    private func startAgain(_ transfer: Transfer) {
        unsafe curl_multi_remove_handle(multi, transfer.easy)
        transfer.beginAgain()
        if let route = transfer.route { routes.doubt(route) }
        add(transfer)
    }

    /// curl carries out a transfer that wrote the addresses of its route.
    func hasTaken(_ addresses: [IPAddress], of route: Route) { routes.confirm(route, addresses) }

    /// Ends a transfer before its time and closes its connection. Nothing happens if it has ended.
    func cancel(_ transfer: Transfer, generation: Int, _ reason: (ClientError.Progress) -> ClientError) {
        loop.assertOnLoop()
        guard transfer.generation == generation, active[ObjectIdentifier(transfer)] != nil else { return }
        finish(transfer, .failure(reason(transfer.progress)))
    }

    func cancelAll(_ reason: (ClientError.Progress) -> ClientError) {
        for transfer in Array(active.values) { finish(transfer, .failure(reason(transfer.progress))) }
    }

    private func finish(_ transfer: Transfer, _ outcome: Transfer.Outcome) {
        let exchange = Exchange(
            outcome, timings: transfer.timings(of: outcome), peer: transfer.peer, sends: transfer.starts)
        active[ObjectIdentifier(transfer)] = nil
        unsafe curl_multi_remove_handle(multi, transfer.easy)
        if let route = transfer.route { routes.end(route) }
        let completion = transfer.completion
        transfer.end()
        if idle.count < Multi.keptHandles {
            idle.append(transfer)
        } else {
            transfer.destroy()
        }
        completion?(exchange)
    }

    // MARK: Sockets and time

    fileprivate func act(on socket: Int32, _ events: Int32) {
        var running: Int32 = 0
        unsafe curl_multi_socket_action(multi, socket, events, &running)
        var code = CURLE_OK
        while let easy = unsafe ccurl_multi_next_finished(multi, &code) {
            guard let transfer = unsafe Transfer.of(handle: easy) else { continue }
            if transfer.foundSpoiledConnection || transfer.mayRepeat(after: code) {
                startAgain(transfer)
            } else {
                finish(transfer, transfer.outcome(code))
            }
        }
    }

    fileprivate func watch(_ socket: Int32, _ what: Int32, for easy: UnsafeMutableRawPointer?) {
        if what != CURL_POLL_REMOVE {
            let known = sockets[socket] ?? begin(socket)
            known.want(what)
            return
        }
        guard let known = sockets[socket] else { return }
        let isConnection = unsafe Transfer.of(handle: easy)?.unprovenSockets.contains(socket) == false
        if isConnection, known.becomeIdle() {
            if let path = known.path { socketsByPath[path] = socket }
            return
        }
        forget(socket)
    }

    /// A connection that has been idle.
    func kept(_ path: SocketPath) -> ConnectionSocket? { socketsByPath[path].flatMap { sockets[$0] } }

    private func begin(_ socket: Int32) -> ConnectionSocket {
        let new = ConnectionSocket(loop, socket) { [unowned self] events in act(on: socket, events) }
        sockets[socket] = new
        return new
    }

    private func forget(_ socket: Int32) {
        guard let known = sockets.removeValue(forKey: socket) else { return }
        if let path = known.path, socketsByPath[path] == socket { socketsByPath[path] = nil }
        known.close()
    }

    /// A socket still watched under this number is one that curl closed a moment ago, while it went on to the next
    /// address: it takes the new one for the old, and does not ask for it to be watched.
    func hasOpened(_ socket: Int32) {
        guard let stale = sockets[socket] else { return }
        forget(socket)
        if let wanted = stale.wanted { begin(socket).want(wanted) }
    }

    fileprivate func setTimer(milliseconds: Int) { timer?.set(milliseconds: milliseconds) }

    /// Called by curl when a connection ends.
    func close(_ socket: Int32) {
        forget(socket)
        Socket.close(socket)
    }

    /// Ends all connections. No transfer may be active.
    func shutDown() {
        loop.assertOnLoop()
        precondition(active.isEmpty, "transfers must have ended")
        for transfer in idle { transfer.destroy() }
        idle = []
        unsafe curl_multi_cleanup(multi)
        for socket in sockets.values { socket.close() }
        sockets = [:]
        timer?.close()
        timer = nil
    }
}

private let socketWanted:
    @convention(c) (
        UnsafeMutableRawPointer?, curl_socket_t, Int32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int32 = { easy, socket, what, context, _ in
        unsafe Unmanaged<Multi>.fromOpaque(context!).takeUnretainedValue().watch(socket, what, for: easy)
        return 0
    }

private let timerMoved: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Int32 = {
    _, milliseconds, context in
    unsafe Unmanaged<Multi>.fromOpaque(context!).takeUnretainedValue().setTimer(milliseconds: milliseconds)
    return 0
}
