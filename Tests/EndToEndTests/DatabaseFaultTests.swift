import Glibc
import Postgres
import TestSupport
import Testing

extension UnderLoad {
    @Suite struct DatabaseFaultTests {
        /// An administrator, a failover or a firewall cuts every connection, again and again.
        @Test func connectionsThatAreCutLoseNothing() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let load = try Load(stage, merchants: 2, endpoints: 3, events: 400)
                let post = stage.post(load.events)
                defer { post.stop() }
                let owner = try stage.installation.owner()
                var cuts: [Fault] = []
                for number in 0..<20 {
                    _ = try #require(post.wait(forAcks: number * 18, within: .seconds(60)), "\(post.current.refusals)")
                    let begin = ContinuousClock.now
                    _ = try owner.query(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()
                        """)
                    cuts.append(Fault(begin: begin, end: .now))
                }
                let ledger = try #require(post.wait(forAcks: 400, within: .seconds(60)), "\(post.current.refusals)")
                // What could not be committed was refused, and nothing worse.
                #expect(Set(ledger.refusals.keys).isSubset(of: [503]), "\(ledger.refusals)")
                #expect(ledger.unanswered == 0)
                try settle(stage, load)
                let audit = try load.audit(stage.receivers.received)
                #expect(audit.complaints == [])
                #expect(audit.unexplained(by: cuts).count == 0, "\(audit.unexplained(by: cuts).prefix(3))")
                #expect(!stage.node.log.contains("took over"), "the node took itself for dead")
                print("cut connections: \(ledger.refusals) refused, \(audit.duplicates) duplicates, \(cuts.count) cuts")
                try Patience.wait(until: "readiness", within: .seconds(5)) { stage.node.isReady }
            }
        }

        /// PostgreSQL dies on the spot, with its disk as it was, and is started again.
        @Test func aDatabaseThatCrashesLosesNothing() async throws {
            try await onOwnThread {
                let (installation, cluster) = try Installation.alone()
                defer { try? cluster.stop() }
                let stage = try Stage(on: installation)
                let load = try Load(stage, merchants: 2, endpoints: 3, events: 400)
                let post = stage.post(load.events)
                defer { post.stop() }
                _ = try #require(post.wait(forAcks: 150, within: .seconds(60)), "\(post.current.refusals)")
                let begin = ContinuousClock.now
                kill(try installation.postmaster(), SIGKILL)
                try Patience.wait(until: "not ready", within: .seconds(10)) { !stage.node.isReady }
                let alive = try HTTPProbe(port: stage.node.opsPort).send("GET", "/livez")
                #expect(alive.status == 200, "a node without its database still lives")
                try cluster.start()
                let started = ContinuousClock.now
                try Patience.wait(until: "readiness", within: .seconds(10)) { stage.node.isReady }
                print("database crash: ready again \(ContinuousClock.now - started) after the database")
                #expect(.now - started < .seconds(4))
                let ledger = try #require(post.wait(forAcks: 400, within: .seconds(60)), "\(post.current.refusals)")
                #expect(Set(ledger.refusals.keys).isSubset(of: [503]), "\(ledger.refusals)")
                try settle(stage, load)
                let audit = try load.audit(stage.receivers.received)
                #expect(audit.complaints == [])
                #expect(audit.unexplained(by: [Fault(begin: begin, end: .now)]) == [])
                #expect(stage.node.isRunning)
            }
        }

        // MARK: Parts

        private func settle(_ stage: Stage, _ load: Load) throws {
            try Patience.wait(until: "all deliveries delivered", within: .seconds(30)) {
                let books = try Books(stage.installation)
                return books.delivered == load.deliveries && books.others == 0 && books.leased == 0
            }
        }
    }
}

extension Installation {
    /// The process that all of its database's belong to.
    func postmaster() throws -> pid_t {
        let rows = try owner().query("select pg_read_file('postmaster.pid')")
        let line = rows.string(0, 0).split(separator: "\n").first
        return try #require(line.flatMap { pid_t($0) })
    }
}
