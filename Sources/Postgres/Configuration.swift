package import Runtime

/// What a `Database` is told. Durations that go to the server are whole milliseconds.
package struct DatabaseConfiguration: Sendable {
    package enum PlanCacheMode: String, Sendable {
        case auto
        case forceGeneric = "force_generic_plan"
        case forceCustom = "force_custom_plan"
    }

    package enum Preparation: Sendable {
        /// Each statement when a connection first needs it: most need few of the hundreds there are, and after a
        /// failover every node connects at once.
        case whenUsed
        /// All of them as soon as there is a connection, so that what the server does not understand fails the start.
        case atOnce
    }

    /// libpq's: keywords or a URL. Several hosts with `target_session_attrs=read-write` follow a failover.
    package var connectionString: String
    package var applicationName = "subgate"
    package var readConnections = 1
    package var writeConnections = 1
    /// The lanes this database has.
    package var lanes: [Lane] = [.read, .write]

    /// The server ends what takes longer (57014); 0 is never.
    package var statementTimeout: Duration = .seconds(5)
    /// The server gives up waiting for a lock after this (55P03).
    package var lockTimeout: Duration = .seconds(2)
    package var idleInTransactionTimeout: Duration = .seconds(10)
    package var planCacheMode = PlanCacheMode.auto
    package var preparation = Preparation.whenUsed
    /// More settings of the session, by name.
    package var settings: [(name: String, value: String)] = []
    /// Channels to LISTEN on, on one connection of the read lane. Plain lower-case names.
    package var channels: [String] = []

    /// Units that may wait in one lane; more are answered `.unavailable(.queueFull)` at once.
    package var queueLimit = 16_384
    /// How long a unit may wait for a connection before it is answered `.unavailable(.deadline)`.
    package var queueDeadline: Duration = .seconds(5)
    /// How long a server may take to set a session up: its settings, and the statements it prepares at once.
    package var setUpTimeout: Duration = .seconds(10)
    /// After this without an end of a batch its connection is given up: the server or the network hangs.
    package var stallTimeout: Duration = .seconds(15)
    /// After this without any connection new units are answered `.unavailable(.cannotConnect)` at once.
    package var failFastAfter: Duration = .seconds(2)
    /// How long a server may leave all that was sent to it unanswered before it counts as away.
    package var silenceLimit: Duration = .seconds(3)
    package var unitsPerBatch = Limits.unitsPerBatch

    /// Randomness for the pauses between connection attempts.
    package var random = RandomSource.system

    package init(connectionString: String) { self.connectionString = connectionString }

    /// The settings a session of the lane gets.
    func sessionSettings(_ lane: Lane) -> [(name: String, value: String)] {
        var all = [
            ("statement_timeout", milliseconds(statementTimeout)), ("lock_timeout", milliseconds(lockTimeout)),
            ("idle_in_transaction_session_timeout", milliseconds(idleInTransactionTimeout)),
            ("plan_cache_mode", planCacheMode.rawValue),
        ]
        // A read may be sent again when its connection dies, so it must not be able to change anything.
        if lane == .read { all.append(("default_transaction_read_only", "on")) }
        return all.map { (name: $0.0, value: $0.1) } + settings
    }

    private func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000)"
    }
}

/// Which connections a unit goes to.
package enum Lane: String, Sendable, CaseIterable {
    /// Read-only sessions. A unit whose connection dies is sent again.
    case read
    /// A unit whose connection dies while it is in flight fails with `.connectionLost(.outcomeUnknown)`.
    case write
    /// Like `write`, with one connection. For units that begin by taking one lock they all share: mixed with others in
    /// one transaction they would hold it while they wait for rows, and two such transactions for each other.
    case serial
    /// Like `write`, with each unit in a transaction of its own. For units that lock a row which others lock too, one
    /// each: together in one transaction they would hold theirs while they wait for another's.
    case single
    /// Like `write`, with connections and a queue that nothing else uses: for what must go on when all else waits.
    case inbound
}
