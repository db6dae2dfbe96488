import Crypto
import Domain
import Postgres
import Runtime
import SQL
import Store

/// A database whose deliveries are held or released from the command line.
enum HeldDatabase {
    /// Reads all that is owed: after a restore that may be much.
    private static let statementTimeout: Duration = .seconds(600)

    /// Runs `body` with a store on the database; the exit status is what it returns, or 1 with a line about what
    /// failed.
    static func with(
        _ options: Options, command: String, _ body: @escaping @Sendable (Store) async throws(StoreError) -> Int32
    ) throws(OptionError) -> Int32 {
        let url = try options.required("database-url")
        guard DatabaseDoor.admits(url, command: command) else { return 1 }
        let loop = EventLoop()
        loop.start()
        return loop.wait {
            var configuration = DatabaseConfiguration.service(url)
            configuration.applicationName = "subgate \(command)"
            configuration.lanes = [.write, .serial]
            configuration.statementTimeout = statementTimeout
            configuration.stallTimeout = statementTimeout + .seconds(10)
            configuration.queueDeadline = statementTimeout
            let database = Database(loop: loop, configuration: configuration, statements: .service)
            let status: Int32
            do {
                try await database.start()
                status = try await body(Store(loop: loop, database: database, keyring: try unusedKeyring()))
            } catch {
                StandardStreams.complain("subgate \(command): \(error)")
                status = 1
            }
            await database.close()
            return status
        }
    }

    /// Nothing that is sealed or digested is touched here, so no key has to be at hand.
    private static func unusedKeyring() throws -> Keyring {
        let keys = try MasterKeys.parse(MasterKeys.makeLine(id: Array("unused".utf8)))
        return Keyring(KeySet(masterKeys: keys, peppers: keys))
    }
}

/// `subgate hold`: before nodes are started on a copy that looks like the database it was made of.
enum HoldCommand {
    private static let usage = """
        usage: subgate hold --database-url URL

        Keeps all deliveries back until `subgate release`; nodes that run stop within a second. For a database that was
        put back from a copy of its disk, before nodes are started on it: such a copy cannot be told from a crash. One
        that PostgreSQL recovered from an archive is held by itself.
        """

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help(usage, [ServeOptions.database]))
            return 0
        }
        let options = try Options([ServeOptions.database], arguments: arguments, environment: environment)
        return try HeldDatabase.with(options, command: "hold") { (store) throws(StoreError) in
            print(try await store.holdDeliveries() ? "deliveries are on hold" : "deliveries were on hold already")
            return 0
        }
    }
}
