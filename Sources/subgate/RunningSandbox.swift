import Domain
import HTTPClient
import HTTPServer
import Postgres
import Runtime
import Sandbox
import SQL

/// The sandbox with its database, its client and its listener, on one loop.
struct RunningSandbox: Sendable {
    let port: UInt16
    private let sandbox: Sandbox
    private let server: HTTPServer
    private let client: HTTPClient
    private let database: Database
    private let work: Task<Void, Never>

    /// Run it on the loop.
    static func start(
        _ configuration: SandboxConfiguration, databaseURL: String, listen: ListenAddress, loop: EventLoop, log: Log
    ) async throws -> RunningSandbox {
        var databaseConfiguration = DatabaseConfiguration(connectionString: databaseURL)
        databaseConfiguration.applicationName = "subgate sandbox"
        let database = Database(loop: loop, configuration: databaseConfiguration, statements: Sandbox.statements)
        try await database.start()
        let client = HTTPClient(loop: loop, configuration: HTTPClientConfiguration())
        let sandbox = Sandbox(
            loop: loop, database: database, httpClient: client, configuration: configuration, log: log)
        let identifiers = IdentifierSourceForRequests()
        let server = HTTPServer(
            loop: loop,
            configuration: HTTPServerConfiguration(
                requestId: { identifiers.next() },
                errorBody: { Sandbox.errorBody(status: $0, requestId: $1) },
                unixTime: { Clock.system.now().seconds }),
            handler: sandbox.handler)
        let port = try server.listen(address: listen.host, port: listen.port)
        let work = loop.spawn { await sandbox.run() }
        return RunningSandbox(
            port: port, sandbox: sandbox, server: server, client: client, database: database, work: work)
    }

    func stop() async {
        await server.drain(within: .seconds(2))
        await sandbox.stop()
        await work.value
        client.close()
        await database.close()
    }
}

/// Request ids where there is no store to make them.
struct IdentifierSourceForRequests: Sendable {
    func next() -> [UInt8] {
        UUIDValue(version4: (RandomSource.system.next(), RandomSource.system.next())).text
    }
}
