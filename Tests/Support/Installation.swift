import Foundation
package import Postgres
import Runtime

/// A migrated database, the keys that are not in it, a folder for logs, and the first admin key.
package final class Installation: Sendable {
    package let folder: String
    package let adminKey: String
    private let cluster: PrivateCluster
    private let database: String

    /// On a database of its own in the cluster that all tests share.
    package convenience init() throws {
        try self.init(cluster: TestDatabase.sharedCluster(), database: TestDatabase.make().name)
    }

    /// On a database of that name, which is migrated.
    private init(cluster: PrivateCluster, database: String) throws {
        self.cluster = cluster
        self.database = database
        folder = "/tmp/subgate-e2e-\(ProcessID.current)-\(database)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for file in ["master-keys", "pepper"] {
            let line = try Program.run(["keys", "new", "test"])
            try Data((line + "\n").utf8).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
        }
        let url = cluster.connectionString(database: database, role: "subgate_app")
        adminKey = try Program.run(["keys", "bootstrap", "--database-url", url] + Self.keyArguments(folder))
    }

    /// On a durable cluster of its own, migrated by the program's own command, for tests that harm the server.
    package static func alone() throws -> (installation: Installation, cluster: PrivateCluster) {
        var options = PrivateCluster.Options.forTests
        options.isDurable = true
        // Several may be alone at once.
        let name = "subgate_" + UUID().uuidString.prefix(8).lowercased()
        let cluster = try PrivateCluster(folder: "/tmp/\(name)-\(ProcessID.current)", options: options)
        try cluster.start()
        try BlockingConnection(cluster.connectionString()).execute("create database \(name)")
        try Program.run(["migrate", "--database-url", cluster.connectionString(database: name)])
        return (try Installation(cluster: cluster, database: name), cluster)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
        try? BlockingConnection(cluster.connectionString()).execute("drop database if exists \(database) with (force)")
    }

    /// A blocking connection as the owner, for looking and for meddling.
    package func owner() throws -> BlockingConnection {
        try BlockingConnection(cluster.connectionString(database: database))
    }

    /// Makes an owner by the program's own command and returns their key.
    package func bootstrap() throws -> String {
        try Program.run(["keys", "bootstrap"] + databaseArguments(role: "subgate_app") + keyArguments)
    }

    var keyArguments: [String] { Self.keyArguments(folder) }

    func databaseArguments(role: String) -> [String] {
        ["--database-url", cluster.connectionString(database: database, role: role)]
    }

    private static func keyArguments(_ folder: String) -> [String] {
        ["--master-keys-file", "\(folder)/master-keys", "--pepper-file", "\(folder)/pepper"]
    }
}
