import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// A member's key for the admin API, without its text.
package struct AdminKey: Sendable {
    package let id: AdminKeyID
    package let name: [UInt8]
    /// The key's last four characters.
    package let hint: [UInt8]
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    /// Roughly: at most some minutes behind.
    package let lastUsedAt: Timestamp?
}

/// A key that was just made, with the only copy of its text.
package struct CreatedAdminKey: Sendable {
    package let key: AdminKey
    package let text: [UInt8]
}

extension StoreError {
    /// The role in question allows what the caller's own does not: they may not give it, nor keys for it.
    package static let roleBeyondOwn = StoreError.conflict(constraint: "role_beyond_own")
    /// There is a key with which an owner can act.
    package static let ownerExists = StoreError.conflict(constraint: "owner_exists")
}

extension Store {
    /// Throws `.notFound`; `.roleBeyondOwn` if the member's role allows what the caller's does not.
    package func createAdminKey(
        _ scope: PlatformScope, for member: MemberID, name: [UInt8], expiresAt: Timestamp?,
        keeping: Keeping<CreatedAdminKey>? = nil
    ) async throws(StoreError) -> CreatedAdminKey {
        try await checkMayTouch(scope, member)
        let now = clock.now()
        let made = newAdminKey(name: name, expiresAt: expiresAt, now: now)
        let keep = try await keep(
            keeping, made, key: try await dataKey(scope), now: now)
        let results = try await audited(
            scope, change(.adminKeyCreated, made.key.id), [insert(made, for: member, now: now)] + keep)
        if results[0].isEmpty { throw .notFound }
        return made
    }

    package func adminKeys(
        _ scope: PlatformScope, of member: MemberID, _ page: PageRequest
    ) async throws(StoreError) -> Page<AdminKey> {
        let rows = try await run(scope, .listAdminKeys, [.id(member), page.after, page.rowLimit], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try AdminKey(rows, row) }
    }

    /// Makes a successor; the key itself works until `overlap` has passed. Throws `.notFound`, also for one that is
    /// revoked or expired, and `.roleBeyondOwn`.
    package func rotateAdminKey(
        _ scope: PlatformScope, of member: MemberID, _ id: AdminKeyID, overlap: Duration, expiresAt: Timestamp?,
        keeping: Keeping<CreatedAdminKey>? = nil
    ) async throws(StoreError) -> CreatedAdminKey {
        try await checkMayTouch(scope, member)
        let now = clock.now()
        let old = try await run(scope, .getAdminKey, [.id(member), .id(id)], on: .read)
        if old.isEmpty { throw .notFound }
        // The answer, which may be kept, shows the end that the statement gives.
        let isOwn = scope.actor.identity == .member(member, key: id)
        let end = isOwn ? [expiresAt, old.optionalTime(0, 7)].compactMap { $0 }.min() : expiresAt
        let made = try newAdminKey(name: AdminKey(old, 0).name, expiresAt: end, now: now)
        let key = made.key
        let keep = try await keep(keeping, made, key: try await dataKey(scope), now: now)
        let results = try await audited(
            scope, change(.adminKeyRotated, key.id),
            [
                Query(
                    .rotateAdminKey,
                    [
                        .id(member), .id(id), .id(key.id),
                    ] + keyring.digest(of: made.text).parameters + [
                        .text(key.hint), .time(now), .time(expiresAt), .bool(isOwn),
                    ]),
                Query(.expireAdminKey, [.id(member), .id(id), .time(now + overlap)]),
            ] + keep)
        if results[0].isEmpty { throw .notFound }
        return made
    }

    /// A revoked one stays revoked. Throws `.notFound`, `.roleBeyondOwn`.
    package func revokeAdminKey(
        _ scope: PlatformScope, of member: MemberID, _ id: AdminKeyID
    ) async throws(StoreError) {
        try await checkMayTouch(scope, member)
        let results = try await audited(
            scope, change(.adminKeyRevoked, id),
            [Query(.revokeAdminKey, [.id(member), .id(id), .time(clock.now())])])
        if results[0].isEmpty { throw .notFound }
    }

    /// Makes an owner and a key of theirs: the first, or one for a team whose owners have all lost theirs. Throws
    /// `.ownerExists` while an owner has a key that works, unless told that this is one more.
    package func bootstrapOwner(name: String, isOneMore: Bool = false) async throws(StoreError) -> CreatedAdminKey {
        if !isOneMore, try await countOwnerKeys() > 0 { throw .ownerExists }
        let now = clock.now()
        let member: MemberID = identifiers.next()
        let made = newAdminKey(name: Array(name.utf8), expiresAt: nil, now: now)
        _ = try await audited(
            PlatformScope.system, AuditedChange(.memberCreated, of: .member, member.uuid),
            [
                Query(.createMember, [.id(member), .string(name), .null, .word(Role.owner), .time(now)]),
                insert(made, for: member, now: now),
            ])
        return made
    }

    /// Keys with which an owner can act now.
    package func countOwnerKeys() async throws(StoreError) -> Int64 {
        try await run(PlatformScope.system, .countOwnerKeys, [.time(clock.now())], on: .read).int64(0, 0)
    }

    private func checkMayTouch(_ scope: PlatformScope, _ member: MemberID) async throws(StoreError) {
        if !scope.mayGive(try await self.member(scope, member).role) { throw .roleBeyondOwn }
    }

    private func newAdminKey(name: [UInt8], expiresAt: Timestamp?, now: Timestamp) -> CreatedAdminKey {
        let text = SecretKeyText.make(prefix: .admin)
        return CreatedAdminKey(
            key: AdminKey(
                id: identifiers.next(), name: name, hint: Array(text.suffix(4)), createdAt: now,
                expiresAt: expiresAt, revokedAt: nil, lastUsedAt: nil), text: text)
    }

    private func insert(_ made: CreatedAdminKey, for member: MemberID, now: Timestamp) -> Query {
        Query(
            .createAdminKey,
            [
                .id(made.key.id), .id(member), .text(made.key.name),
            ] + keyring.digest(of: made.text).parameters + [
                .text(made.key.hint), .time(now), .time(made.key.expiresAt),
            ])
    }

    private func change(_ action: AuditAction, _ id: AdminKeyID) -> AuditedChange {
        AuditedChange(action, of: .adminKey, id.uuid)
    }
}

extension PlatformScope {
    func mayGive(_ other: Role) -> Bool { role?.includes(other) ?? true }
}

extension AdminKey {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), name: rows.text(row, 1), hint: rows.text(row, 2), createdAt: rows.time(row, 3),
            expiresAt: rows.optionalTime(row, 4), revokedAt: rows.optionalTime(row, 5),
            lastUsedAt: rows.optionalTime(row, 6))
    }
}
