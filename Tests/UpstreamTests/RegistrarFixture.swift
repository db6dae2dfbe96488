import Domain
import HTTPClient
import HTTPServer
import Postgres
import Runtime
import Sandbox
import Store
import Synchronization
import TestSupport
import Upstream

/// A store, the stand-in for Mesh as its upstream, and workers between them; all on one loop and one database.
struct RegistrarFixture: Sendable {
    let base: StoreFixture
    let client: HTTPClient
    let upstreams: UpstreamDirectory
    let upstream: UpstreamID
    let port: UInt16
    let owner: BlockingConnection

    var store: Store { base.store }
    var clock: MovableClock { base.clock }

    static func with(_ body: @escaping @Sendable (RegistrarFixture) async throws -> Void) async throws {
        // A registration is due by PostgreSQL's clock.
        try await StoreFixture.with(clock: MovableClock(runs: true)) { base in
            let client = HTTPClient(loop: base.loop, configuration: HTTPClientConfiguration())
            let database = Database(
                loop: base.loop,
                configuration: .patient(try base.testDatabase.connectionString(role: "subgate_sandbox")),
                statements: Sandbox.statements)
            try await database.start()
            let clientID = UUIDValue(high: 0x1111_2222_3333_4444, low: 0x8555_6666_7777_8888)
            let sandbox = Sandbox(
                loop: base.loop, database: database, httpClient: client,
                configuration: SandboxConfiguration(
                    publicBaseURL: "http://127.0.0.1:8083",
                    clients: [
                        SandboxClient(
                            clientId: clientID, clientSecret: Secret(Seed.bytes("secret")),
                            adminClientSecret: Secret(Seed.bytes("admin")), webhook: nil)
                    ]), clock: base.clock.clock, log: .silent)
            let server = HTTPServer(
                loop: base.loop,
                configuration: HTTPServerConfiguration(
                    requestId: { Seed.bytes("req_test") }, errorBody: Sandbox.errorBody,
                    unixTime: { base.clock.clock.now().seconds }), handler: sandbox.handler)
            let port = try server.listen(address: "127.0.0.1", port: 0)
            let url = Seed.bytes("http://127.0.0.1:\(port)")
            let upstream = try await base.store.createUpstream(
                .system,
                NewUpstream(
                    name: Seed.bytes("mesh"), environment: .sandbox, baseURL: url, adminBaseURL: url,
                    clientID: clientID, clientSecret: Secret(Seed.bytes("secret")),
                    adminClientSecret: Secret(Seed.bytes("admin")), webhookSecrets: [Secret(Seed.bytes("hook"))]))
            let upstreams = UpstreamDirectory(store: base.store, policy: .allowPrivate, log: .silent)
            let fixture = RegistrarFixture(
                base: base, client: client, upstreams: upstreams, upstream: upstream.id, port: port,
                owner: try base.testDatabase.owner())
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            await server.drain(within: .zero)
            client.close()
            await database.close()
            try result.get()
        }
    }

    // MARK: Workers

    /// A worker as a node has it. `dying` plays a crash at that step, once.
    func registrar(
        on store: Store? = nil, dying step: RegistrationStep? = nil, timeouts: AccountTimeouts = .standard
    ) -> Registrar {
        let isAlive = Flag()
        return Registrar(
            loop: base.loop, store: store ?? base.store,
            client: AccountClient(
                loop: base.loop, client: client, policy: .allowPrivate, clock: clock.clock, random: .system,
                timeouts: timeouts), upstreams: upstreams, random: .seeded(24), log: .silent,
            metrics: RegistrarMetrics(Metrics()), interrupts: { reached in reached == step && isAlive.lower() })
    }

    /// A flag that is up until it is lowered.
    private final class Flag: Sendable {
        private let isUp = Atomic<Bool>(true)
        func lower() -> Bool { isUp.exchange(false, ordering: .relaxed) }
    }

