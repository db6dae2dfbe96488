package import Domain
import Postgres
import Runtime
import SQL

/// What is due and was not taken by any node yet.
package struct Backlog: Hashable, Sendable {
    /// Deliveries whose time has come.
    package let timed: Int
    /// Endpoints with a queue from which something may be sent now.
    package let readyLanes: Int
    /// Endpoints with a queue: those that are paused or slowed down too.
    package let lanes: Int
    /// Nil if nothing is due.
    package let oldestDueAt: Timestamp?
    /// Endpoints with a queue whose breaker is not closed.
    package let brokenLanes: Int

    package init(timed: Int, readyLanes: Int, lanes: Int, oldestDueAt: Timestamp?, brokenLanes: Int = 0) {
        self.timed = timed
        self.readyLanes = readyLanes
        self.lanes = lanes
        self.oldestDueAt = oldestDueAt
        self.brokenLanes = brokenLanes
    }
}

/// What waits for a person.
package struct Kept: Hashable, Sendable {
    /// Deliveries held because their endpoint is disabled.
    package let held: Int
    /// Events without a sub-client.
    package let quarantined: Int

    package init(held: Int, quarantined: Int) {
        self.held = held
        self.quarantined = quarantined
    }
}

extension Store {
    /// Each kind is counted up to `limit`, so that looking costs the same however much there is.
    package func backlog(limit: Int) async throws(StoreError) -> Backlog {
        let rows = try await run(
            PlatformScope.system, .countDue, [.time(clock.now()), .int32(Int32(clamping: limit))])
        return try Backlog(
            timed: Int(rows.int64(0, 0)), readyLanes: Int(rows.int64(0, 1)), lanes: Int(rows.int64(0, 2)),
            oldestDueAt: rows.optionalTime(0, 3), brokenLanes: Int(rows.int64(0, 4)))
    }

    /// Each kind is counted up to `limit`. It walks over all endpoints: ask seldom.
    package func kept(limit: Int) async throws(StoreError) -> Kept {
        let rows = try await run(PlatformScope.system, .countKept, [.int32(Int32(clamping: limit))])
        return try Kept(held: Int(rows.int64(0, 0)), quarantined: Int(rows.int64(0, 1)))
    }
}
