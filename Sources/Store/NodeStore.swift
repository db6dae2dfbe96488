package import Domain
import Postgres
import Runtime
import SQL

/// What a node learns when it shows that it lives.
package struct NodeSign: Sendable {
    /// The server's process for the session that holds the node's lock: another one if the session was replaced.
    package let session: Int32
    /// Whether the node was not known: it is new, or others have taken it for dead and what it held with it.
    package let isNew: Bool
    /// The server's time, at a moment between the steady readings `sent` and `received`.
    package let time: Timestamp
    package let sent: UInt64
    package let received: UInt64
}

extension Store {
    /// Shows that this node lives: holds its advisory lock on this store's one write connection and keeps its row.
    ///
    /// Call it on a store of its own with a single write connection, and again every moment: if that connection was
    /// replaced, the lock is taken anew.
    @discardableResult
    package func holdNode(_ id: UUIDValue, name: String) async throws(StoreError) -> NodeSign {
        // Advisory locks have 64 bits; the low half of a UUIDv7 is random.
        let lockKey = Int64(bitPattern: id.low)
        let sent = clock.monotonic()
        let results = try await run(
            PlatformScope.system,
            [
                Query(.holdNode, [.int64(lockKey)]),
                Query(.registerNode, [.uuid(id), .int64(lockKey), .string(name), .time(clock.now())]),
            ])
        return NodeSign(
            session: try results[0].int32(0, 1), isNew: !results[1].isEmpty, time: try results[0].time(0, 2),
            sent: sent, received: clock.monotonic())
    }

    /// How long a dead node stays known. The server ends what had begun, whether or not anybody is there to hear of it,
    /// so a commit of the dead may come when everything else of theirs was given back; statements end within this time.
    private static let timeOfLastCommits: Duration = .seconds(15)

    /// Makes due what dead nodes had leased, and returns how many deliveries that were. `node` asks, so it lives.
    ///
    /// Ask again and again: what commits late is found by one of the next looks.
    package func rescueLeases(for node: UUIDValue) async throws(StoreError) -> Int {
        let rows = try await run(PlatformScope.system, .findDeadNodes, [.uuid(node)], on: .read)
        if rows.isEmpty { return 0 }
        let dead = try Parameter.uuids(rows.indices.map { row throws(StoreError) in try rows.uuidValue(row, 0) })
        let now = clock.now()
        let results = try await run(
            PlatformScope.system,
            [
                Query(.releaseLeases, [dead, .time(now)]),
                Query(.rescueHandovers, [dead, .null, .null, .null, .null, .time(now)]),
                Query(.markDeadNodes, [dead, .time(now)]),
                Query(.forgetDeadNodes, [dead, .time(now - Store.timeOfLastCommits)]),
            ])
        return results[0].affected + results[1].affected
    }

    /// Makes due what was handed over to nodes that live but have not touched it until its lease ended, after
    /// `earliest`; returns how many deliveries that were.
    package func rescueLapsedHandovers(after earliest: Timestamp) async throws(StoreError) -> Int {
        let now = clock.now()
        return try await run(
            PlatformScope.system, .rescueHandovers,
            [.uuids([]), .time(earliest), .time(now), .null, .null, .time(now)]
        ).affected
    }

    /// Makes sure that the partitions of this month and the next ones exist.
    package func ensurePartitions() async throws(StoreError) {
        _ = try await run(PlatformScope.system, .ensurePartitions, [.string(clock.now().dateText), .int32(3)])
    }
}

extension Timestamp {
    /// `YYYY-MM-DD` in UTC.
    var dateText: String { String(decoding: rfc3339().prefix(10), as: UTF8.self) }
}
