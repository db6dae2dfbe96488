package import Domain
import Postgres
import Runtime
import SQL

/// A request to erase a sub-client or one of its end users, and how far it has come.
package struct Erasure: Sendable {
    /// Rows that are gone, or that tell of nobody any more (link sessions and transfers).
    package struct Rows: Hashable, Sendable {
        package let linkSessions: Int64
        package let transfers: Int64
        package let events: Int64
        package let deliveries: Int64
        package let attempts: Int64

        package init(linkSessions: Int64, transfers: Int64, events: Int64, deliveries: Int64, attempts: Int64) {
            self.linkSessions = linkSessions
            self.transfers = transfers
            self.events = events
            self.deliveries = deliveries
            self.attempts = attempts
        }
    }

    package let id: ErasureID
    package let subject: ErasureSubject
    /// Of an end user's; nil for both.
    package let environment: Environment?
    package let status: ErasureStatus
    package let requestedAt: Timestamp
    package let completedAt: Timestamp?
    package let erased: Rows
}

extension StoreError {
    /// Only a closed sub-client is erased.
    package static let subClientNotClosed = StoreError.conflict(constraint: "sub_client_not_closed")
    /// Nothing is left of it to be erased.
    package static let subClientErased = StoreError.conflict(constraint: "sub_client_erased")
    fileprivate static let noSubClient = StoreError.conflict(constraint: "erasure_sub_client_id_fkey")
}

extension Store {
    /// Erases a closed sub-client: its own rows in this commit, what came of it afterwards, in the background. Asked
    /// again, it tells how far that has come. Throws `.notFound`, `.subClientNotClosed`.
    package func eraseSubClient(_ scope: PlatformScope, _ id: SubClientID) async throws(StoreError) -> Erasure {
        let now = clock.now()
        let erasure: ErasureID = identifiers.next()
        let begin = Query(.beginSubClientErasure, [.id(id), .id(erasure), .time(now)])
        do {
            let results = try await audited(
                scope, AuditedChange(.subClientErased, of: .erasure, erasure.uuid, subClient: id),
                [begin] + Store.erasing(id, now: now) + [Query(.subClientErasure, [.id(id)])])
            return try first(results.last)
        } catch .subClientErased {
            return try first(try await run(scope, .subClientErasure, [.id(id)]))
        } catch .noSubClient {
            throw .notFound
        }
    }

    /// Everything that a sub-client has few rows of: erased with the request, and again at the end. Whoever adds such a
    /// table adds its statement here.
    static func erasing(_ id: SubClientID, now: Timestamp) -> [Query] {
        [
            Query(.eraseSubClient, [.id(id), .time(now)]),
            Query(.eraseCredentials, [.id(id), .time(now)]),
            Query(.eraseCredentialSecrets, [.id(id)]),
            Query(.eraseEndpoints, [.id(id), .time(now)]),
            Query(.eraseEndpointSecrets, [.id(id)]),
            Query(.eraseBranding, [.id(id)]),
            Query(.eraseLogo, [.id(id)]),
            Query(.eraseCompliance, [.id(id)]),
            Query(.eraseRegistrations, [.id(id)]),
            Query(.eraseRegistrationCreations, [.id(id)]),
            Query(.eraseIdempotentAnswers, [.id(id)]),
            Query(.eraseEndpointStatistics, [.id(id)]),
            Query(.cancelRecoveries, [.id(id), .time(now)]),
            Query(.endEndUserErasures, [.id(id), .time(now)]),
        ]
    }

