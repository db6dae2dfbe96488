package import Runtime
import TLS

/// An HTTP/1.1 server on one loop. Loop-bound.
///
/// Each request is one task on the loop. A connection is answered in order, one request at a time; what its client
/// sends ahead waits, at first here and then in the kernel.
package final class HTTPServer: @unchecked Sendable {
    package typealias Handler = @Sendable (Request) async -> Response

    /// What the server has seen since it was made.
    package struct Statistics: Sendable {
        package var openConnections = 0
        package var acceptedConnections: UInt64 = 0
        package var requests: UInt64 = 0
        /// TLS handshakes that were completed, and those that failed other than by silence.
        package var handshakes: UInt64 = 0
        package var failedHandshakes: UInt64 = 0
        /// Answers the server gave by itself, by status.
        package var rejections: [Int: UInt64] = [:]
    }

    let loop: EventLoop
    let configuration: HTTPServerConfiguration
    let timing: Timing
    let handler: Handler
    package internal(set) var statistics = Statistics()
    private(set) var isDraining = false
    var writer = ResponseWriter()
    /// A buffer for answers that connections pass around, so that idle ones hold none.
    var spareBuffer: [UInt8] = []

    /// See `Turns.swift`.
    var pace: AcceptPace
    var resting = RestQueue<Connection>()
    var restTimer: LoopTimer?
    /// Whether newcomers have their turn at the end of the loop's.
    var turnsAreDue = false
    /// Requests that may still be begun before the next tick, though their connections rest.
    var urgentLeft = Limits.restedAtOnce
    var welcome = WelcomePeers()
    /// Handshakes under way, but for those of slow peers.
    var handshaking = 0
    private let tlsBuffers: TLSBuffers?
    private(set) var listeners: [TCPListener] = []
    private(set) var connections: [Connection] = []
    private var connectionsByPeer: [Peer: Int] = [:]
    /// Where the next look for an idle connection begins.
    private var lookedAt = 0
    private var sweeper: LoopTimer?
    /// Those who were told that there is no room for them.
    private(set) var partings: [Parting] = []
    private var whenEmpty: Waiter?

    /// New connections whose first request, or TLS handshake, waits for its turn.
    package var waitingConnections: Int { resting.newcomers }

    package init(loop: EventLoop, configuration: HTTPServerConfiguration, handler: @escaping Handler) {
        self.loop = loop
        self.configuration = configuration
        self.handler = handler
        timing = Timing(configuration)
        tlsBuffers = configuration.tls.map { _ in TLSBuffers() }
        let weight = configuration.tls == nil ? Limits.newcomerWeight : Limits.handshakeWeight
        pace = AcceptPace(
            perTurn: Limits.acceptsPerTurn / weight,
            waitingLimit: Limits.waiting(configuration.connectionLimit, weight: weight))
    }

    /// Serves on a literal IP address and returns the port, which the kernel chooses for port 0. May be called again
    /// for further addresses.
    @discardableResult
    package func listen(address: String, port: UInt16) throws(TCPError) -> UInt16 {
        loop.assertOnLoop()
        precondition(!isDraining, "the server has ended")
        let listener = try TCPListener(
            loop, address: address, port: port, sharesPort: configuration.sharesPort,
            mayAccept: { [weak self] in self?.mayAccept() ?? true }
        ) { [weak self] stream in
            if let self { self.accept(stream) } else { stream.close() }
        }
        listeners.append(listener)
        return listener.port
    }

    /// Stops accepting, lets what is being answered finish, with `Connection: close`, and cuts what is left after
    /// `deadline`. The server is of no use afterwards.
    package func drain(within deadline: Duration) async {
        loop.assertOnLoop()
        isDraining = true
        for listener in listeners { listener.close() }
        listeners = []
        for connection in connections { connection.drain() }
        if !connections.isEmpty { await emptied(within: deadline) }
        for connection in connections { connection.close() }
        for parting in partings { parting.close() }
        sweeper?.close()
        sweeper = nil
    }

    // MARK: Connections

    private func accept(_ stream: TCPStream) {
        statistics.acceptedConnections += 1
        let peer = Peer(stream.peer)
        if connectionsByPeer[peer, default: 0] >= configuration.connectionLimitPerPeer || !makeRoom() {
            refuse(stream)
            return
        }
        let connection = Connection(transport(stream), of: self, index: connections.count, isReserve: isCrowded)
        connections.append(connection)
        connectionsByPeer[peer, default: 0] += 1
        statistics.openConnections = connections.count
        connection.start()
        if sweeper == nil { startSweeping() }
    }

    private func transport(_ stream: TCPStream) -> Transport {
        guard let tls = configuration.tls, let tlsBuffers else { return Transport(tcp: stream, secure: nil) }
        return Transport(tcp: stream, secure: SecureStream(stream, tls.context, tlsBuffers))
    }

    /// Whether only reserved connections remain.
    var isCrowded: Bool { connections.count >= configuration.connectionLimit - configuration.reservedConnections }

    /// Whether there is room for one more connection, after closing an idle one if need be.
    private func makeRoom() -> Bool {
        if isCrowded { closeIdle() }
        return connections.count < configuration.connectionLimit
    }

    /// Closes the longest idle of some. To look at all of them for each that comes would make a flood of connections
    /// cost most when there are most.
    private func closeIdle() {
        var idle: Connection?
        for _ in 0..<min(connections.count, Limits.connectionsLookedAt) {
            lookedAt %= connections.count
            let connection = connections[lookedAt]
            if connection.isIdle, connection.deadline < idle?.deadline ?? .max { idle = connection }
            lookedAt += 1
        }
        idle?.close()
    }

    private func refuse(_ stream: TCPStream) {
        // Words in the clear are none to a client of TLS, and a handshake is what there is no room for.
        if configuration.tls != nil { return stream.close() }
        let requestId = configuration.requestId()
        var out: [UInt8] = []
        write(.overloaded, requestId: requestId, isHead: false, to: &out)
        stream.write(out.span)
        if partings.count == Limits.partings { partings[0].close() }
        partings.append(Parting(stream, until: loop.turnMilliseconds + timing.lingerTimeout, server: self))
        if sweeper == nil { startSweeping() }
    }

    func remove(_ parting: Parting) {
        partings.removeAll { $0 === parting }
        endSweeping()
    }

    func remove(_ connection: Connection) {
        let last = connections.removeLast()
        if last !== connection {
            last.index = connection.index
            connections[connection.index] = last
        }
        let peer = Peer(connection.stream.peer)
        connectionsByPeer[peer, default: 1] -= 1
        if connectionsByPeer[peer] == 0 { connectionsByPeer[peer] = nil }
        statistics.openConnections = connections.count
        if !connections.isEmpty { return }
        endSweeping()
        whenEmpty?.resume()
    }

    // MARK: Answers

    /// Appends the server's own answer to `out`.
    func write(_ rejection: Rejection, requestId: [UInt8], isHead: Bool, to out: inout [UInt8]) {
        let status = rejection.rawValue
        statistics.rejections[status, default: 0] += 1
        let (contentType, body) = configuration.errorBody(status, requestId)
        var response = Response(status: status, body: body)
        response.headers.add("Content-Type", contentType.utf8)
        if rejection == .overloaded { response.headers.add("Retry-After", "1") }
        write(response, requestId: requestId, isHead: isHead, closes: true, to: &out)
    }

    func write(_ response: Response, requestId: [UInt8], isHead: Bool, closes: Bool, to out: inout [UInt8]) {
        let context = ResponseWriter.Context(
            requestId: requestId, isHead: isHead, closes: closes, now: configuration.unixTime())
        writer.write(response, context, to: &out)
    }

    // MARK: Time

    private func startSweeping() {
        let timer = LoopTimer(loop)
        sweeper = timer
        let interval = Duration.milliseconds(timing.sweepInterval)
        timer.schedule(after: interval, every: interval) { [weak self] in
            guard let self else { return }
            let now = loop.turnMilliseconds
            // A copy: a connection whose time is up takes itself out of the list.
            for connection in connections { connection.checkDeadlines(now) }
            for parting in partings where parting.deadline <= now { parting.close() }
        }
    }

    private func endSweeping() {
        guard connections.isEmpty, partings.isEmpty else { return }
        sweeper?.close()
        sweeper = nil
    }

    private func emptied(within deadline: Duration) async {
        let timer = LoopTimer(loop)
        await withCheckedContinuation { continuation in
            let waiter = Waiter(continuation)
            whenEmpty = waiter
            timer.schedule(after: deadline) { waiter.resume() }
        }
        timer.close()
    }

    /// A continuation that the first of two events resumes. Loop-bound.
    private final class Waiter {
        private var continuation: CheckedContinuation<Void, Never>?
        init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = continuation }

        func resume() {
            continuation?.resume()
            continuation = nil
        }
    }
}
