import Glibc
import Postgres

/// One cluster for the whole test run; it vanishes with the process.
enum SharedCluster {
    static let cluster: PrivateCluster = {
        do {
            let folder = "/tmp/subgate-pg-\(getpid())"
            let cluster = try PrivateCluster(folder: folder, options: .forTests)
            try cluster.start()
            return cluster
        } catch { fatalError("no test cluster: \(error)") }
    }()

    static func connect() throws -> BlockingConnection { try BlockingConnection(cluster.connectionString()) }
}
