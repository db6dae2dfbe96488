package import Domain
import Postgres
import Runtime
import SQL

/// One look at the database's gate: what the server is, and what was written of it.
package struct GateLook: Sendable {
    package let server: ServerIdentity
    package let hasRecoveryTarget: Bool
    /// Nil before a node has served this database.
    package let record: DeliveryGate.Record?
    /// What was discarded since it is held.
    package let discarded: Int64

    package init(server: ServerIdentity, hasRecoveryTarget: Bool, record: DeliveryGate.Record?, discarded: Int64) {
        self.server = server
        self.hasRecoveryTarget = hasRecoveryTarget
        self.record = record
        self.discarded = discarded
    }
}

/// What is owed, counted by when its event was received.
package struct OwedDeliveries: Hashable, Sendable {
    /// Since it is on hold, or how long before the database was served last. The raw values are the statement's words.
    package enum Age: String, Sendable, CaseIterable { case held, minute, hour, day, earlier }

    package let age: Age
    package let count: Int64
    /// Of those, how many had a failed attempt.
    package let tried: Int64

    package init(age: Age, count: Int64, tried: Int64) {
        self.age = age
        self.count = count
        self.tried = tried
    }
}

extension Store {
    /// Deliveries discarded in one transaction: some tenths of a second of locks, in a database that sends nothing.
    private static let discardSize: Int32 = 10_000

    /// Looks at the server itself: not at a copy of it.
    package func lookAtGate() async throws(StoreError) -> GateLook {
        let rows = try await run(PlatformScope.system, .lookAtGate, [])
        func server(_ column: Int) throws(StoreError) -> ServerIdentity {
            try ServerIdentity(
                systemIdentifier: rows.int64(0, column), timeline: rows.int32(0, column + 1),
                startedAt: rows.time(0, column + 2))
        }
        var record: DeliveryGate.Record?
        if !rows.isNull(0, 4) {
            var hold: DeliveryGate.Hold?
            if let since = rows.optionalTime(0, 9) {
                hold = try DeliveryGate.Hold(since: since, reason: rows.word(0, 10))
            }
            record = try DeliveryGate.Record(
                server: server(6), pulse: GatePulse(number: rows.int64(0, 4), at: rows.time(0, 5)), hold: hold)
        }
        return try GateLook(
            server: server(0), hasRecoveryTarget: rows.bool(0, 3), record: record,
            discarded: record == nil ? 0 : rows.int64(0, 11))
    }

    /// Lets deliveries out of the server that was looked at. Returns the pulse this left; nil if the server was
    /// replaced, or somebody wrote since: then look again.
    package func passGate(_ look: GateLook) async throws(StoreError) -> GatePulse? {
        let now = clock.now()
        let rows = try await run(
            PlatformScope.system, .passGate,
            [
                .int64(look.record?.pulse.number ?? 0), .time(now), .int64(look.server.systemIdentifier),
                .int32(look.server.timeline), .time(look.server.startedAt),
            ])
        return rows.isEmpty ? nil : try GatePulse(number: rows.int64(0, 0), at: now)
    }

    /// Lets nothing out of the server that was looked at, until somebody releases it. Nothing happens if the server was
    /// replaced, or somebody wrote since: then look again.
    package func holdGate(_ look: GateLook, for reason: HoldReason) async throws(StoreError) {
        _ = try await audited(
            PlatformScope.system, gateChange(.deliveriesHeld),
            [
                Query(
                    .holdGate,
                    [
                        .int64(look.record?.pulse.number ?? 0), .time(clock.now()), .time(clock.now()), .word(reason),
                        .time(look.server.startedAt),
                    ])
            ])
    }

    /// Lets nothing out of this database until somebody releases it. Returns false if that was so already.
    package func holdDeliveries() async throws(StoreError) -> Bool {
        let now = Parameter.time(clock.now())
        let rows = try await audited(
            PlatformScope.system, gateChange(.deliveriesHeld),
            [Query(.holdGate, [.null, now, now, .word(HoldReason.asked), .null])])
        return !rows[0].isEmpty
    }

    /// Lets deliveries out of this database, whatever it is. Returns how many were discarded before; nil if nothing
    /// was held.
    package func releaseDeliveries() async throws(StoreError) -> Int64? {
        let rows = try await audited(
            PlatformScope.system, gateChange(.deliveriesReleased), [Query(.releaseGate, [.time(clock.now())])])
        return rows[0].isEmpty ? nil : try rows[0].int64(0, 0)
    }

    /// What is owed to all endpoints, by its age when the database was `served` last. Reads all of it.
    package func owedDeliveries(served: Timestamp, heldSince: Timestamp) async throws(StoreError) -> [OwedDeliveries] {
        let rows = try await run(PlatformScope.system, .countOwed, [.time(served), .time(heldSince)])
        return try rows.indices.map { row throws(StoreError) in
            try OwedDeliveries(age: rows.word(row, 0), count: rows.int64(row, 1), tried: rows.int64(row, 2))
        }
    }

    /// Cancels what is owed of events received before `cutoff`, in many transactions; what is left undone when one
    /// fails is done by the next call. Returns how many that were; nil if nothing is held.
    package func discardOwed(before cutoff: Timestamp) async throws(StoreError) -> Int64? {
        // What nodes had in their memories when the backup was made gets rows first.
        _ = try await rescueLapsedHandovers(after: Timestamp(seconds: 0))
        var total: Int64 = 0
        while true {
            let rows = try await run(
                PlatformScope.system, .discardOwed, [.time(cutoff), .int32(Store.discardSize), .time(clock.now())])
            if rows.isNull(0, 0) { return nil }
            let done = try rows.int32(0, 0)
            total += Int64(done)
            if done == 0 { return total }
        }
    }

    private func gateChange(_ action: AuditAction) -> AuditedChange {
        AuditedChange(action, of: .deliveryGate, DataKey.platformOwner)
    }
}
