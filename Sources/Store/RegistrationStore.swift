package import Domain
import Postgres
import Runtime
import SQL

/// How one sub-client stands at one upstream.
package struct Registration: Sendable {
    package let upstream: UpstreamID
    package let environment: Environment
    package let upstreamName: [UInt8]
    package let state: RegistrationState
    /// The upstream's own id of it.
    package let upstreamSubClientID: UUIDValue?
    /// Since the last success, or the last change.
    package let attempts: Int32
    /// Nil if nothing is to be done.
    package let dueAt: Timestamp?
    /// A stable code of why the last attempt failed, and the upstream's words.
    package let lastError: [UInt8]?
    package let lastErrorMessage: [UInt8]?
    package let lastAttemptAt: Timestamp?
    package let syncedAt: Timestamp?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

/// What an upstream is to know of a sub-client.
package struct WantedSubClient: Equatable, Sendable {
    package let legalName: [UInt8]
    package let displayName: [UInt8]
    package let allowedOrigins: [[UInt8]]
    /// JSON: the rule `integrations` of the compliance policy in force; nil for none.
    package let integrations: [UInt8]?
    /// SHA-256; nil for no logo.
    package let logoDigest: [UInt8]?

    package init(
        legalName: [UInt8], displayName: [UInt8], allowedOrigins: [[UInt8]] = [], integrations: [UInt8]? = nil,
        logoDigest: [UInt8]? = nil
    ) {
        self.legalName = legalName
        self.displayName = displayName
        self.allowedOrigins = allowedOrigins
        self.integrations = integrations
        self.logoDigest = logoDigest
    }
}

/// A registration to compare with what the upstream has.
package struct WantedRegistration: Sendable {
    package let subClient: SubClientID
    package let upstreamSubClientID: UUIDValue?
    /// Nil for one that the upstream is not to have.
    package let wanted: WantedSubClient?
}

extension StoreError {
    /// There is nothing to send for one that is removed.
    package static let registrationRemoved = StoreError.conflict(constraint: "registration_removed")
}

extension Store {
    /// One for each upstream that sub-clients are registered at.
    package func registrations(
        _ scope: PlatformScope, of subClient: SubClientID
    ) async throws(StoreError) -> [Registration] {
        let rows = try await run(scope, .listRegistrations, [.id(subClient), .null], on: .read)
        return try rows.indices.map { row throws(StoreError) in try Registration(rows, row) }
    }

    /// Makes one due now, as if something had changed. Throws `.notFound`, `.registrationRemoved`.
    package func retryRegistration(
        _ scope: PlatformScope, of subClient: SubClientID, at upstream: UpstreamID
    ) async throws(StoreError) -> Registration {
        let change = AuditedChange(.registrationRetried, of: .registration, upstream.uuid, subClient: subClient)
        let place: [Parameter] = [.id(subClient), .id(upstream)]
        let results = try await audited(
            scope, change,
            [Query(.retryRegistration, place + [.time(clock.now())]), Query(.listRegistrations, place)])
        if results[1].isEmpty { throw .notFound }
        if results[0].isEmpty { throw .registrationRemoved }
        return try Registration(results[1], 0)
    }

    /// What an upstream is to have, in pages: up to `limit` after `last`. For comparing.
    package func wantedRegistrations(
        _ scope: PlatformScope, at upstream: UpstreamID, after last: SubClientID?, limit: Int
    ) async throws(StoreError) -> [WantedRegistration] {
        let rows = try await run(
            scope, .listWantedRegistrations,
            [.id(upstream), .id(last), .int32(Int32(limit)), .time(clock.now())], on: .read)
        return try rows.indices.map { row throws(StoreError) in
            try WantedRegistration(
                subClient: rows.id(row, 0), upstreamSubClientID: rows.optionalUUID(row, 1),
                wanted: rows.bool(row, 2) ? WantedSubClient(rows, row, from: 3) : nil)
        }
    }
}

extension WantedSubClient {
    /// Reads legal name, display name, origins, integrations and logo digest, in this order.
    init(_ rows: Rows, _ row: Int, from column: Int) throws(StoreError) {
        try self.init(
            legalName: rows.text(row, column), displayName: rows.text(row, column + 1),
            allowedOrigins: rows.textArray(row, column + 2).compactMap { $0 },
            integrations: rows.optionalJSON(row, column + 3), logoDigest: rows.optionalBytes(row, column + 4))
    }
}

extension Registration {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            upstream: rows.id(row, 0), environment: rows.word(row, 1), upstreamName: rows.text(row, 2),
            state: rows.word(row, 3), upstreamSubClientID: rows.optionalUUID(row, 4), attempts: rows.int32(row, 5),
            dueAt: rows.optionalTime(row, 6), lastError: rows.optionalText(row, 7),
            lastErrorMessage: rows.optionalText(row, 8), lastAttemptAt: rows.optionalTime(row, 9),
            syncedAt: rows.optionalTime(row, 10), createdAt: rows.time(row, 11), updatedAt: rows.time(row, 12))
    }
}
