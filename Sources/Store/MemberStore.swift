package import Domain
import Postgres
import Runtime
import SQL

/// A member of the PSP's team.
package struct Member: Sendable {
    package let id: MemberID
    package let name: [UInt8]
    package let email: [UInt8]?
    package let role: Role
    package let version: Int32
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

package struct NewMember: Sendable {
    package var name: [UInt8]
    package var email: [UInt8]?
    package var role: Role

    package init(name: [UInt8], email: [UInt8]? = nil, role: Role) {
        self.name = name
        self.email = email
        self.role = role
    }
}

package struct MemberChanges: Sendable {
    package var name: [UInt8]?
    package var email: Change<[UInt8]> = .keep
    package var role: Role?
    package init() {}
}

extension StoreError {
    /// There must be an owner.
    package static let lastOwner = StoreError.conflict(constraint: "last_owner")
}

extension Store {
    /// Throws `.conflict` with `member_email_key` if another has the email; `.roleBeyondOwn`.
    package func createMember(
        _ scope: PlatformScope, _ new: NewMember, keeping: Keeping<Member>? = nil
    ) async throws(StoreError) -> Member {
        if !scope.mayGive(new.role) { throw .roleBeyondOwn }
        let now = clock.now()
        let made = Member(
            id: identifiers.next(), name: new.name, email: new.email, role: new.role, version: 1, createdAt: now,
            updatedAt: now)
        let insert = Query(
            .createMember, [.id(made.id), .text(new.name), .text(new.email), .word(new.role), .time(now)])
        let keep = try await keep(keeping, made, key: try await dataKey(scope), now: now)
        _ = try await audited(scope, change(.memberCreated, made.id), [insert] + keep)
        return made
    }

    /// Throws `.notFound`.
    package func member(_ scope: PlatformScope, _ id: MemberID) async throws(StoreError) -> Member {
        let rows = try await run(scope, .getMember, [.id(id)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try Member(rows, 0)
    }

    package func members(_ scope: PlatformScope, _ page: PageRequest) async throws(StoreError) -> Page<Member> {
        let rows = try await run(scope, .listMembers, [page.after, page.rowLimit], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try Member(rows, row) }
    }

    /// A role that allows more than the one before ends the member's keys: they are for what was agreed then. Throws
    /// `.notFound`, `.stale`, `.lastOwner`, `.roleBeyondOwn`.
    package func updateMember(
        _ scope: PlatformScope, _ id: MemberID, _ changes: MemberChanges, version: Int32?
    ) async throws(StoreError) -> Member {
        let before = try await member(scope, id)
        if !scope.mayGive(before.role) || !scope.mayGive(changes.role ?? before.role) { throw .roleBeyondOwn }
        // Whoever holds a key of theirs was not given the new role with it.
        let gains = !before.role.includes(changes.role ?? before.role)
        let results = try await audited(
            scope, change(.memberUpdated, id),
            [
                Query(
                    .updateMember,
                    [
                        .id(id), .text(changes.name), .text(changes.email.value), .bool(changes.email.isSet),
                        .word(changes.role), version.map { .int32($0) } ?? .null, .time(clock.now()),
                    ]),
                Query(.getMember, [.id(id)]),
            ] + (gains ? [Query(.endKeysOfRole, [.id(id), .word(changes.role), .time(clock.now())])] : []))
        if !results[0].isEmpty { return try Member(results[0], 0) }
        if results[1].isEmpty { throw .notFound }
        let found = try Member(results[1], 0)
        throw version.map { $0 != found.version } ?? false ? .stale : .lastOwner
    }

    /// Their keys are revoked. Throws `.notFound`, `.lastOwner`, `.roleBeyondOwn`.
    package func deleteMember(_ scope: PlatformScope, _ id: MemberID) async throws(StoreError) {
        if !scope.mayGive(try await member(scope, id).role) { throw .roleBeyondOwn }
        let now = clock.now()
        let results = try await audited(
            scope, change(.memberDeleted, id),
            [
                Query(.deleteMember, [.id(id), .time(now)]), Query(.getMember, [.id(id)]),
                Query(.revokeMemberKeys, [.id(id), .time(now)]),
            ])
        if !results[1].isEmpty { throw .lastOwner }
        if results[0].isEmpty { throw .notFound }
    }

    private func change(_ action: AuditAction, _ id: MemberID) -> AuditedChange {
        AuditedChange(action, of: .member, id.uuid)
    }
}

extension Member {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), name: rows.text(row, 1), email: rows.optionalText(row, 2), role: rows.word(row, 3),
            version: rows.int32(row, 4), createdAt: rows.time(row, 5), updatedAt: rows.time(row, 6))
    }
}
