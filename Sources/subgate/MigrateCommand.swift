import Postgres
import SQL
import Store

/// `subgate migrate`: as the database's owner.
enum MigrateCommand {
    private static let options = [
        ServeOptions.database,
        Option(
            "plan", nil, "Only say what would run: which statements, who would wait for them, and how much they read."),
    ]

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help("usage: subgate migrate --database-url URL [--plan]", options))
            return 0
        }
        let options = try Options(options, arguments: arguments, environment: environment)
        let isPlan = try options.isOn("plan")
        let url = try options.required("database-url")
        guard DatabaseDoor.admits(url, command: "migrate") else { return 1 }
        do {
            let migrator = Migrator(try BlockingConnection(url, applicationName: "subgate migrate")) { line in
                StandardStreams.say(line)
            }
            let migrations = try isPlan ? migrator.pending() : migrator.run()
            for migration in migrations {
                let lines = isPlan ? MigrationPlan(migration).lines : ["ran \(migration.name)"]
                for line in lines { StandardStreams.say(line) }
            }
            if migrations.isEmpty { StandardStreams.say("the database is up to date") }
            return 0
        } catch {
            StandardStreams.complain("subgate migrate: \(error)")
            return 1
        }
    }
}
