import Crypto
import Domain
import HTTPClient
import HTTPServer
import JSON
import Postgres
import Runtime
import Synchronization
import TestSupport

@testable import Sandbox

/// A stand-in with a listener, a receiver and a database of one test's own, all on one loop.
struct Harness: Sendable {
    static let clientId = UUIDValue(high: 0x1111_2222_3333_4444, low: 0x8555_6666_7777_8888)
    static let clientSecret = "sk_sand_test"
    static let adminClientSecret = "am_test"
    static let webhookSecret = "whsec of the sandbox: ünïcode"

    let loop: EventLoop
    let sandbox: Sandbox
    let client: HTTPClient
    let database: Database
    let receiver: Receiver
    let clock: ShiftedClock
    let port: UInt16
    let owner: BlockingConnection
    private let receiverPort: UInt16
    let configuration: SandboxConfiguration

    /// Runs `body` on a loop of its own; `sends` says whether webhooks are posted meanwhile.
    static func run(
        sends: Bool = false, hasWebhook: Bool = true, _ body: @escaping @Sendable (Harness) async throws -> Void
    ) async throws {
        await FixtureGate.shared.enter()
        defer { FixtureGate.shared.leave() }
        let databaseOfTest = try await onOwnThread { try TestDatabase.make() }
        let loop = EventLoop()
        loop.start()
        let result = await Task(executorPreference: loop) {
            try await run(on: loop, databaseOfTest, sends: sends, hasWebhook: hasWebhook, body)
        }.result
        try await onOwnThread {
            loop.stop()
            try databaseOfTest.drop()
        }
        try result.get()
    }

    private static func run(
        on loop: EventLoop, _ databaseOfTest: TestDatabase, sends: Bool, hasWebhook: Bool,
        _ body: @Sendable (Harness) async throws -> Void
    ) async throws {
        let database = Database(
            loop: loop,
            configuration: .patient(try databaseOfTest.connectionString(role: "subgate_sandbox")),
            statements: Sandbox.statements)
        try await database.start()
        let client = HTTPClient(loop: loop, configuration: HTTPClientConfiguration())
        let receiver = Receiver(loop)
        let receiving = HTTPServer(loop: loop, configuration: .test) { await receiver.answer($0) }
        let receiverPort = try receiving.listen(address: "127.0.0.1", port: 0)
        let webhook = SandboxWebhook(
            url: try TargetURL("http://127.0.0.1:\(receiverPort)/inbound".utf8, options: .development),
            secret: Secret(Array(webhookSecret.utf8)))
        let account = SandboxClient(
            clientId: clientId, clientSecret: Secret(Array(clientSecret.utf8)),
            adminClientSecret: Secret(Array(adminClientSecret.utf8)), webhook: hasWebhook ? webhook : nil)
        let configuration = SandboxConfiguration(publicBaseURL: "http://127.0.0.1:8083/", clients: [account])
        let clock = ShiftedClock()
        let sandbox = Sandbox(
            loop: loop, database: database, httpClient: client, configuration: configuration, clock: clock.clock,
            log: .silent)
        let serving = HTTPServer(loop: loop, configuration: .test, handler: sandbox.handler)
        let harness = Harness(
            loop: loop, sandbox: sandbox, client: client, database: database, receiver: receiver, clock: clock,
            port: try serving.listen(address: "127.0.0.1", port: 0), owner: try databaseOfTest.owner(),
            receiverPort: receiverPort, configuration: configuration)
        let running = sends ? loop.spawn { await sandbox.run() } : nil
        let result: Result<Void, any Error>
        do { result = .success(try await body(harness)) } catch { result = .failure(error) }
        await sandbox.stop()
        await running?.value
        await serving.drain(within: .zero)
        await receiving.drain(within: .zero)
        client.close()
        await database.close()
        try result.get()
    }

    /// Another stand-in on the same database, as after a restart: posts until `body` has ended.
    func withRestartedSender(_ body: () async throws -> Void) async throws {
        let sandbox = Sandbox(
            loop: loop, database: database, httpClient: client, configuration: configuration, clock: clock.clock,
            log: .silent)
        let running = loop.spawn { await sandbox.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await sandbox.stop()
        await running.value
        try result.get()
    }

    // MARK: Calls

    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSONValue? { (try? JSONDocument.parse(body))?.root }
    }

