package import Domain
import Postgres
import Runtime
import SQL

/// A request to send an endpoint again what was received for it in a span of time, and how far it has come.
package struct Recovery: Sendable {
    package let id: RecoveryID
    package let endpoint: EndpointID
    package let environment: Environment
    package let since: Timestamp
    package let until: Timestamp
    package let onlyFailed: Bool
    package let ratePerSecond: Int32
    package let status: RecoveryStatus
    package let examined: Int64
    /// Deliveries that were made due, the new ones included.
    package let reopened: Int64
    /// Of these, those that the endpoint did not have.
    package let created: Int64
    /// The time of the last event that was examined; `since` before the first.
    package let reachedAt: Timestamp
    package let requestedAt: Timestamp
    package let completedAt: Timestamp?
}

package struct NewRecovery: Sendable {
    package var since: Timestamp
    package var until: Timestamp
    /// Whether what was delivered is left alone.
    package var onlyFailed: Bool
    package var ratePerSecond: Int

    /// `since` comes before `until`.
    package init(since: Timestamp, until: Timestamp, onlyFailed: Bool, ratePerSecond: Int) {
        self.since = since
        self.until = until
        self.onlyFailed = onlyFailed
        self.ratePerSecond = ratePerSecond
    }
}

extension StoreError {
    /// One runs for this endpoint already.
    package static let recoveryRunning = StoreError.conflict(constraint: "recovery_running")
}

extension Store {
    /// Begins a recovery, which goes on in the background. Throws `.notFound` for the endpoint, `.recoveryRunning`.
    package func beginRecovery(
        _ scope: TenantScope, of endpoint: EndpointID, _ new: NewRecovery
    ) async throws(StoreError) -> Recovery {
        let id: RecoveryID = identifiers.next()
        let results = try await audited(
            scope, change(.recoveryStarted, scope, id),
            [
                Query(
                    .beginRecovery,
                    [
                        .id(scope.subClient), .id(endpoint), .id(id), .word(scope.environment),
                        // Identifiers begin with 1970.
                        .time(max(new.since, Timestamp(seconds: 0))), .time(max(new.until, Timestamp(seconds: 1))),
                        .bool(new.onlyFailed), .int32(Int32(new.ratePerSecond)), .time(clock.now()),
                    ]),
                getQuery(scope, id),
            ])
        return try first(results[1])
    }

    /// Throws `.notFound`.
    package func recovery(_ scope: TenantScope, _ id: RecoveryID) async throws(StoreError) -> Recovery {
        try first(try await run(scope, [getQuery(scope, id)], on: .read)[0])
    }

    /// Those of one endpoint. Throws `.notFound` for it.
    package func recoveries(
        _ scope: TenantScope, of endpoint: EndpointID, _ page: PageRequest
    ) async throws(StoreError) -> Page<Recovery> {
        let results = try await run(
            scope,
            [
                Query(
                    .getEndpoint,
                    [.id(scope.subClient), .id(endpoint), .word(scope.environment), .time(clock.now())]),
                Query(
                    .listRecoveries,
                    [.id(scope.subClient), .id(endpoint), .word(scope.environment), page.after, page.rowLimit]),
            ], on: .read)
        if results[0].isEmpty { throw .notFound }
        return try Page(results[1], page) { row throws(StoreError) in try Recovery(results[1], row) }
    }

    /// What it has re-opened stays so; one that has ended stays as it is. Throws `.notFound`.
    package func cancelRecovery(_ scope: TenantScope, _ id: RecoveryID) async throws(StoreError) -> Recovery {
        let results = try await audited(
            scope, change(.recoveryCancelled, scope, id),
            [
                Query(
                    .cancelRecovery,
                    [.id(scope.subClient), .id(id), .word(scope.environment), .time(clock.now())]),
                getQuery(scope, id),
            ])
        return try first(results[1])
    }

    private func change(_ action: AuditAction, _ scope: TenantScope, _ id: RecoveryID) -> AuditedChange {
        AuditedChange(action, of: .recovery, id.uuid, subClient: scope.subClient)
    }

    private func getQuery(_ scope: TenantScope, _ id: RecoveryID) -> Query {
        Query(.getRecovery, [.id(scope.subClient), .id(id), .word(scope.environment)])
    }

    private func first(_ rows: Rows) throws(StoreError) -> Recovery {
        if rows.isEmpty { throw .notFound }
        return try Recovery(rows, 0)
    }
}

extension Recovery {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        let created = try rows.int64(row, 10)
        let since = try rows.time(row, 3)
        let position = try Timestamp(milliseconds: Int64(rows.uuidValue(row, 11).high >> 16))
        try self.init(
            id: rows.id(row, 0), endpoint: rows.id(row, 1), environment: rows.word(row, 2), since: since,
            until: rows.time(row, 4), onlyFailed: rows.bool(row, 5), ratePerSecond: rows.int32(row, 6),
            status: rows.word(row, 7), examined: rows.int64(row, 8), reopened: rows.int64(row, 9) + created,
            created: created, reachedAt: max(since, position), requestedAt: rows.time(row, 12),
            completedAt: rows.optionalTime(row, 13))
    }
}

// MARK: The background's side

/// A recovery that has something to do now.
package struct DueRecovery: Sendable {
    package let subClient: SubClientID
    package let id: RecoveryID
}

/// What is to be done after a chunk. The raw values are the database's words.
package enum RecoveryProgress: String, Sendable {
    /// The next chunk, when it is due.
    case going
    /// The same, a moment later: the end of its span is too young to be told from what is on its way.
    case waiting
    case ended
    /// Nothing: another node has it, or it has ended.
    case busy
}

extension Store {
    /// Up to `limit` recoveries, those that wait longest first.
    package func dueRecoveries(limit: Int) async throws(StoreError) -> [DueRecovery] {
        let rows = try await run(
            PlatformScope.system, .listDueRecoveries, [.time(clock.now()), .int32(Int32(limit))])
        return try rows.indices.map { row throws(StoreError) in
            try DueRecovery(subClient: rows.id(row, 0), id: rows.id(row, 1))
        }
    }

    /// Examines up to `size` events. `settling` is how old an event is before it is certain that a delivery which is
    /// not there is on its way from nowhere.
    package func recoverChunk(
        _ due: DueRecovery, size: Int, settling: Duration
    ) async throws(StoreError) -> RecoveryProgress {
        let created = Query(.recoveryCreated, [.id(due.subClient), .id(due.id)])
        let results = try await run(
            PlatformScope.system,
            [
                created,
                Query(
                    .recoverChunk,
                    [
                        .id(due.subClient), .id(due.id), .time(clock.now()),
                        .int32(Int32(settling.components.seconds)), .int32(Int32(size)),
                    ]),
                created,
            ])
        if !results[0].isEmpty, !results[2].isEmpty {
            let made = try results[2].int64(0, 0) - results[0].int64(0, 0)
            if made > 0 {
                try noteUsage(due.subClient, results[2].word(0, 1), UsageCount(deliveries: made))
            }
        }
        return try results[1].word(0, 0)
    }
}
