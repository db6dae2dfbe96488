import API
import Domain
import HTTPClient
import HTTPServer
import JSON
import Postgres
import Runtime
import SQL
import Store
import TestSupport
import Upstream

/// The three listeners on loopback ports over a database of one test's own, and a client to call them.
struct APIFixture: Sendable {
    let store: Store
    let clock: MovableClock
    let adminKey: [UInt8]
    let client: HTTPClient
    let upstreams: UpstreamDirectory
    let ports: [String: UInt16]
    /// What the inbound path answers; by default the store's own commit.
    let accepting: Accepting
    let bell: EventBell
    let testDatabase: TestDatabase

    /// Runs SQL as someone whom no wall stops.
    func asOwner(_ sql: String) async throws {
        let database = testDatabase
        try await onOwnThread { try database.owner().execute(sql) }
    }

    /// Lets a test make the commit fail.
    final class Accepting: Sendable {
        let failure: LoopState<StoreError?>
        let hasRoom: LoopState<Bool>
        init(_ loop: EventLoop) {
            failure = LoopState(loop, nil)
            hasRoom = LoopState(loop, true)
        }
    }

    /// See `StoreFixture.with`. `proxies` are trusted to tell where requests come from. Callers may send what they like
    /// unless `rates` are given.
    static func with(
        asOwner: Bool = false, statements: [Statement] = Statement.service, proxies: TrustedProxies = TrustedProxies(),
        rates: RateLimits = .none, requestsInFlight: Int = SheddingLimits.requestsInFlight,
        _ body: @escaping @Sendable (APIFixture) async throws -> Void
    ) async throws {
        try await StoreFixture.with(asOwner: asOwner, statements: statements) { base in
            let client = HTTPClient(loop: base.loop, configuration: HTTPClientConfiguration())
            let upstreams = UpstreamDirectory(store: base.store, policy: .allowPrivate, log: .silent)
            await upstreams.refresh()
            let accepting = Accepting(base.loop)
            let bell = EventBell()
            let context = makeContext(
                base, client, upstreams, accepting, bell, rates: rates, proxies: proxies,
                requestsInFlight: requestsInFlight)
            var ports: [String: UInt16] = [:]
            var servers: [HTTPServer] = []
            for table in RouteTable.all {
                let service = APIService(table, context)
                let server = HTTPServer(loop: base.loop, configuration: configuration(base)) {
                    await service.handle($0)
                }
                ports["\(table.listener)"] = try server.listen(address: "127.0.0.1", port: 0)
                servers.append(server)
            }
            let key = try await base.store.bootstrapOwner(name: "test").text
            let fixture = APIFixture(
                store: base.store, clock: base.clock, adminKey: key, client: client, upstreams: upstreams, ports: ports,
                accepting: accepting, bell: bell, testDatabase: base.testDatabase)
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            for server in servers { await server.drain(within: .milliseconds(200)) }
            client.close()
            try result.get()
        }
    }

    private static func makeContext(
        _ base: StoreFixture, _ client: HTTPClient, _ upstreams: UpstreamDirectory, _ accepting: Accepting,
        _ bell: EventBell, rates: RateLimits, proxies: TrustedProxies, requestsInFlight: Int
    ) -> APIContext {
        let metrics = Metrics()
        var configuration = APIConfiguration(
            publicURL: "https://pay.example.com", targetPolicy: .allowPrivate, allowsPrivateTargets: true,
            version: "1.2.3")
        configuration.trustedProxies = proxies
        configuration.requestsInFlight = requestsInFlight
        // A busy machine is late without being wrong.
        configuration.acknowledgeWithin = .seconds(10)
        return APIContext(
            configuration: configuration,
            store: base.store, clock: base.clock.clock, identifiers: base.store.identifiers, log: .silent,
            metrics: metrics, requestMetrics: RequestMetrics(metrics), upstreams: upstreams,
            mesh: MeshClient(client: client, policy: .allowPrivate),
            accounts: AccountClient(
                loop: base.loop, client: client, policy: .allowPrivate, clock: base.clock.clock, random: .system),
            accept: { event throws(StoreError) in
                if let failure = accepting.failure.withValue({ $0 }) { throw failure }
                guard let fate = try await base.store.accept([event], lease: nil).first?.fate else {
                    throw .unavailable
                }
                if let reference = event.reference { bell.ring(reference.subClient) }
                return fate
            },
            hasRoom: { accepting.hasRoom.withValue { $0 } },
            readiness: { Readiness(status: .ready) }, worker: Worker(capacity: 4), bell: bell,
            gate: RateGate(rates, metrics: RefusalMetrics(metrics)))
    }

