package import Domain
import Postgres
import Runtime
import SQL

/// One link of the audit chain, as it is stored.
package struct AuditEntry: Sendable {
    package let seq: Int64
    package let id: AuditEntryID
    package let at: Timestamp
    /// JSON text: who did what to what, and the digest of `details`. What `hash` is made over, byte for byte.
    package let body: [UInt8]
    /// JSON text: the values before and after, and a salt. Nil once erased.
    package let details: [UInt8]?
    package let previousHash: [UInt8]
    /// SHA-256 of `previousHash` and `body`.
    package let hash: [UInt8]

    package init(
        seq: Int64, id: AuditEntryID, at: Timestamp, body: [UInt8], details: [UInt8]?, previousHash: [UInt8],
        hash: [UInt8]
    ) {
        self.seq = seq
        self.id = id
        self.at = at
        self.body = body
        self.details = details
        self.previousHash = previousHash
        self.hash = hash
    }
}

/// Which entries are asked for; all of nil is all of them.
package struct AuditFilter: Sendable {
    package var subClient: SubClientID?
    /// A member's or a credential's id.
    package var actor: UUIDValue?
    package var action: [UInt8]?
    package var target: UUIDValue?
    package var from: Timestamp?
    package var before: Timestamp?
    package init() {}
}

extension Store {
    /// Newest first, those before the entry `before`. `hasMore` says whether there are older ones.
    package func auditEntries(
        _ scope: PlatformScope, _ filter: AuditFilter, before: Int64?, limit: Int
    ) async throws(StoreError) -> (entries: [AuditEntry], hasMore: Bool) {
        let rows = try await run(
            scope, .listAuditEntries,
            [
                .int64(before ?? .max), .id(filter.subClient), .uuid(filter.actor), .text(filter.action),
                .uuid(filter.target), .time(filter.from), .time(filter.before), .int32(Int32(limit + 1)),
            ], on: .read)
        return try (
            rows.indices.prefix(limit).map { row throws(StoreError) in try AuditEntry(rows, row) }, rows.count > limit
        )
    }

    /// Oldest first, those after the entry `after`; 0 is before the first.
    package func auditEntries(
        _ scope: PlatformScope, after: Int64, limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        let rows = try await run(scope, .exportAuditEntries, [.int64(after), .int32(Int32(limit))], on: .read)
        return try rows.indices.map { row throws(StoreError) in try AuditEntry(rows, row) }
    }
}

extension AuditEntry {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            seq: rows.int64(row, 0), id: rows.id(row, 1), at: rows.time(row, 2), body: rows.text(row, 3),
            details: rows.optionalText(row, 4), previousHash: rows.bytes(row, 5), hash: rows.bytes(row, 6))
    }
}
