import Domain
import HTTPClient
import HTTPServer
import Postgres
import Runtime
import Sandbox
import SQL

/// `subgate sandbox`: the stand-in for Mesh alone, on a migrated database.
enum SandboxCommand {
    private static let options = [
        Option("database-url", "URL", "PostgreSQL, as the role subgate_sandbox of a migrated database."),
        Option("listen", "HOST:PORT", default: "127.0.0.1:8083", "Where Mesh's API is imitated."),
        Option("url", "URL", "How it is reached; link tokens begin with it."),
        Option("client-id", "UUID", "The one account's client id."),
        Option("client-secret", "TEXT", "The account's secret."),
        Option(
            "admin-client-secret", "TEXT", "The account's Account Management API key; without one that API is shut."),
        Option("webhook-url", "URL", "The account's registered webhook address."),
        Option("webhook-secret", "TEXT", "The secret its webhooks are signed with."),
        Option("log-level", "LEVEL", default: "info", "debug, info, warn or error."),
    ]

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help("usage: subgate sandbox [OPTIONS]", options))
            return 0
        }
        let options = try Options(options, arguments: arguments, environment: environment)
        let listen = try options.address("listen")
        let url = options["url"] ?? "http://\(listen.host):\(listen.port)"
        let configuration = SandboxConfiguration(publicBaseURL: url, clients: [try client(options)])
        let databaseURL = try options.required("database-url")
        guard let level = LogLevel(name: Array(try options.required("log-level").utf8)) else {
            throw OptionError("--log-level is debug, info, warn or error")
        }
        let log = Log(level: level, format: .json)
        let loop = Loops.start(1)[0]
        return loop.wait {
            let stop = StopSignal(loop)
            do {
                let running = try await RunningSandbox.start(
                    configuration, databaseURL: databaseURL, listen: listen, loop: loop, log: log)
                log.info("the sandbox is open", [(.port, .integer(Int(running.port)))])
                await stop.wait()
                await running.stop()
                return 0
            } catch {
                StandardStreams.complain("subgate sandbox: \(error)")
                return 1
            }
        }
    }

    private static func client(_ options: Options) throws(OptionError) -> SandboxClient {
        guard let id = UUIDValue(text: Array(try options.required("client-id").utf8)) else {
            throw OptionError("--client-id is a UUID")
        }
        var webhook: SandboxWebhook?
        if let text = options["webhook-url"] {
            guard let url = try? TargetURL(Array(text.utf8), options: .development) else {
                throw OptionError("--webhook-url is no URL we could post to")
            }
            webhook = SandboxWebhook(url: url, secret: Secret(Array(try options.required("webhook-secret").utf8)))
        }
        return SandboxClient(
            clientId: id, clientSecret: Secret(Array(try options.required("client-secret").utf8)),
            adminClientSecret: options["admin-client-secret"].map { Secret(Array($0.utf8)) }, webhook: webhook)
    }
}

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
