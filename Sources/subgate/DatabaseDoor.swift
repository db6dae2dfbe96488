import Postgres
import Runtime
import SQL

/// Whether a node can work through what its connection string leads to; looked at before anything else.
enum DatabaseDoor {
    /// Connections of a node whatever its options are: its life, its erasures, its background.
    private static let ownConnections = 3
    /// And of each loop: one for units that share a lock, one for those that lock a row each, two for webhooks alone.
    private static let fixedPerLoop = 4

    /// How often room is looked for, and how long between: the sessions of a node that was killed end when PostgreSQL
    /// has ended what they were at.
    private static let looks = 10
    private static let pause: Duration = .milliseconds(500)

    /// Throws the one line that an operator needs. Blocks while it asks.
    static func check(_ configuration: ServiceConfiguration, _ loop: EventLoop) async throws(StartFailure) {
        for look in 1...looks {
            let pooled: String?
            let crowded: String?
            do throws(PostgresError) {
                pooled = try pooling(configuration.databaseURL)
                crowded = try crowding(configuration)
            } catch {
                throw StartFailure("\(error)")
            }
            if let pooled { throw StartFailure(pooled) }
            guard let crowded else { return }
            if look == looks { throw StartFailure(crowded) }
            await loop.run { await loop.sleep(for: pause) }
        }
    }

    /// What is wrong if the server has no room for the node's connections.
    private static func crowding(_ configuration: ServiceConfiguration) throws(PostgresError) -> String? {
        let connection = try BlockingConnection(configuration.databaseURL, applicationName: "subgate start")
        let room = Int(try connection.query(Statement.connectionRoom.text).int32(0, 0))
        let needed = connections(configuration)
        if room >= needed { return nil }
        return
            "PostgreSQL takes \(max(0, room)) more connections and this node makes \(needed): raise max_connections, "
            + "or lower --loops, --read-connections or --write-connections"
    }

    /// What is wrong with the pooler in between, if anything is.
    static func pooling(_ url: String) throws(PostgresError) -> String? {
        guard try PoolerProbe.look(url) == .transactionPooling else { return nil }
        return "what stands before PostgreSQL gives each transaction another session, as PgBouncer does in transaction "
            + "mode: use its session mode, or connect to PostgreSQL itself"
    }

    /// Whether a command can work through what the string leads to; if not, standard error says why. Blocks.
    static func admits(_ url: String, command: String) -> Bool {
        do throws(PostgresError) {
            guard let complaint = try pooling(url) else { return true }
            StandardStreams.complain("subgate \(command): \(complaint)")
        } catch {
            StandardStreams.complain("subgate \(command): \(error)")
        }
        return false
    }

    /// How many connections a node makes.
    static func connections(_ configuration: ServiceConfiguration) -> Int {
        let perLoop = configuration.readConnections + configuration.writeConnections + fixedPerLoop
        return configuration.loops * perLoop + ownConnections
    }
}
