import Postgres
import Runtime
import TestSupport

/// A statement list made in a test.
func makeStatements(_ texts: KeyValuePairs<String, String>) -> [Statement] {
    texts.enumerated().map { Statement(index: $0.offset, name: $0.element.key, text: $0.element.value) }
}

/// A loop and a database on it for the length of one test, with no limits of time but those that `configure` sets;
/// `body` runs on the loop.
func withDatabase(
    _ statements: [Statement], connection: String? = nil, configure: (inout DatabaseConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (Database, EventLoop) async throws -> Void
) async throws {
    let loop = EventLoop()
    loop.start()
    let server = try await onOwnThread { connection ?? SharedCluster.cluster.connectionString() }
    var configuration = DatabaseConfiguration.patient(server)
    configure(&configuration)
    let result = await withCheckedContinuation { (done: CheckedContinuation<Result<Void, any Error>, Never>) in
        loop.spawn { [configuration] in
            let database = Database(loop: loop, configuration: configuration, statements: statements)
            do {
                try await database.start()
                try await body(database, loop)
                await database.close()
                done.resume(returning: .success(()))
            } catch {
                await database.close(within: .zero)
                done.resume(returning: .failure(error))
            }
        }
    }
    try await onOwnThread { loop.stop() }
    try result.get()
}

/// Runs many units at once on the loop and returns their results in order.
func runAll(
    _ units: [Unit], _ lane: Lane, _ database: Database, _ loop: EventLoop
) async -> [Result<[Rows], PostgresError>] {
    await withTaskGroup(of: (Int, Result<[Rows], PostgresError>).self) { group in
        for (index, unit) in units.enumerated() {
            group.addTask(executorPreference: loop) {
                do throws(PostgresError) { return (index, .success(try await database.run(unit, lane: lane))) } catch {
                    return (index, .failure(error))
                }
            }
        }
        var results = [Result<[Rows], PostgresError>](repeating: .failure(.misuse("no answer")), count: units.count)
        for await (index, result) in group { results[index] = result }
        return results
    }
}

extension Result where Failure == PostgresError {
    var error: PostgresError? { if case .failure(let error) = self { error } else { nil } }
    var isSuccess: Bool { error == nil }
}

/// A table of its own name for one test.
func makeTable(_ columns: String) throws -> String {
    let name = uniqueName("t")
    try SharedCluster.connect().execute("create table \(name) (\(columns))")
    return name
}

/// A name nothing else has.
func uniqueName(_ prefix: String) -> String { "\(prefix)_\(String(UInt64.random(in: .min ... .max), radix: 36))" }
