import Domain
import HTTPServer
import Runtime
import Store
import TestSupport
import Upstream

/// An upstream on a loopback port that answers what a test says and keeps what it was asked. Loop-bound.
final class MeshStub: Sendable {
    struct Asked: Sendable, Equatable {
        let method: String
        /// With the query.
        let path: String
        let secret: String
        let body: String
    }

    private let loop: EventLoop
    private let requests: LoopState<[Asked]>
    private let response: LoopState<Response>
    private let server: LoopState<HTTPServer?>

    init(_ loop: EventLoop) {
        self.loop = loop
        requests = LoopState(loop, [])
        response = LoopState(loop, Response(status: 500))
        server = LoopState(loop, nil)
    }

    var asked: [Asked] { requests.withValue { $0 } }

    func answer(_ status: Int, _ body: String = "", retryAfter: String? = nil) {
        var answer = Response(status: status, contentType: "application/json", body: Array(body.utf8))
        if let retryAfter { answer.headers.add("Retry-After", retryAfter.utf8) }
        response.withValue { $0 = answer }
    }

    /// 200 with `content` in Mesh's envelope.
    func answer(content: String) {
        answer(
            200, #"{"content":\#(content),"status":"ok","message":"","errorHash":"8d443794","teamCode":"P4"}"#)
    }

    func start() throws -> UInt16 {
        let server = HTTPServer(
            loop: loop,
            configuration: HTTPServerConfiguration(
                requestId: { [0x78] }, errorBody: { _, _ in ("text/plain", []) }, unixTime: { 0 })
        ) { request in
            let body = (try? await request.body.collect(upTo: 1 << 20)) ?? []
            let query = request.head.query.map { [UInt8(ascii: "?")] + $0 } ?? []
            let asked = Asked(
                method: "\(request.head.method.name)", path: MeshStub.text(Array(request.head.path) + query),
                secret: MeshStub.text(Array(request.head.headers["x-client-secret"] ?? [])), body: MeshStub.text(body))
            self.requests.withValue { $0.append(asked) }
            return self.response.withValue { $0 }
        }
        self.server.withValue { $0 = server }
        return try server.listen(address: "127.0.0.1", port: FreePorts.take(1)[0])
    }

    /// Whoever asks it from now on is refused.
    func stop() async { await server.withValue { $0 }?.drain(within: .milliseconds(100)) }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// An API whose sandbox upstream is a stub, and a merchant.
    static func with(
        _ body: @escaping @Sendable (APIFixture, MeshStub, Merchant) async throws -> Void
    ) async throws {
        try await APIFixture.with { fixture in
            let stub = MeshStub(fixture.store.loop)
            let port = try stub.start()
            _ = try await fixture.store.createUpstream(
                .system,
                NewUpstream(
                    name: Array("Mesh".utf8), environment: .sandbox, baseURL: Array("http://127.0.0.1:\(port)".utf8),
                    clientID: UUIDValue(high: 1, low: 1), clientSecret: Secret(Array("psp-secret".utf8)),
                    webhookSecrets: [Secret(Array("x".utf8))]))
            await fixture.upstreams.refresh()
            let merchant = try await fixture.merchant()
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture, stub, merchant)) } catch { result = .failure(error) }
            await stub.stop()
            try result.get()
        }
    }
}
