import Domain
import HTTPClient
import HTTPServer
import Postgres
import Runtime
import Sandbox
import SQL

/// `subgate sandbox`: the stand-in for Mesh alone, on a migrated database or on a private one that it makes.
enum SandboxCommand {
    private static let options = [
        Option(
            "data-dir", "DIR", "Keeps a private PostgreSQL cluster and the account's keys, where there is no other."),
        Option("database-url", "URL", "PostgreSQL, as the role subgate_sandbox of a migrated database."),
        Option("listen", "HOST:PORT", default: "127.0.0.1:8083", "Where Mesh's API is imitated."),
        Option("url", "URL", "How it is reached; link tokens begin with it."),
        Option("client-id", "UUID", "The one account's client id. With --data-dir one is made and kept."),
        Option("client-secret", "TEXT", "The account's secret. With --data-dir one is made and kept."),
        Option(
            "admin-client-secret", "TEXT",
            "The account's Account Management API key; without one that API is shut. With --data-dir one is made."),
        Option("webhook-url", "URL", "The account's registered webhook address."),
        Option(
            "webhook-secret", "TEXT", "The secret its webhooks are signed with. With --data-dir one is made and kept."),
        Option("log-level", "LEVEL", default: "info", "debug, info, warn or error."),
        Option("log-format", "FORMAT", default: "json", "json or pretty."),
    ]

    private static let usage = """
        usage: subgate sandbox --data-dir DIR [OPTIONS]
               subgate sandbox --database-url URL --client-id UUID --client-secret TEXT [OPTIONS]

        A stand-in for Mesh. With --data-dir it needs nothing else: it makes a private database and the keys to call it
        with, prints them, and starts with the same ones the next time.
        """

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help(usage, options))
            return 0
        }
        let options = try Options(options, arguments: arguments, environment: environment)
        let listen = try options.address("listen")
        let url =
            options["url"] ?? "http://\(listen.host.contains(":") ? "[\(listen.host)]" : listen.host):\(listen.port)"
        guard let level = LogLevel(name: Array(try options.required("log-level").utf8)) else {
            throw OptionError("--log-level is debug, info, warn or error")
        }
        let format: LogFormat
        switch try options.required("log-format") {
        case "json": format = .json
        case "pretty": format = .pretty
        default: throw OptionError("--log-format is json or pretty")
        }
        let run = SandboxRun(listen: listen, url: url, log: Log(level: level, format: format))
        switch (options["data-dir"], options["database-url"]) {
        case (nil, nil): throw OptionError("--data-dir or --database-url (or SUBGATE_DATABASE_URL) is required")
        case (.some, .some): throw OptionError("--data-dir and --database-url exclude each other")
        case (nil, let databaseURL?): return run.start(databaseURL: databaseURL, account: try account(options))
        case (let path?, nil):
            let folder = SandboxFolder(path: Files.absolute(path))
            let kept = try folder.prepare()
            let account = try account(options, kept)
            let databases: DevDatabases
            do {
                databases = try DevDatabases.start(cluster: folder.cluster)
            } catch {
                throw OptionError("the private database in \(folder.cluster) does not start: \(error)")
            }
            defer { databases.stop() }
            return run.start(databaseURL: databases.sandbox, account: account, folder)
        }
    }

    private static func given(_ options: Options, _ name: String, _ kept: String?) throws(OptionError) -> String {
        if options[name] == nil, let kept { return kept }
        return try options.required(name)
    }

    /// What was given counts before what the folder keeps.
    private static func account(
        _ options: Options, _ kept: SandboxAccount? = nil
    ) throws(OptionError) -> SandboxAccount {
        let clientID = try given(options, "client-id", kept?.clientID)
        guard UUIDValue(text: Array(clientID.utf8)) != nil else { throw OptionError("--client-id is a UUID") }
        var account = SandboxAccount(
            clientID: clientID,
            clientSecret: try given(options, "client-secret", kept?.clientSecret),
            adminClientSecret: options["admin-client-secret"] ?? kept?.adminClientSecret,
            webhookSecret: options["webhook-secret"] ?? kept?.webhookSecret)
        if let text = options["webhook-url"] {
            guard let url = try? TargetURL(Array(text.utf8), options: .development) else {
                throw OptionError("--webhook-url is no URL we could post to")
            }
            if account.webhookSecret == nil { _ = try options.required("webhook-secret") }
            account.webhookURL = url
        }
        return account
    }
}

/// How one run of `subgate sandbox` is reached, and where it logs.
private struct SandboxRun: Sendable {
    let listen: ListenAddress
    let url: String
    let log: Log

    /// Runs until it is told to stop. With a folder, it says and keeps how it is reached.
    func start(databaseURL: String, account: SandboxAccount, _ folder: SandboxFolder? = nil) -> Int32 {
        let loop = Loops.start(1)[0]
        return loop.wait {
            let stop = StopSignal(loop)
            do {
                guard let client = account.client else { throw StartFailure("the client id is no UUID") }
                let running = try await RunningSandbox.start(
                    SandboxConfiguration(publicBaseURL: url, clients: [client]), databaseURL: databaseURL,
                    listen: listen, loop: loop, log: log)
                log.info("the sandbox is open", [(.port, .integer(Int(running.port)))])
                if let folder {
                    try folder.keep(account, url: url)
                    StandardStreams.say(account.announcement(url: url, file: folder.keys))
                }
                await stop.wait()
                await running.stop()
                return 0
            } catch {
                StandardStreams.complain("subgate sandbox: \(error)")
                return 1
            }
        }
    }
}
