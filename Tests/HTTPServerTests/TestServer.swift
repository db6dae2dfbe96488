import Runtime
import TLS
import Testing

@testable import HTTPServer

/// A server on a loop of its own, for the length of one test.
final class TestServer: Sendable {
    let loop: EventLoop
    let server: HTTPServer
    let port: UInt16

    private init(_ loop: EventLoop, _ server: HTTPServer, _ port: UInt16) {
        self.loop = loop
        self.server = server
        self.port = port
    }

    static let requestId = "req_test"

    static func run(
        over wire: Wire = .plain, _ configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        handler: @escaping @Sendable (Request) async -> Response = TestServer.answer,
        _ body: (TestServer) async throws -> Void
    ) async throws {
        var configuration = HTTPServerConfiguration(
            requestId: { Array(requestId.utf8) },
            errorBody: { status, id in
                (
                    "application/problem+json",
                    Array(#"{"status":\#(status),"id":"\#(String(decoding: id, as: UTF8.self))"}"#.utf8)
                )
            },
            unixTime: { 784_111_777 })
        // However slow the machine, no connection ends by a time that its test does not set.
        configuration.lingerTimeout = .seconds(600)
        configuration.handshakeDeadline = .seconds(600)
        configuration.headDeadline = .seconds(600)
        configuration.idleTimeout = .seconds(600)
        configuration.transferGrace = .seconds(600)
        if wire == .tls { configuration.tls = CurrentTLS(try TLSFixture.context(TLSFixture.first.get())) }
        configure(&configuration)
        let loop = EventLoop()
        loop.start()
        let server = HTTPServer(loop: loop, configuration: configuration, handler: handler)
        let port = await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: try? server.listen(address: "127.0.0.1", port: 0)) }
        }
        try await body(TestServer(loop, server, port ?? 0))
        await loop.spawn { await server.drain(within: .milliseconds(10)) }.value
        await Task.detached { loop.stop() }.value
    }

    /// A client that has connected, and agreed on TLS where the server speaks it.
    func connect(_ options: TLSEndpoint.Options = .init(), receiveBuffer: Int32? = nil) throws -> TestClient {
        let client = try #require(TestClient(port, receiveBuffer: receiveBuffer))
        if server.configuration.tls != nil { try #require(client.secure(options)) }
        return client
    }

    /// Until no connection is left.
    func becomesEmpty() async {
        while await onLoop({ $0.statistics.openConnections }) > 0 { await Task.yield() }
    }

    /// Where the only connection stands; nil if there is none.
    func phase() async -> Connection.Phase? { await onLoop { $0.connections.first?.phase } }

    /// Runs `body` on the server's loop.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (HTTPServer) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            loop.execute { [server] in continuation.resume(returning: body(server)) }
        }
    }

    /// Answers the path, and on `/echo` the body; `/ignore` leaves its body alone.
    @Sendable static func answer(_ request: Request) async -> Response {
        if request.head.path.elementsEqual("/ignore".utf8) { return Response(status: 200) }
        guard request.head.path.elementsEqual("/echo".utf8) else {
            return Response(status: 200, contentType: "text/plain", body: Array(request.head.path))
        }
        do throws(BodyError) {
            return Response(status: 200, body: try await request.body.collect(upTo: 1 << 20))
        } catch {
            return Response(status: error == .tooLarge ? 413 : 500)
        }
    }
}

/// Lets one side of a test wait for the other. Any number may wait; once open it stays open.
final class Gate: Sendable {
    private let lock = Lock()
    private let state = State()

    private final class State: @unchecked Sendable {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    func open() {
        let waiting = lock.withLock {
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func passed() async {
        await withCheckedContinuation { continuation in
            let isOpen = lock.withLock {
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
