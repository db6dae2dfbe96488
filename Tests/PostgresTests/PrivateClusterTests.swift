import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct PrivateClusterTests {
    private func newFolder(_ name: String) -> String { "/tmp/\(uniqueName("subgate-\(name)"))" }

    @Test func aRunningClusterIsFoundAgainAndReused() throws {
        let folder = newFolder("reuse")
        let cluster = try PrivateCluster(folder: folder, options: .forTests)
        #expect(!cluster.isRunning)
        try cluster.start()
        let first = try BlockingConnection(cluster.connectionString()).query("select pg_postmaster_start_time()")
        let again = try PrivateCluster(folder: folder, options: .forTests)
        #expect(again.isRunning)
        try again.start()
        let second = try BlockingConnection(again.url()).query("select pg_postmaster_start_time()")
        #expect(first.timestamp(0, 0) == second.timestamp(0, 0))
        try cluster.stop()
        try cluster.stop()
        #expect(!again.isRunning)
    }

    @Test func theClusterIsUTF8SortedByBytesCheckedAndClosedToTheNetwork() throws {
        let rows = try SharedCluster.connect().query(
            """
            select current_setting('server_encoding'), current_setting('data_checksums'),
                current_setting('listen_addresses'), datcollate, current_user::text, 'ä' ~ '^\\w$'
            from pg_database where datname = 'template1'
            """)
        #expect((0..<5).map { rows.string(0, $0) } == ["UTF8", "on", "", "C", PrivateCluster.owner])
        #expect(rows.bool(0, 5))
    }

    @Test func theSocketIsOutOfReachOfOtherAccounts() throws {
        let folder = try SharedCluster.connect().query("show unix_socket_directories").string(0, 0)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test func aFolderTooDeepForASocketHasItElsewhere() throws {
        let top = newFolder("deep")
        let deep = top + "/" + String(repeating: "d", count: 110)
        let cluster = try PrivateCluster(folder: deep, options: .forTests)
        try cluster.start()
        #expect(try BlockingConnection(cluster.connectionString()).query("select 1").count == 1)
        let socket = try FileManager.default.destinationOfSymbolicLink(atPath: deep + "/socket")
        try cluster.stop()
        // Another may take the name when the folder of temporary files is swept.
        try FileManager.default.removeItem(atPath: socket)
        try FileManager.default.createDirectory(atPath: socket, withIntermediateDirectories: false)
        try cluster.start()
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: deep + "/socket") != socket)
        #expect(cluster.isRunning)
        try cluster.stop()
        try FileManager.default.removeItem(atPath: socket)
        try FileManager.default.removeItem(atPath: top)
    }

    @Test(.enabled(if: geteuid() == 0, "only root runs the server as another user"))
    func aFolderTheServerMayNotEnterKeepsItsDataElsewhere() throws {
        let top = newFolder("private")
        try FileManager.default.createDirectory(
            atPath: top, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let cluster = try PrivateCluster(folder: top + "/postgres", options: .forTests)
        try cluster.start()
        #expect(try BlockingConnection(cluster.connectionString()).query("select 1").count == 1)
        let home = try FileManager.default.destinationOfSymbolicLink(atPath: top + "/postgres/home")
        #expect(FileManager.default.fileExists(atPath: home + "/data/PG_VERSION"))
        try cluster.stop()
        try FileManager.default.removeItem(atPath: home)
        try FileManager.default.removeItem(atPath: top)
    }

    @Test func aKilledServerIsStartedAgainWithItsData() throws {
        var options = PrivateCluster.Options.forTests
        options.isDurable = true
        let cluster = try PrivateCluster(folder: newFolder("killed"), options: options)
        try cluster.start()
        try BlockingConnection(cluster.connectionString()).execute(
            "create table kept (n int8); insert into kept values (1)")
        let pid = try BlockingConnection(cluster.connectionString()).query(
            "select pg_read_file('postmaster.pid', 0, 20)")
        let postmaster = try #require(Int32(pid.string(0, 0).split(separator: "\n").at(0)))
        kill(postmaster, SIGKILL)
        while kill(postmaster, 0) == 0 { sched_yield() }
        try cluster.start()
        #expect(try BlockingConnection(cluster.connectionString()).query("select n from kept").int64(0, 0) == 1)
        try cluster.stop()
    }

    @Test func everyErrorIsOneLine() {
        let errors: [ClusterError] = [
            .noBinaries, .otherVersion("9"), .noAccount, .folder("/x", code: 13),
            .failed(program: "initdb", words: "no"),
        ]
        #expect(errors.allSatisfy { !$0.description.contains("\n") && !$0.description.isEmpty })
        #expect(throws: ClusterError.folder("/proc/none", code: ENOENT)) {
            try PrivateCluster(folder: "/proc/none", options: .forTests).start()
        }
    }
}
