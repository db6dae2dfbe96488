import HTTPClient
import Runtime

/// Runs `body` on a loop with a client that is closed afterwards.
func withClient<Value: Sendable>(
    _ configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
    _ body: @escaping @Sendable (HTTPClient) async throws -> Value
) async throws -> Value {
    try await withLoop { loop in
        let client = HTTPClient(loop: loop, configuration: configuration)
        defer { client.close() }
        return try await body(client)
    }
}

/// As the other, for bodies that start tasks of their own: a plain `Task` would not run on the loop.
func withClient<Value: Sendable>(
    _ configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
    _ body: @escaping @Sendable (HTTPClient, EventLoop) async throws -> Value
) async throws -> Value {
    try await withLoop { loop in
        let client = HTTPClient(loop: loop, configuration: configuration)
        defer { client.close() }
        return try await body(client, loop)
    }
}

/// Runs `body` on a loop that ends afterwards.
func withLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value {
    let loop = EventLoop()
    loop.start()
    let result = await Task(executorPreference: loop) { try await body(loop) }.result
    await Task.detached { loop.stop() }.value
    return try result.get()
}

/// The error of a request that must fail.
func failure(_ body: () async throws(ClientError) -> IncomingResponse) async -> ClientError? {
    do throws(ClientError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension OutgoingRequest {
    /// A request as tests want it: to a loopback port, private addresses allowed, deadlines met on any machine.
    static func test(
        _ method: Method = .post, port: UInt16, path: String = "/", host: String = "127.0.0.1", scheme: String = "http",
        body: String = "", partition: UInt64 = 1, total: Duration = .seconds(50)
    ) throws -> OutgoingRequest {
        OutgoingRequest(
            method: method, url: try TargetURL("\(scheme)://\(host):\(port)\(path)".utf8, options: .development),
            body: Array(body.utf8), connectTimeout: .seconds(50), totalTimeout: total, policy: .allowPrivate,
            partition: partition)
    }
}
