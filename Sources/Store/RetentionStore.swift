package import Domain
import Postgres
import Runtime
import SQL

/// Work that one node does for all, now and then. The raw values are the database's words.
package enum Chore: String, Sendable, CaseIterable {
    /// Making partitions ahead, dropping old ones, forgetting what has expired.
    case retention
    /// Walking over the keys of events.
    case eventKeys
}

/// A month of events, deliveries and attempts that is old enough to be dropped.
package struct ExpiredPartition: Hashable, Sendable {
    /// Such as `202501`.
    package let month: String
    /// Why it was kept, a word; nil if it was dropped.
    package let keptFor: String?
    /// Kept only because somebody used the tables just then.
    package var isBusy: Bool { keptFor == "busy" }

    package init(month: String, keptFor: String?) {
        self.month = month
        self.keptFor = keptFor
    }
}

extension Store {
    /// Leases a chore if it is due and nobody has it; nil otherwise.
    package func claim(_ chore: Chore, lease: Duration) async throws(StoreError) -> UUIDValue? {
        let now = clock.now()
        let id = identifiers.nextUUID()
        let rows = try await run(
            PlatformScope.system, .claimChore, [.word(chore), .uuid(id), .time(now), .time(now + lease)])
        return rows.isEmpty ? nil : id
    }

    /// Gives the lease back. Nothing happens if it was lost.
    package func finish(_ chore: Chore, lease: UUIDValue, next: Timestamp) async throws(StoreError) {
        _ = try await run(PlatformScope.system, .finishChore, [.word(chore), .uuid(lease), .time(next)])
    }

    /// Drops the oldest month of events, deliveries and attempts that ended before a moment and owes nothing; at most
    /// one. Returns the older ones that were kept, and then the one that was dropped, if there was one.
    ///
    /// `before` is at least a week ago by the database's clock.
    package func dropExpiredPartition(before: Timestamp) async throws(StoreError) -> [ExpiredPartition] {
        let rows = try await run(PlatformScope.system, .dropExpiredPartition, [.time(before)])
        return try rows.indices.map { row throws(StoreError) in
            try ExpiredPartition(
                month: rows.string(row, 0), keptFor: rows.isNull(row, 1) ? nil : rows.string(row, 1))
        }
    }

    /// Forgets up to `limit` events, with their deliveries and attempts, from before a moment that are in no month's
    /// partition. Returns how many events.
    package func pruneDefaultPartitions(before: Timestamp, limit: Int) async throws(StoreError) -> Int64 {
        try await run(PlatformScope.system, .pruneDefaultPartitions, [.time(before), .int32(Int32(limit))]).int64(0, 0)
    }

    /// Forgets up to `limit` events of the quarantine from before a moment. Returns how many.
    package func forgetQuarantined(before: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await run(
            PlatformScope.system, .forgetQuarantined, [.time(before), .int32(Int32(limit))]
        ).affected
    }

    /// Forgets keys of events received before a moment, of those that lie in the table's blocks `from..<from + count`.
    /// Returns how many, and how many blocks there are.
    package func forgetEventKeys(
        before: Timestamp, from: Int64, count: Int64
    ) async throws(StoreError) -> (forgotten: Int64, blocks: Int64) {
        let rows = try await run(
            PlatformScope.system, .forgetEventKeys, [.time(before), .int64(from), .int64(count)])
        return try (rows.int64(0, 0), rows.int64(0, 1))
    }
}