    /// Erases what is known of one end user of the sub-client, in the scope's environment or in both, in the
    /// background. While the same erasure runs it is the answer. Throws `.notFound`, `.subClientErased`.
    ///
    /// The user id is kept, sealed, only until it is done; the audit entry has a keyed digest of it.
    package func eraseEndUser(_ scope: TenantScope, userID: [UInt8]) async throws(StoreError) -> Erasure {
        let subClient = try await run(scope, .getSubClient, [.id(scope.subClient)])
        if subClient.isEmpty { throw .notFound }
        // A data key must not be made for it again.
        if try subClient.string(0, 7) == SubClientStatus.erased.rawValue { throw .subClientErased }
        let key = try await dataKey(scope)
        let id: ErasureID = identifiers.next()
        let digest = userDigest(scope, userID)
        // One that was begun under another pepper.
        for other in otherUserDigests(scope, userID) {
            let running = try await run(scope, .runningEndUserErasure, [.id(scope.subClient), .bytes(other)])
            if !running.isEmpty { return try first(running) }
        }
        do {
            let results = try await audited(
                scope, AuditedChange(.endUserErased, of: .erasure, id.uuid, subClient: scope.subClient),
                [
                    Query(
                        .beginEndUserErasure,
                        [
                            .id(scope.subClient), .id(id), .word(scope.environment), .bytes(digest),
                            .bytes(ErasureSeal.user(userID, id, key)), .uuid(key.id), .time(clock.now()),
                        ]),
                    Query(.runningEndUserErasure, [.id(scope.subClient), .bytes(digest)]),
                ])
            return try first(results[1])
        } catch .noSubClient {
            throw .notFound
        }
    }

    /// Throws `.notFound`. In an environment only end users' erasures that concern it are there.
    package func erasure(_ scope: TenantScope, _ id: ErasureID) async throws(StoreError) -> Erasure {
        try first(
            try await run(scope, .getErasure, [.id(scope.subClient), .id(id), .word(scope.environment)], on: .read))
    }

    package func erasures(_ scope: TenantScope, _ page: PageRequest) async throws(StoreError) -> Page<Erasure> {
        let rows = try await run(
            scope, .listErasures, [.id(scope.subClient), .word(scope.environment), page.after, page.rowLimit],
            on: .read)
        return try Page(rows, page) { row throws(StoreError) in try Erasure(rows, row) }
    }

    /// Nobody without the pepper can tell from it who it was, or that two sub-clients' users are the same person.
    private func userDigest(_ scope: TenantScope, _ userID: [UInt8]) -> [UInt8] {
        keyring.digest(of: userText(scope, userID)).bytes
    }

    private func otherUserDigests(_ scope: TenantScope, _ userID: [UInt8]) -> [[UInt8]] {
        keyring.keys.otherDigests(of: userText(scope, userID)).map(\.bytes)
    }

    private func userText(_ scope: TenantScope, _ userID: [UInt8]) -> [UInt8] {
        [UInt8]("endUser \(scope.subClient) \(scope.environment?.rawValue ?? "both")\n".utf8) + userID
    }

    private func first(_ rows: Rows?) throws(StoreError) -> Erasure {
        guard let rows, !rows.isEmpty else { throw .notFound }
        return try Erasure(rows, 0)
    }
}

/// What a statement found; an erasure has rows of its own.
private typealias Found = Rows

extension Erasure {
    fileprivate init(_ rows: Found, _ row: Int) throws(StoreError) {
        try self.init(
            id: rows.id(row, 0), subject: rows.word(row, 1), environment: rows.optionalWord(row, 2),
            status: rows.word(row, 3), requestedAt: rows.time(row, 4), completedAt: rows.optionalTime(row, 5),
            erased: Erasure.Rows(
                linkSessions: rows.int64(row, 6), transfers: rows.int64(row, 7), events: rows.int64(row, 8),
                deliveries: rows.int64(row, 9), attempts: rows.int64(row, 10)))
    }
}

/// What an erasure's sealed column is bound to.
enum ErasureSeal {
    static func user(_ userID: [UInt8], _ id: ErasureID, _ key: DataKey) -> [UInt8] {
        key.seal(userID, table: "erasure", column: "user", row: id.uuid.text)
    }
    static func openUser(_ sealed: [UInt8], _ id: ErasureID, _ key: DataKey) throws(StoreError) -> [UInt8] {
        try key.open(sealed, table: "erasure", column: "user", row: id.uuid.text)
    }
}
