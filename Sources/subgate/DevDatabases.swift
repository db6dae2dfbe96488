import Postgres
import SQL
import Store

/// The private cluster of `subgate dev`, or of `subgate sandbox` alone, migrated.
struct DevDatabases: Sendable {
    private static let database = "subgate"
    private let cluster: PrivateCluster

    /// Makes, starts and migrates what is not there. A cluster that a killed one left running is used as it is.
    static func start(cluster folder: String) throws -> DevDatabases {
        let cluster = try PrivateCluster(folder: folder)
        try cluster.start()
        let admin = try BlockingConnection(cluster.connectionString(), applicationName: "subgate dev")
        if try admin.query(Statement.findDatabase.text, parameters: [.string(database)]).isEmpty {
            try admin.execute(Statement.createDatabase.text)
        }
        let owner = try BlockingConnection(cluster.connectionString(database: database), applicationName: "subgate dev")
        try Migrator(owner).run()
        return DevDatabases(cluster: cluster)
    }

    var service: String { cluster.connectionString(database: DevDatabases.database, role: "subgate_app") }
    var sandbox: String { cluster.connectionString(database: DevDatabases.database, role: "subgate_sandbox") }
    var ownerURL: String { cluster.url(database: DevDatabases.database) }

    func stop() { try? cluster.stop() }
}
