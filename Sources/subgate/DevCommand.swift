import Domain
import Glibc
import HTTPClient
import HTTPServer
import JSON
import Postgres
import Runtime
import Sandbox
import Store

/// `subgate dev`: everything on this machine, on defaults that are safe because all of it listens on loopback.
enum DevCommand {
    static let options =
        [
            Option(
                "data-dir", "DIR", "Keeps the cluster, the keys and the demo. Default: the system's place for state."),
            Option("port", "P", default: "8080", "Public listener; admin is P+1, ops P+2, sandbox P+3, demo shop P+4."),
            Option("deny-private-targets", nil, "Refuse http and private webhook addresses, as production does."),
            ServeOptions.targetPorts,
            Option(
                "retry-time-divisor", "N", default: "1",
                "Divides every delay of retries, and pauses of endpoints that fail."),
        ] + ServeOptions.limits + [
            Option("loops", "N", default: "1", "Event loops; 0 is one per core."),
            Option("log-level", "LEVEL", default: "warn", "debug, info, warn or error."),
            Option("log-format", "FORMAT", default: "pretty", "json or pretty."),
        ]

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help("usage: subgate dev [OPTIONS]", options))
            return 0
        }
        let options = try Options(options, arguments: arguments, environment: environment)
        let folder = DevFolder(path: Files.absolute(options["data-dir"] ?? DevFolder.standard(environment)))
        let port = UInt16(try options.integer("port", in: 1...65_530))
        try folder.prepare()
        unsafe _ = unlink(folder.announcement)
        let databases: DevDatabases
        do {
            databases = try DevDatabases.start(cluster: folder.cluster)
        } catch {
            StandardStreams.complain("subgate dev: \(error)")
            return 1
        }
        let configuration = try serviceConfiguration(options, folder, databases, port: port)
        let loops = Loops.start(configuration.loops)
        let status = loops[0].wait { await serve(configuration, folder, databases, port: port, loops: loops) }
        databases.stop()
        return status
    }

    private static func serviceConfiguration(
        _ options: Options, _ folder: DevFolder, _ databases: DevDatabases, port: UInt16
    ) throws(OptionError) -> ServiceConfiguration {
        var arguments = [
            "--database-url", databases.service, "--master-keys-file", folder.masterKeys,
            "--pepper-file", folder.pepper, "--public-listen", "127.0.0.1:\(port)",
            "--admin-listen", "127.0.0.1:\(port + 1)", "--ops-listen", "127.0.0.1:\(port + 2)",
            "--loops", try options.required("loops"), "--target-ports", try options.required("target-ports"),
            "--retry-time-divisor", try options.required("retry-time-divisor"),
            "--log-level", try options.required("log-level"), "--log-format", try options.required("log-format"),
            "--node-name", "dev",
            // It is served now and then.
            "--hold-after-outage", "0s",
        ]
        for limit in ServeOptions.limits { arguments += ["--\(limit.name)", try options.required(limit.name)] }
        if try !options.isOn("deny-private-targets") { arguments.append("--allow-private-targets") }
        var configuration = try ServiceConfiguration(
            try Options(ServeOptions.serve, arguments: arguments, environment: [:]))
        // The sandbox is on loopback, whatever endpoints may be.
        configuration.allowsPrivateUpstreams = true
        return configuration
    }

    /// Runs on the first loop until it is told to stop.
    private static func serve(
        _ configuration: ServiceConfiguration, _ folder: DevFolder, _ databases: DevDatabases, port: UInt16,
        loops: [EventLoop]
    ) async -> Int32 {
        let stop = StopSignal(loops[0])
        let log = Log(level: configuration.logLevel, format: configuration.logFormat)
        LogLevelSignals.watch(loops[0], log)
        do {
            let node = try await Node.start(configuration, loops: loops, log: log)
            let demo = DemoAddresses(port: port)
            let client = HTTPClient(loop: loops[0], configuration: HTTPClientConfiguration())
            let saved = try await loadState(folder, node)
            let provisioning = DevProvisioning(
                admin: AdminClient(client: client, baseURL: demo.admin, key: saved.adminKey), demo: demo,
                hasReceiver: configuration.allowsPrivateTargets, loop: loops[0], save: { try save($0, folder) })
            // The upstream first: its inbound address is what the sandbox posts its webhooks to.
            let connected = try await provisioning.upstream(saved)
            let sandbox = try await RunningSandbox.start(
                try sandboxConfiguration(connected, demo), databaseURL: databases.sandbox,
                listen: ListenAddress(host: "127.0.0.1", port: port + 3), loop: loops[0], log: log)
            let state = try await provisioning.merchant(connected)
            let shop = try RunningShop.start(state, demo, client: client, loop: loops[0])
            let announcement = DevAnnouncement(
                state: state, demo: demo, postgresURL: databases.ownerURL, hasShop: shop != nil)
            guard Files.writePrivate(announcement.json, to: folder.announcement) else {
                throw StartFailure("cannot write \(folder.announcement)")
            }
            StandardStreams.say(announcement.text)
            await stop.wait()
            unsafe _ = unlink(folder.announcement)
            shop?.close()
            await sandbox.stop()
            await node.stop()
            await shop?.stop()
            client.close()
            return 0
        } catch {
            StandardStreams.complain("subgate dev: \(error)")
            return 1
        }
    }

    /// What an earlier start made, if its admin key still counts; otherwise a new beginning.
    private static func loadState(_ folder: DevFolder, _ node: Node) async throws -> DevState {
        let store = node.shards[0].store
        if let bytes = Files.read(folder.state), let state = DevState(bytes),
            try await store.authenticate(adminKey: Array(state.adminKey.utf8)) != nil
        {
            return state
        }
        let key = try await store.bootstrapOwner(name: "dev", isOneMore: true).text
        let state = DevState(adminKey: String(decoding: key, as: UTF8.self))
        try save(state, folder)
        return state
    }

    @Sendable private static func save(_ state: DevState, _ folder: DevFolder) throws {
        guard Files.writePrivate(state.json, to: folder.state) else {
            throw StartFailure("cannot write \(folder.state)")
        }
    }

    private static func sandboxConfiguration(_ state: DevState, _ demo: DemoAddresses) throws -> SandboxConfiguration {
        guard let clientID = UUIDValue(text: Array(state.upstreamClientID.utf8)) else {
            throw StartFailure("the saved client id is no UUID")
        }
        let webhook = SandboxWebhook(
            url: try TargetURL(Array(demo.inbound(state).utf8), options: .development),
            secret: Secret(Array(state.webhookSecret.utf8)))
        return SandboxConfiguration(
            publicBaseURL: demo.sandbox,
            clients: [
                SandboxClient(
                    clientId: clientID, clientSecret: Secret(Array(state.upstreamClientSecret.utf8)),
                    adminClientSecret: Secret(Array(state.upstreamAdminSecret.utf8)), webhook: webhook)
            ])
    }
}