    func call(
        _ method: OutgoingRequest.Method, _ path: String, _ body: String = "",
        headers: [String: String] = ["Content-Type": "application/json"]
    ) async throws -> Answer { try await call(method, path, bytes: Array(body.utf8), headers: headers) }

    func call(
        _ method: OutgoingRequest.Method, _ path: String, bytes body: [UInt8], headers: [String: String]
    ) async throws -> Answer {
        let request = OutgoingRequest(
            method: method, url: try TargetURL("http://127.0.0.1:\(port)\(path)".utf8, options: .development),
            headers: headers.map { (name: $0.key, value: Array($0.value.utf8)) }, body: body,
            responseLimit: 1 << 20, policy: .allowPrivate, partition: 99)
        let response = try await client.send(request)
        var fields: [String: String] = [:]
        for field in response.headers {
            fields[String(decoding: field.name, as: UTF8.self)] = String(decoding: field.value, as: UTF8.self)
        }
        return Answer(status: response.status, headers: fields, body: response.body)
    }

    static let keyHeaders = [
        "Content-Type": "application/json", "X-Client-Id": clientId.description, "X-Client-Secret": clientSecret,
    ]

    func mint(_ body: String, path: String = "/api/v1/linktoken", headers: [String: String] = keyHeaders) async throws
        -> Answer
    { try await call(.post, path, body, headers: headers) }

    /// The text of a new token for a transfer of 25.5 USDC, or of another amount.
    func mintToken(
        userId: String = "user-7", transactionId: String = "order-1", amount: String = "25.5"
    ) async throws -> String {
        let answer = try await mint(
            """
            {"userId":"\(userId)","transferOptions":{"transactionId":"\(transactionId)","toAddresses":[{"networkId":\
            "e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC","address":"0x0Ff0","amount":\(amount)}]}}
            """)
        return answer.json?["content"]?["linkToken"]?.text ?? ""
    }

    func complete(_ token: String, _ members: String = #""outcome":"succeeded""#) async throws -> Answer {
        try await call(.post, "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)",\#(members)}"#)
    }

    /// Posts that are still owed.
    func owed() throws -> Int64 { try owner.query("select count(*) from sandbox.webhook").int64(0, 0) }
}

/// Wall time that a test moves.
final class ShiftedClock: Sendable {
    private let shift = Atomic<Int64>(0)

    func advance(by duration: Duration) { shift.add(duration.microseconds, ordering: .relaxed) }

    var clock: Clock {
        Clock(
            now: { Clock.system.now() + .microseconds(self.shift.load(ordering: .relaxed)) },
            monotonic: { Clock.system.monotonic() })
    }
}

/// A webhook address that keeps what it got and answers what the test says. Loop-bound.
final class Receiver: Sendable {
    struct Post: Sendable {
        let body: [UInt8]
        let signature: [UInt8]
        let contentType: [UInt8]

        func text(_ name: String) -> String? { (try? JSONDocument.parse(body))?.root[name]?.text }
    }

    private struct State {
        /// Statuses for the next posts; 200 when there are no more.
        var answers: [Int] = []
    }

    private let state: LoopState<State>
    private let stream: AsyncStream<Post>
    private let arrived: AsyncStream<Post>.Continuation

    init(_ loop: EventLoop) {
        state = LoopState(loop, State())
        (stream, arrived) = AsyncStream.makeStream()
    }

    func answerNext(_ statuses: Int...) { state.withValue { $0.answers += statuses } }

    func answer(_ request: Request) async -> Response {
        let body = (try? await request.body.collect(upTo: 1 << 20)) ?? []
        let status = state.withValue { $0.answers.isEmpty ? 200 : $0.answers.removeFirst() }
        arrived.yield(
            Post(
                body: body, signature: Array(request.head.headers["x-mesh-signature-256"] ?? []),
                contentType: Array(request.head.headers["content-type"] ?? [])))
        return Response(status: status)
    }

    /// Waits for as many posts.
    func take(_ count: Int) async -> [Post] {
        var posts: [Post] = []
        for await post in stream {
            posts.append(post)
            if posts.count == count { break }
        }
        return posts
    }
}

extension HTTPServerConfiguration {
    static let test = HTTPServerConfiguration(
        requestId: { Array("req_test".utf8) }, errorBody: Sandbox.errorBody,
        unixTime: { Clock.system.now().seconds })
}
