package import Postgres
import Runtime
import SQL
import Store
import Synchronization

/// A migrated database of one test's own, cloned from a template in the test process's private cluster. It vanishes
/// with the process; who makes many of them drops them earlier.
package final class TestDatabase: Sendable {
    package let name: String
    /// Connects as the owner, whom row-level security does not stop (a superuser here).
    package let ownerConnectionString: String
    /// Connects as the role that the service uses.
    package let connectionString: String

    private static let cluster = TestCluster()
    private static let count = Atomic<Int>(0)

    /// Makes one.
    package static func make() throws -> TestDatabase {
        let server = try cluster.get()
        let name = "test_\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
        let admin = try BlockingConnection(server.connectionString())
        // PostgreSQL's default logs every page of the copy, which nobody will ever replay.
        try admin.execute("create database \(name) template subgate_template strategy file_copy")
        return TestDatabase(name: name, server: server)
    }

    /// One without a schema.
    package static func makeEmpty() throws -> TestDatabase {
        let server = try cluster.get()
        let name = "test_\(count.wrappingAdd(1, ordering: .relaxed).newValue)"
        try BlockingConnection(server.connectionString()).execute("create database \(name)")
        return TestDatabase(name: name, server: server)
    }

    private init(name: String, server: PrivateCluster) {
        self.name = name
        ownerConnectionString = server.connectionString(database: name)
        connectionString = server.connectionString(database: name, role: "subgate_app")
    }

    /// Another role's connection string to the same database.
    package func connectionString(role: String) throws -> String {
        try TestDatabase.cluster.get().connectionString(database: name, role: role)
    }

    /// A blocking connection as the owner, for looking and for meddling.
    package func owner() throws -> BlockingConnection { try BlockingConnection(ownerConnectionString) }

    /// A blocking connection as an owner of it that is no superuser, made for it.
    package func newOwner() throws -> BlockingConnection {
        let role = "owner_of_\(name)"
        try owner().execute("create role \(role) login; alter database \(name) owner to \(role)")
        return try BlockingConnection(try connectionString(role: role))
    }

    /// Ends it now, whoever is still connected.
    package func drop() throws {
        try BlockingConnection(try TestDatabase.cluster.get().connectionString())
            .execute("drop database \(name) with (force)")
    }

    /// The cluster all tests of this process share.
    package static func sharedCluster() throws -> PrivateCluster { try cluster.get() }
}

/// Starts the cluster and migrates the template once, whoever asks first.
private final class TestCluster: Sendable {
    private let started = Mutex<Result<PrivateCluster, any Error>?>(nil)

    func get() throws -> PrivateCluster {
        try started.withLock { result in
            if result == nil { result = Result { try TestCluster.start() } }
            return try result!.get()
        }
    }

    private static func start() throws -> PrivateCluster {
        let cluster = try PrivateCluster(
            folder: "\(MemoryFolder.path)/subgate-test-\(ProcessID.current)", options: .forTests)
        try cluster.start()
        let admin = try BlockingConnection(cluster.connectionString())
        try admin.execute("create database subgate_template")
        try Migrator(try BlockingConnection(cluster.connectionString(database: "subgate_template"))).run()
        return cluster
    }
}
