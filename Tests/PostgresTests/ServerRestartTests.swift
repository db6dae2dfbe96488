import Glibc
import Postgres
import Runtime
import TestSupport
import Testing

/// A cluster of its own that is stopped and started under a running database.
@Suite struct ServerRestartTests {
    @Test func unitsSubmittedDuringARestartAreAnsweredAfterIt() async throws {
        let folder = "/tmp/subgate-restart-\(getpid())"
        let cluster = try PrivateCluster(folder: folder, options: .forTests)
        try await onOwnThread { try cluster.start() }
        let statements = makeStatements(["one": "select $1::int8"])
        try await withDatabase(statements, connection: cluster.connectionString()) { database, loop in
            #expect(database.isReady)
            try await onOwnThread { try cluster.stop() }
            #expect(!cluster.isRunning)
            while database.isReady { await loop.sleep(for: .milliseconds(1)) }
            let waiting = Task(executorPreference: loop) {
                try await database.run(Query(statements[0], [.int64(1)]), lane: .write).int64(0, 0)
            }
            while database.counters(.write).waiting == 0 { await loop.sleep(for: .milliseconds(1)) }
            try await onOwnThread { try cluster.start() }
            #expect(try await waiting.value == 1)
            #expect(try await database.run(Query(statements[0], [.int64(2)]), lane: .read).int64(0, 0) == 2)
            #expect(database.isReady)
        }
        try await onOwnThread { try cluster.stop() }
    }

    /// A server process that is told to end at once says so, and leaves what it was sent unread: its last words and the
    /// socket's error arrive together.
    @Test func aProcessThatEndsWithLastWordsIsMissedAtOnce() async throws {
        let folder = "/tmp/subgate-words-\(getpid())"
        let cluster = try PrivateCluster(folder: folder, options: .forTests)
        try await onOwnThread { try cluster.start() }
        let statements = makeStatements(["process": "select pg_backend_pid()"])
        try await withDatabase(statements, connection: cluster.connectionString()) { database, loop in
            let process = try await database.run(Query(statements[0]), lane: .write).int32(0, 0)
            kill(process, SIGSTOP)
            let start = ContinuousClock.now
            let waiting = Task(executorPreference: loop) {
                do {
                    _ = try await database.run(Query(statements[0]), lane: .write)
                    return false
                } catch {
                    guard case .connectionLost(.outcomeUnknown) = error as? PostgresError else { return false }
                    return true
                }
            }
            while database.counters(.write).inFlight == 0 { await loop.sleep(for: .milliseconds(1)) }
            kill(process, SIGQUIT)
            kill(process, SIGCONT)
            #expect(await waiting.value)
            // Far below what a hanging server is given.
            #expect(ContinuousClock.now - start < .seconds(8))
        }
        try await onOwnThread { try cluster.stop() }
    }

    @Test func aServerThatStaysAwayIsReportedAtOnceAfterAWhile() async throws {
        let folder = "/tmp/subgate-away-\(getpid())"
        let cluster = try PrivateCluster(folder: folder, options: .forTests)
        try await onOwnThread { try cluster.start() }
        let statements = makeStatements(["one": "select 1"])
        try await withDatabase(
            statements, connection: cluster.connectionString(),
            configure: {
                $0.failFastAfter = .milliseconds(50)
                $0.queueDeadline = .milliseconds(100)
            }
        ) { database, loop in
            try await onOwnThread { try cluster.stop() }
            while true {
                do {
                    _ = try await database.run(Query(statements[0]), lane: .read)
                } catch {
                    if case .unavailable(.cannotConnect) = error as? PostgresError { break }
                }
                await loop.sleep(for: .milliseconds(5))
            }
        }
    }
}
