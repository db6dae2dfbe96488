import Postgres
import Runtime
import SQL
import Store

/// `subgate check`: verifies what `serve` would use, and says what is wrong, all of it and not only the first.
enum CheckCommand {
    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.first == "audit" { return try CheckAuditCommand.run(Array(arguments.dropFirst())) }
        if arguments.contains("--help") {
            let usage = "usage: subgate check [the options of serve]\n       subgate check audit FILE"
            print(Options.help(usage, ServeOptions.serve))
            return 0
        }
        let options = try Options(ServeOptions.serve, arguments: arguments, environment: environment)
        var report = Report()
        var configuration: ServiceConfiguration?
        do throws(OptionError) {
            configuration = try ServiceConfiguration(options)
            report.passed("configuration")
        } catch {
            report.failed("configuration", "\(error)")
        }
        for files in configuration?.tls ?? [] {
            do throws(StartFailure) {
                _ = try files.load(.system)
                report.passed("certificate of the \(files.listener) listener")
            } catch {
                report.failed("certificate of the \(files.listener) listener", "\(error)")
            }
        }
        if let url = configuration?.databaseURL ?? options["database-url"] { checkDatabase(url, &report) }
        if let configuration, report.isClean { checkService(configuration, &report) }
        return report.isClean ? 0 : 1
    }

    private struct Report {
        private(set) var isClean = true

        func passed(_ what: String) { print("ok    \(what)") }
        mutating func failed(_ what: String, _ why: String) {
            isClean = false
            print("wrong \(what): \(why)")
        }
    }

    /// The oldest server whose features the statements use.
    private static let oldestServer = 150_000

    private static func checkDatabase(_ url: String, _ report: inout Report) {
        do {
            let connection = try BlockingConnection(url, applicationName: "subgate check")
            report.passed("database connection")
            if let complaint = try DatabaseDoor.pooling(url) { report.failed("pooler", complaint) }
            if connection.serverVersion >= oldestServer {
                report.passed("PostgreSQL \(connection.serverVersion / 10_000)")
            } else {
                report.failed("PostgreSQL", "version 15 or later is needed")
            }
            let pending = try Migrator(connection).pending()
            if let first = pending.first {
                report.failed("schema", "migration \(first.name) has not run: run `subgate migrate` as the owner")
            } else {
                report.passed("schema")
            }
            try checkRole(connection, &report)
        } catch {
            report.failed("database", "\(error)")
        }
    }

    /// Row-level security does not stop a superuser, a role that bypasses it, or (unforced) an owner.
    private static func checkRole(_ connection: BlockingConnection, _ report: inout Report) throws {
        let role = try connection.query(Statement.currentRole.text)
        if role.bool(0, 1) || role.bool(0, 2) {
            report.failed("role", "\(role.string(0, 0)) is not stopped by row-level security: connect as subgate_app")
        } else {
            report.passed("role \(role.string(0, 0))")
        }
    }

    /// Connects as the service would, so that every statement is prepared and every sealed secret is opened.
    private static func checkService(_ configuration: ServiceConfiguration, _ report: inout Report) {
        let loop = Loops.start(1)[0]
        let found = loop.wait { () async -> Result<CheckContents, any Error> in
            var databaseConfiguration = DatabaseConfiguration.service(configuration.databaseURL)
            databaseConfiguration.preparation = .atOnce
            let database = Database(loop: loop, configuration: databaseConfiguration, statements: .service)
            let store = Store(loop: loop, database: database, keyring: configuration.keyring)
            do {
                try await database.start()
                if case .refused(let problems) = try await store.holdKeys(
                    store.keyring.keys, as: nil, isThorough: true)
                {
                    return .failure(StartFailure(problems.line))
                }
                let upstreams = try await store.loadUpstreams()
                let keys = try await store.countOwnerKeys()
                let contents = try await CheckContents(of: store)
                await database.close()
                if upstreams.isEmpty { StandardStreams.say("note  no upstream is registered yet") }
                if keys == 0 { StandardStreams.say("note  there is no owner with a key yet: `subgate keys bootstrap`") }
                return .success(contents)
            } catch {
                return .failure(error)
            }
        }
        switch found {
        case .failure(let error): report.failed("statements and sealed secrets", "\(error)")
        case .success(let contents):
            report.passed("statements and sealed secrets")
            for finding in contents.findings {
                if let failure = finding.failure {
                    report.failed(finding.what, failure)
                } else {
                    report.passed(finding.what)
                }
            }
            for note in contents.notes { print("note  \(note)") }
        }
    }
}