    private static func configuration(_ base: StoreFixture) -> HTTPServerConfiguration {
        HTTPServerConfiguration(
            requestId: { Array("req_test".utf8) },
            errorBody: { status, requestID in Problem.serverError(status: status, requestID: requestID) },
            unixTime: { base.clock.clock.now().seconds })
    }

    // MARK: Calling

    struct Answer: Sendable {
        let status: Int
        /// By lower-case name.
        let headers: [String: String]
        let body: [UInt8]

        var json: JSONValue { get throws { try JSONDocument.parse(body).root } }
        var text: String { String(decoding: body, as: UTF8.self) }
        func string(_ key: String) throws -> String? { try json[key]?.text }
    }

    typealias Header = (name: String, value: [UInt8])

    func call(
        _ method: OutgoingRequest.Method, _ path: String, on listener: String, headers: [Header] = [],
        body: String? = nil, contentType: String = "application/json"
    ) async throws -> Answer {
        try await send(
            method, path, on: listener, headers: headers, bytes: body.map { Array($0.utf8) }, contentType: contentType)
    }

    /// As above, with a body of bytes.
    func send(
        _ method: OutgoingRequest.Method, _ path: String, on listener: String, headers: [Header] = [],
        bytes: [UInt8]?, contentType: String
    ) async throws -> Answer {
        let url = try TargetURL(Array("http://127.0.0.1:\(ports[listener]!)\(path)".utf8), options: .development)
        let typed = bytes == nil ? headers : headers + [("Content-Type", Array(contentType.utf8))]
        let response = try await client.send(
            // No test is about how long it takes, and beside all others it may take long.
            OutgoingRequest(
                method: method, url: url, headers: typed, body: bytes ?? [], connectTimeout: .seconds(60),
                totalTimeout: .seconds(300), responseLimit: 8 << 20, policy: .allowPrivate, partition: 1))
        let fields = response.headers.map { field in
            (String(decoding: field.name, as: UTF8.self), String(decoding: field.value, as: UTF8.self))
        }
        return Answer(
            status: response.status, headers: Dictionary(fields) { first, _ in first }, body: response.body)
    }

    func admin(
        _ method: OutgoingRequest.Method, _ path: String, headers: [Header] = [], body: String? = nil
    ) async throws -> Answer {
        try await call(method, "/admin/v1" + path, on: "admin", headers: headers + [bearer(adminKey)], body: body)
    }

    func bearer(_ key: [UInt8]) -> Header { ("Authorization", Array("Bearer ".utf8) + key) }

    /// What a sub-client needs before it may have keys for production.
    func approve(_ subClient: SubClientID) async throws {
        let new = NewComplianceRevision(rules: Array("{}".utf8), kyb: KYB(status: .approved))
        _ = try await store.reviseCompliance(PlatformScope.system.tenant(subClient), new, version: nil)
    }

    /// An active sub-client with one credential; for production, an approved business.
    func merchant(
        access: CredentialAccess = .readWrite, environment: Environment = .sandbox
    ) async throws -> Merchant {
        let seed = try await Seed.make(store, upstream: UpstreamID(UUIDValue(high: 1, low: 1)))
        if environment == .production { try await approve(seed.subClient) }
        let created = try await store.createCredential(
            .system, for: seed.subClient,
            NewCredential(environment: environment, access: access, name: Array("key".utf8)))
        return Merchant(
            subClient: seed.subClient, credential: created.credential.id, clientID: created.credential.clientID,
            secret: created.secret, fixture: self)
    }
}

/// A sub-client with one of its credentials.
struct Merchant: Sendable {
    let subClient: SubClientID
    let credential: CredentialID
    let clientID: UUIDValue
    let secret: [UInt8]
    let fixture: APIFixture

    var meshHeaders: [APIFixture.Header] { [("X-Client-Id", clientID.text), ("X-Client-Secret", secret)] }

    func call(
        _ method: OutgoingRequest.Method, _ path: String, headers: [APIFixture.Header] = [], body: String? = nil
    ) async throws -> APIFixture.Answer {
        try await fixture.call(
            method, path, on: "public", headers: headers + [fixture.bearer(secret)], body: body)
    }
}