    /// Lets workers work, minute after minute, until nothing is due for an hour.
    func settle(_ registrars: Registrar...) async throws {
        for _ in 0..<30 {
            for registrar in registrars { while await registrar.runOnce() > 0 {} }
            let due = try count(
                "subgate.registration where due_at < now() + interval '2 days'"
            )
            if due == 0 { return }
            clock.advance(by: .seconds(61))
        }
    }

    /// The next account calls meet these, each once.
    func fail(_ faults: [String]) async throws {
        let list = faults.map { #"{"uses":1,"call":{\#($0)}}"# }.joined(separator: ",")
        let answer = try await client.send(
            OutgoingRequest(
                method: .put,
                url: try TargetURL(
                    Seed.bytes("http://127.0.0.1:\(port)/sandbox/v1/faults"), options: .development),
                headers: [("Content-Type", Seed.bytes("application/json"))],
                body: Seed.bytes(#"{"rules":[\#(list)]}"#), policy: .allowPrivate, partition: 5))
        guard answer.status == 200 else { throw Unexpected("faults were answered \(answer.status)") }
    }

    func fail(_ fault: String) async throws { try await fail([fault]) }

    struct Unexpected: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    // MARK: What there is

    func subClient(_ name: String = "Shop") async throws -> SubClientID {
        try await store.createSubClient(
            .system,
            NewSubClient(
                legalName: Seed.bytes("\(name) GmbH"), displayName: Seed.bytes(name), country: Seed.bytes("DE"))
        ).id
    }

    func registration(_ id: SubClientID) async throws -> Registration {
        let all = try await store.registrations(.system, of: id)
        guard all.count == 1 else { throw Unexpected("\(all.count) registrations") }
        return try all.at(0)
    }

    /// The stand-in's sub-clients: id, both names, origins, catalogue and logo, in the order of creation.
    func entries() throws -> [Entry] {
        let rows = try owner.query(
            """
            select id, business_legal_name, display_name, callback_urls, catalog_configuration::text, logo
            from sandbox.sub_client order by number
            """)
        return rows.indices.map { row in
            let id = rows.uuid(row, 0)
            return Entry(
                id: UUIDValue(high: id.high, low: id.low), legalName: rows.string(row, 1),
                displayName: rows.string(row, 2),
                origins: rows.isNull(row, 3) ? [] : rows.stringArray(row, 3).compactMap { $0 },
                catalog: rows.stringOrNil(row, 4), logo: rows.bytesOrNil(row, 5))
        }
    }

    struct Entry: Equatable {
        let id: UUIDValue
        let legalName: String
        let displayName: String
        let origins: [String]
        let catalog: String?
        let logo: [UInt8]?
    }

    func count(_ from: String) throws -> Int64 { try owner.query("select count(*) from \(from)").int64(0, 0) }

    /// A logo of one pixel's worth of bytes: the stand-in looks at how it begins.
    static let logo: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]

    func giveLogo(_ id: SubClientID, _ bytes: [UInt8] = RegistrarFixture.logo) throws {
        _ = try owner.query(
            """
            insert into subgate.logo (sub_client_id, digest, media_type, width, height, bytes, created_at, updated_at)
            values ($1, sha256($2), 'image/png', 1, 1, $2, now(), now())
            on conflict (sub_client_id) do update set digest = excluded.digest, bytes = excluded.bytes
            """, parameters: [.uuid(high: id.uuid.high, low: id.uuid.low), .bytes(bytes)])
    }

    func giveOrigins(_ id: SubClientID, _ origins: [String]) throws {
        _ = try owner.query(
            """
            insert into subgate.branding (sub_client_id, display_name, allowed_origins, created_at, updated_at)
            values ($1, 'Branded', $2, now(), now())
            """, parameters: [.uuid(high: id.uuid.high, low: id.uuid.low), .stringArray(origins)])
    }
}
