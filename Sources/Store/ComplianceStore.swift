package import Domain
import Postgres
import Runtime
import SQL

/// One state of a sub-client's compliance; a change makes the next, with the next number.
package struct ComplianceRevision: Sendable {
    /// From 1; 0 for a sub-client that never got any.
    package let number: Int32
    /// The rules as JSON in the spelling they were stored in; nil with number 0.
    package let rules: [UInt8]?
    package let kyb: KYB
    /// From when it is in force; nil with number 0.
    package let effectiveAt: Timestamp?
    package let createdAt: Timestamp?
    /// Who wrote it; nil for Subgate itself.
    package let createdBy: Author?

    /// A member, and the admin key it was done with.
    package struct Author: Sendable {
        package let member: MemberID
        package let key: AdminKeyID
    }

    package static let none = ComplianceRevision(
        number: 0, rules: nil, kyb: .none, effectiveAt: nil, createdAt: nil, createdBy: nil)
}

/// Where a sub-client's compliance stands.
package struct Compliance: Sendable {
    package let inForce: ComplianceRevision
    /// What comes into force next.
    package let next: ComplianceRevision?
    /// The number of the latest revision, whenever it comes into force: 0 if there is none.
    package let latest: Int32
}

package struct NewComplianceRevision: Sendable {
    /// A JSON object in one spelling.
    package var rules: [UInt8]
    package var kyb: KYB
    /// Not in the past; nil for at once.
    package var effectiveAt: Timestamp?

    package init(rules: [UInt8], kyb: KYB, effectiveAt: Timestamp? = nil) {
        self.rules = rules
        self.kyb = kyb
        self.effectiveAt = effectiveAt
    }
}

extension Store {
    /// What is in force now, and what is to come. Throws `.notFound`.
    package func compliance(_ scope: TenantScope) async throws(StoreError) -> Compliance {
        let rows = try await run(
            scope, .getCompliance, [.id(scope.subClient), .time(clock.now())], on: .read)
        if rows.isEmpty { throw .notFound }
        var marked: [Int32: ComplianceRevision] = [:]
        for row in rows.indices where !rows.isNull(row, 0) {
            try marked[rows.int32(row, 0)] = ComplianceRevision(rows, row, from: 1)
        }
        return Compliance(inForce: marked[1] ?? .none, next: marked[2], latest: marked[3]?.number ?? 0)
    }

    /// Newest first. Throws `.notFound`.
    package func complianceRevisions(
        _ scope: TenantScope, _ page: PageRequest
    ) async throws(StoreError) -> Page<ComplianceRevision> {
        // A cursor holds an identifier; a number is one in its low half.
        let last = page.cursor.map { Int32(truncatingIfNeeded: $0.last.low) } ?? .max
        let rows = try await run(
            scope, .listComplianceRevisions,
            [.id(scope.subClient), .int32(last), page.rowLimit], on: .read)
        let items = try rows.indices.prefix(page.limit).map { row throws(StoreError) in
            try ComplianceRevision(rows, row, from: 0)
        }
        guard rows.count > page.limit, let end = items.last else { return Page(items: items, next: nil) }
        return Page(items: items, next: Cursor(after: UUIDValue(high: 0, low: UInt64(end.number))))
    }

    /// Writes the next revision. Throws `.notFound`, `.subClientClosed`, and `.stale` if the latest revision's number
    /// is not `version` (nil for any).
    package func reviseCompliance(
        _ scope: TenantScope, _ new: NewComplianceRevision, version: Int32?
    ) async throws(StoreError) -> ComplianceRevision {
        let kyb = new.kyb
        let author: ComplianceRevision.Author? =
            if case .member(let member, let key) = scope.actor.identity { .init(member: member, key: key) } else { nil }
        let results = try await audited(
            scope,
            AuditedChange(.complianceRevised, of: .compliance, scope.subClient.uuid, subClient: scope.subClient),
            [
                Query(.lockCompliance, [.id(scope.subClient)]),
                Query(
                    .createComplianceRevision,
                    [
                        .id(scope.subClient), version.map { .int32($0) } ?? .null, .text(new.rules), .word(kyb.status),
                        .time(kyb.expiresAt), .text(kyb.legalEntity), .text(kyb.registrationNumber), .text(kyb.address),
                        .text(kyb.vaspID), .text(kyb.platformCategory), .time(new.effectiveAt), .text(kyb.mcc),
                        .time(clock.now()), .id(author?.member), .id(author?.key),
                    ]),
            ])
        if results[0].isEmpty { throw .notFound }
        let made = results[1]
        guard !made.isEmpty else {
            let standing: SubClientStatus = try results[0].word(0, 0)
            throw [.closed, .erased].contains(standing) ? .subClientClosed : .stale
        }
        return try ComplianceRevision(
            number: made.int32(0, 0), rules: new.rules, kyb: kyb, effectiveAt: made.time(0, 1),
            createdAt: made.time(0, 2), createdBy: author)
    }
}

extension ComplianceRevision {
    /// Reads the columns from `first` on: number, rules, the business's, effective_at, created_at, who wrote it.
    fileprivate init(_ rows: Rows, _ row: Int, from first: Int) throws(StoreError) {
        var author: Author?
        if let member: MemberID = rows.optionalID(row, first + 12),
            let key: AdminKeyID = rows.optionalID(row, first + 13)
        {
            author = Author(member: member, key: key)
        }
        try self.init(
            number: rows.int32(row, first), rules: rows.text(row, first + 1),
            kyb: KYB(
                status: rows.word(row, first + 2), expiresAt: rows.optionalTime(row, first + 3),
                legalEntity: rows.optionalText(row, first + 4), registrationNumber: rows.optionalText(row, first + 5),
                address: rows.optionalText(row, first + 6), vaspID: rows.optionalText(row, first + 7),
                platformCategory: rows.optionalText(row, first + 8), mcc: rows.optionalText(row, first + 9)),
            effectiveAt: rows.time(row, first + 10), createdAt: rows.time(row, first + 11),
            createdBy: author)
    }
}
