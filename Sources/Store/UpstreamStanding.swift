package import Domain
import Postgres
import Runtime
import SQL

// How upstreams stand, for the PSP's people to see.

/// How far the looks at an upstream's list of transfers are.
package struct ReconciliationStanding: Sendable {
    package let upstream: UpstreamID
    package let sweep: ReconciliationSweep
    package let sweptUntil: Timestamp
    package let dueAt: Timestamp
    /// In a row.
    package let failures: Int32
}

/// How many sub-clients stand in one way at an upstream.
package struct RegistrationCount: Sendable {
    package let upstream: UpstreamID
    package let state: RegistrationState
    package let count: Int64
}

/// A sub-client whom an upstream does not take.
package struct FailedRegistration: Sendable {
    package let upstream: UpstreamID
    package let subClient: SubClientID
    package let displayName: [UInt8]
    package let lastError: [UInt8]?
    package let lastAttemptAt: Timestamp?
    package let attempts: Int32
}

extension Store {
    package func reconciliations(_ scope: PlatformScope) async throws(StoreError) -> [ReconciliationStanding] {
        let rows = try await run(scope, .listReconciliations, [], on: .read)
        return try rows.indices.map { row throws(StoreError) in
            try ReconciliationStanding(
                upstream: rows.id(row, 0), sweep: rows.word(row, 1), sweptUntil: rows.time(row, 2),
                dueAt: rows.time(row, 3), failures: rows.int32(row, 4))
        }
    }

    package func registrationCounts(_ scope: PlatformScope) async throws(StoreError) -> [RegistrationCount] {
        let rows = try await run(scope, .countRegistrations, [], on: .read)
        return try rows.indices.map { row throws(StoreError) in
            try RegistrationCount(upstream: rows.id(row, 0), state: rows.word(row, 1), count: rows.int64(row, 2))
        }
    }

    /// The first of them, by upstream and sub-client.
    package func failedRegistrations(
        _ scope: PlatformScope, limit: Int
    ) async throws(StoreError) -> [FailedRegistration] {
        let rows = try await run(scope, .listFailedRegistrations, [.int32(Int32(limit))], on: .read)
        return try rows.indices.map { row throws(StoreError) in
            try FailedRegistration(
                upstream: rows.id(row, 0), subClient: rows.id(row, 1), displayName: rows.text(row, 2),
                lastError: rows.optionalText(row, 3), lastAttemptAt: rows.optionalTime(row, 4),
                attempts: rows.int32(row, 5))
        }
    }
}
