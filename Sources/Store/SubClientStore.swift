package import Domain
import Postgres
import Runtime
import SQL

/// One merchant of the PSP.
package struct SubClient: Sendable {
    package let id: SubClientID
    package let legalName: [UInt8]
    package let displayName: [UInt8]
    /// ISO 3166-1 alpha-2.
    package let country: [UInt8]
    package let externalID: [UInt8]?
    package let website: [UInt8]?
    /// A JSON object of strings.
    package let metadata: [UInt8]
    package let status: SubClientStatus
    package let statusReason: [UInt8]?
    /// What its keys may send together in each environment; nil for what anybody's may.
    package let requestsPerSecond: Int32?
    package let version: Int32
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

/// A sub-client to be made.
package struct NewSubClient: Sendable {
    package var legalName: [UInt8]
    package var displayName: [UInt8]
    package var country: [UInt8]
    package var externalID: [UInt8]?
    package var website: [UInt8]?
    /// A JSON object of strings.
    package var metadata: [UInt8]

    package init(
        legalName: [UInt8], displayName: [UInt8], country: [UInt8], externalID: [UInt8]? = nil,
        website: [UInt8]? = nil, metadata: [UInt8] = [UInt8]("{}".utf8)
    ) {
        self.legalName = legalName
        self.displayName = displayName
        self.country = country
        self.externalID = externalID
        self.website = website
        self.metadata = metadata
    }
}

/// What to change of a value: nothing, or its new content, which may be none.
package enum Change<Value: Sendable>: Sendable {
    case keep
    case set(Value?)

    var value: Value? { if case .set(let value) = self { value } else { nil } }
    var isSet: Bool { if case .set = self { true } else { false } }
}

package struct SubClientChanges: Sendable {
    package var legalName: [UInt8]?
    package var displayName: [UInt8]?
    package var country: [UInt8]?
    package var externalID: Change<[UInt8]> = .keep
    package var website: Change<[UInt8]> = .keep
    package var metadata: [UInt8]?
    package var requestsPerSecond: Change<Int> = .keep
    package init() {}
}

package struct SubClientFilter: Sendable {
    package var status: SubClientStatus?
    package var externalID: [UInt8]?
    /// Part of either name, without case.
    package var text: [UInt8]?
    package var country: [UInt8]?
    package var createdFrom: Timestamp?
    package var createdBefore: Timestamp?
    package init() {}
}

extension StoreError {
    /// A sub-client that is closed cannot be changed.
    package static let subClientClosed = StoreError.conflict(constraint: "sub_client_closed")
}

extension Store {
    /// Throws `.conflict` with `sub_client_external_id_key` if another has the external id.
    package func createSubClient(
        _ scope: PlatformScope, _ new: NewSubClient, keeping: Keeping<SubClient>? = nil
    ) async throws(StoreError) -> SubClient {
        let now = clock.now()
        let made = SubClient(
            id: identifiers.next(), legalName: new.legalName, displayName: new.displayName, country: new.country,
            externalID: new.externalID, website: new.website, metadata: new.metadata, status: .onboarding,
            statusReason: nil, requestsPerSecond: nil, version: 1, createdAt: now, updatedAt: now)
        let insert = Query(
            .createSubClient,
            [
                .id(made.id), .text(new.legalName), .text(new.displayName), .text(new.country), .text(new.externalID),
                .text(new.website), .jsonb(new.metadata), .time(now),
            ])
        let keep = try await keep(keeping, made, key: try await dataKey(scope), now: now, about: made.id)
        _ = try await audited(scope, change(.subClientCreated, made.id), [insert] + keep)
        return made
    }

    /// Throws `.notFound`.
    package func subClient(_ scope: PlatformScope, _ id: SubClientID) async throws(StoreError) -> SubClient {
        try first(try await run(scope, .getSubClient, [.id(id)], on: .read))
    }

    package func subClients(
        _ scope: PlatformScope, _ filter: SubClientFilter, _ page: PageRequest
    ) async throws(StoreError) -> Page<SubClient> {
        let rows = try await run(
            scope, .listSubClients,
            [
                .word(filter.status), .text(filter.externalID), .text(filter.text), .text(filter.country),
                .time(filter.createdFrom), .time(filter.createdBefore), page.after, page.rowLimit,
            ], on: .read)
        return try Page(rows, page) { row throws(StoreError) in try SubClient(rows, row) }
    }

    /// Throws `.notFound`, `.subClientClosed`, and `.stale` if its version is not `version` (nil for any).
    package func updateSubClient(
        _ scope: PlatformScope, _ id: SubClientID, _ changes: SubClientChanges, version: Int32?
    ) async throws(StoreError) -> SubClient {
        let results = try await audited(
            scope, change(.subClientUpdated, id),
            [
                Query(
                    .updateSubClient,
                    [
                        .id(id), .text(changes.legalName), .text(changes.displayName), .text(changes.country),
                        .text(changes.externalID.value), .bool(changes.externalID.isSet), .text(changes.website.value),
                        .bool(changes.website.isSet), changes.metadata.map { .jsonb($0) } ?? .null,
                        .bool(changes.metadata != nil), version.map { .int32($0) } ?? .null, .time(clock.now()),
                        changes.requestsPerSecond.value.map { .int32(Int32($0)) } ?? .null,
                        .bool(changes.requestsPerSecond.isSet),
                    ]),
                Query(.getSubClient, [.id(id)]),
            ])
        if !results[0].isEmpty { return try SubClient(results[0], 0) }
        throw [.closed, .erased].contains(try first(results[1]).status) ? .subClientClosed : .stale
    }

    /// From `onboarding` or `suspended`; an active one stays as it is. Throws `.notFound`, `.subClientClosed`, and
    /// `.stale` if its version is not `version` (nil for any).
    package func activateSubClient(
        _ scope: PlatformScope, _ id: SubClientID, version: Int32? = nil
    ) async throws(StoreError) -> SubClient {
        let transition = Transition(.subClientActivated, to: .active, from: [.onboarding, .suspended])
        return try await carryOut(transition, scope, id, version: version)
    }

    /// From any status but `closed`; a suspended one gets the new reason. Throws as `activateSubClient`.
    package func suspendSubClient(
        _ scope: PlatformScope, _ id: SubClientID, reason: [UInt8], version: Int32? = nil
    ) async throws(StoreError) -> SubClient {
        let transition = Transition(
            .subClientSuspended, to: .suspended, from: [.onboarding, .active, .suspended], reason: reason)
        return try await carryOut(transition, scope, id, version: version)
    }

    /// For good: its credentials are revoked and its endpoints disabled. A closed one stays as it is. Throws
    /// `.notFound`, and `.stale` if its version is not `version` (nil for any).
    package func closeSubClient(
        _ scope: PlatformScope, _ id: SubClientID, version: Int32? = nil
    ) async throws(StoreError) {
        let transition = Transition(.subClientClosed, to: .closed, from: [.onboarding, .active, .suspended])
        let moment: [Parameter] = [.id(id), .time(clock.now())]
        do {
            _ = try await carryOut(
                transition, scope, id, version: version,
                with: [Query(.revokeSubClientCredentials, moment), Query(.disableSubClientEndpoints, moment)])
        } catch {
            // Beyond closed there is nothing to close any more.
            if error != .subClientClosed { throw error }
        }
    }

    /// One step of a sub-client's life.
    private struct Transition {
        let action: AuditAction
        let status: SubClientStatus
        let origins: [SubClientStatus]
        let reason: [UInt8]?

        init(_ action: AuditAction, to status: SubClientStatus, from origins: [SubClientStatus], reason: [UInt8]? = nil)
        {
            self.action = action
            self.status = status
            self.origins = origins
            self.reason = reason
        }
    }

    private func carryOut(
        _ transition: Transition, _ scope: PlatformScope, _ id: SubClientID, version: Int32?, with more: [Query] = []
    ) async throws(StoreError) -> SubClient {
        let results = try await audited(
            scope, change(transition.action, id),
            [
                Query(
                    .setSubClientStatus,
                    [
                        .id(id), .word(transition.status), .text(transition.reason), .time(clock.now()),
                        .stringArray(transition.origins.map(\.rawValue)), version.map { .int32($0) } ?? .null,
                    ]),
                Query(.getSubClient, [.id(id)]),
            ] + more)
        let found = try first(results[1])
        if !results[0].isEmpty { return found }
        if let version, found.version != version { throw .stale }
        if found.status != transition.status { throw .subClientClosed }
        return found
    }

    private func change(_ action: AuditAction, _ id: SubClientID) -> AuditedChange {
        AuditedChange(action, of: .subClient, id.uuid, subClient: id)
    }

    private func first(_ rows: Rows) throws(StoreError) -> SubClient {
        if rows.isEmpty { throw .notFound }
        return try SubClient(rows, 0)
    }
}

extension SubClient {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), legalName: rows.text(row, 1), displayName: rows.text(row, 2),
            country: rows.text(row, 3), externalID: rows.optionalText(row, 4), website: rows.optionalText(row, 5),
            metadata: rows.json(row, 6), status: rows.word(row, 7), statusReason: rows.optionalText(row, 8),
            requestsPerSecond: rows.optionalInt32(row, 12), version: rows.int32(row, 9), createdAt: rows.time(row, 10),
            updatedAt: rows.time(row, 11))
    }
}
