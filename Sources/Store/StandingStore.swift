package import Domain
import Postgres
import Runtime
import SQL

/// How a sub-client stands: what judges its link tokens.
package struct Standing: Sendable {
    package let status: SubClientStatus
    /// The one in force, if there is any, and those that come into force soon, in the order in which they do.
    package let revisions: [Revision]

    package struct Revision: Sendable {
        package let number: Int32
        package let effectiveAt: Timestamp
        /// Of the business, only how and until when it is approved.
        package let kyb: KYB
        /// JSON as it was stored; nil if the caller knows this revision's.
        package let rules: [UInt8]?
    }
}

extension StoreError {
    /// The link session would take the day's total above its maximum: it was not stored.
    package static let dayIsFull = StoreError.conflict(constraint: "compliance_day_maximum")
}

extension Store {
    /// How the scope's sub-client stands at `now`, and what comes into force until `horizon`. Rules of revisions in
    /// `known` are not read again. Throws `.notFound`.
    package func standing(
        _ scope: TenantScope, at now: Timestamp, until horizon: Timestamp, known: [Int32]
    ) async throws(StoreError) -> Standing {
        let rows = try await run(
            scope, .findStanding, [.id(scope.subClient), .time(now), .time(horizon), .int32Array(known)], on: .read)
        if rows.isEmpty { throw .notFound }
        let revisions = try rows.indices.filter { !rows.isNull($0, 1) }.map { row throws(StoreError) in
            try Standing.Revision(
                number: rows.int32(row, 1), effectiveAt: rows.time(row, 2),
                kyb: KYB(status: rows.word(row, 3), expiresAt: rows.optionalTime(row, 4)),
                rules: rows.optionalText(row, 5))
        }
        return try Standing(status: rows.word(0, 0), revisions: revisions)
    }

    /// Whether a link session that asks for `amount` now would keep the day's total at or below `maximum`. Only
    /// `createLinkSession` decides it. Throws `.notFound` if the scope has no environment.
    package func dayHasRoom(
        _ scope: TenantScope, for amount: ExactDecimal, below maximum: ExactDecimal, revision: Int32
    ) async throws(StoreError) -> Bool {
        guard let environment = scope.environment else { throw .notFound }
        let rows = try await run(
            scope, .dayHasRoom,
            [
                .id(scope.subClient), .word(environment), .time(clock.now()), .int32(revision), .text(amount.text),
                .text(maximum.text),
            ], on: .read)
        return try rows.bool(0, 0)
    }

    /// Counts a link session and stores it, or neither: the day's row is locked by who counts, so that of all nodes at
    /// once no two can use the same room. `parameters` are the statement's.
    func createCounted(
        _ scope: TenantScope, _ new: NewLinkSession, _ parameters: [Parameter], now: Timestamp
    ) async throws(StoreError) {
        let day: [Parameter] = [
            .id(scope.subClient), .word(new.environment), .time(now), .int32(new.complianceRevision ?? 0),
        ]
        let results = try await run(
            scope,
            [
                Query(.openComplianceDay, day), Query(.lockComplianceDay, day), Query(.recountComplianceDay, day),
                Query(.createCountedLinkSession, parameters),
            ], on: .single)
        if results[3].isEmpty { throw .dayIsFull }
    }
}
