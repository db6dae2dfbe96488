/// Tells whether what answers is PostgreSQL or a pooler before it, and whether that pooler lets a session keep its
/// server process. PgBouncer in transaction mode, and what works like it, does not: settings, prepared statements,
/// LISTEN and advisory locks then end up in anybody's session. Blocks: never call it on a loop.
package enum PoolerProbe {
    package enum Finding: Sendable, Equatable {
        case direct
        /// A pooler that gives each session one server process until its end.
        case sessionPooling
        /// A pooler that gives each transaction any server process.
        case transactionPooling
    }

    /// With a pooler that hands its processes out in turn, the one we gave back comes round within a few.
    private static let rounds = 5

    /// Throws if it cannot connect, or if the pooler has no two server processes for us.
    package static func look(_ connectionString: String) throws(PostgresError) -> Finding {
        let one = try BlockingConnection(connectionString, applicationName: "subgate pooler probe")
        var mine = try process(one)
        // A pooler makes up a process of its own for each client, which is what a client that cancels would name.
        if mine == one.backendProcess { return .direct }
        let other = try BlockingConnection(connectionString, applicationName: "subgate pooler probe")
        // If there is no process left for it, that is told here.
        _ = try process(other)
        for _ in 0..<rounds {
            do throws(PostgresError) {
                try other.execute("begin")
            } catch {
                // Statement mode ends a session that begins a transaction.
                return .transactionPooling
            }
            // It holds its process until its commit: if that was ours, or if ours is another now, we keep none.
            if try process(other) == mine { return .transactionPooling }
            let now = try process(one)
            if now != mine { return .transactionPooling }
            mine = now
            try other.execute("commit")
        }
        return .sessionPooling
    }

    private static func process(_ connection: BlockingConnection) throws(PostgresError) -> Int32 {
        try connection.query(SessionSQL.process).int32(0, 0)
    }
}
