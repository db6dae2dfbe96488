import Crypto
package import Domain
import Postgres
import Runtime
import SQL

/// A registration that one worker has to itself until its lease ends. Whoever lost the lease writes nothing more: each
/// of the functions below that writes throws `.stale` then.
package struct ClaimedRegistration: Sendable {
    package let subClient: SubClientID
    package let upstream: UpstreamID
    package let attempts: Int32
    package let lease: UUIDValue
    package let leaseEnd: Timestamp
}

/// What there is to know of a claimed registration, read at once.
package struct RegistrationTask: Sendable {
    /// Of what is wanted here.
    package let version: Int64
    /// Nil if the upstream is not to have it.
    package let wanted: WantedSubClient?
    /// The upstream's id of it, if it is registered.
    package let bound: UUIDValue?
    /// Digest of the logo the upstream has; nil for none.
    package let logoDigest: [UInt8]?
    /// False while a change of the logo may or may not have arrived.
    package let logoIsCertain: Bool
    /// A create that was sent and whose outcome is not known.
    package let sentCreation: SentCreation?

    package struct SentCreation: Sendable {
        package let legalName: [UInt8]
        package let displayName: [UInt8]
        package let sentAt: Timestamp
    }
}

/// Why an attempt at a registration failed, and what comes next.
package struct RegistrationFailure: Sendable {
    package let state: RegistrationState
    /// Nil: not before something changes.
    package let dueAt: Timestamp?
    /// A stable code.
    package let code: String
    /// The upstream's words.
    package let message: [UInt8]?

    package init(state: RegistrationState, dueAt: Timestamp?, code: String, message: [UInt8]? = nil) {
        self.state = state
        self.dueAt = dueAt
        self.code = code
        self.message = message
    }
}

extension Store {
    /// Leases due registrations, none of the upstreams in `resting`. One whose outcome is not known is due again when
    /// the lease ends.
    package func claimRegistrations(
        limit: Int, lease: Duration, resting: [UpstreamID]
    ) async throws(StoreError) -> [ClaimedRegistration] {
        let now = clock.now()
        let (id, end) = (identifiers.nextUUID(), now + lease)
        let rows = try await run(
            PlatformScope.system, .claimRegistrations,
            [.uuid(id), .time(now), .time(end), .int32(Int32(limit)), .uuids(resting.map(\.uuid))])
        return try rows.indices.map { row throws(StoreError) in
            try ClaimedRegistration(
                subClient: rows.id(row, 0), upstream: rows.id(row, 1), attempts: rows.int32(row, 2), lease: id,
                leaseEnd: end)
        }
    }

    /// Throws `.stale`.
    package func readRegistration(_ claimed: ClaimedRegistration) async throws(StoreError) -> RegistrationTask {
        let rows = try await run(
            PlatformScope.system, .readRegistration, claimed.place + [.time(clock.now())], on: .write)
        if rows.isEmpty { throw .stale }
        var sent: RegistrationTask.SentCreation?
        if let sentAt = rows.optionalTime(0, 12) {
            sent = try RegistrationTask.SentCreation(
                legalName: rows.text(0, 10), displayName: rows.text(0, 11), sentAt: sentAt)
        }
        return try RegistrationTask(
            version: rows.int64(0, 0), wanted: rows.bool(0, 4) ? WantedSubClient(rows, 0, from: 5) : nil,
            bound: rows.optionalUUID(0, 1), logoDigest: rows.optionalBytes(0, 2), logoIsCertain: rows.bool(0, 3),
            sentCreation: sent)
    }

    /// The image of a digest; nil if the sub-client has another by now.
    package func registrationLogo(
        _ claimed: ClaimedRegistration, digest: [UInt8]
    ) async throws(StoreError) -> (mediaType: [UInt8], bytes: [UInt8])? {
        let rows = try await run(
            PlatformScope.system, .readRegistrationLogo, [.id(claimed.subClient), .bytes(digest)], on: .read)
        return try rows.isEmpty ? nil : (rows.text(0, 0), rows.bytes(0, 1))
    }

    // MARK: Creating

    /// Takes the right to create an entry of these names; false while another sub-client has it.
    package func takeCreation(
        _ claimed: ClaimedRegistration, legalName: [UInt8], displayName: [UInt8]
    ) async throws(StoreError) -> Bool {
        // The length of the first tells the two apart.
        let digest = Digest.sha256(Array("\(legalName.count) ".utf8), legalName, displayName)
        let rows = try await run(
            PlatformScope.system,
            [
                // One that never sent anything may have been for other names.
                Query(.dropRegistrationCreation, claimed.place),
                Query(
                    .takeRegistrationCreation,
                    claimed.place + [
                        .uuid(identifiers.nextUUID()), .bytes(digest), .text(legalName), .text(displayName),
                    ]),
            ])
        return !rows[1].isEmpty
    }

    /// A create is about to be sent: from now on its outcome is not known. Throws `.stale`.
    package func markCreation(_ claimed: ClaimedRegistration, at now: Timestamp) async throws(StoreError) {
        try await change(claimed, .markRegistrationCreation, [.time(now)])
    }

    /// No create was sent, or it is known to have done nothing.
    package func dropCreation(_ claimed: ClaimedRegistration) async throws(StoreError) {
        _ = try await run(PlatformScope.system, .dropRegistrationCreation, claimed.place)
    }

    /// The upstream's entry `id` is this sub-client's. `isNew` says that it has no logo yet. Throws `.stale`, also if
    /// the entry is another's.
    package func bindRegistration(
        _ claimed: ClaimedRegistration, to id: UUIDValue, isNew: Bool
    ) async throws(StoreError) {
        let results = try await run(
            PlatformScope.system,
            [
                Query(.bindRegistration, claimed.place + [.uuid(id), .bool(isNew), .time(clock.now())]),
                Query(.dropRegistrationCreation, claimed.place),
            ])
        if results[0].isEmpty { throw .stale }
    }

    /// The upstream has it no more. Throws `.stale`.
    package func unbindRegistration(_ claimed: ClaimedRegistration) async throws(StoreError) {
        try await change(claimed, .unbindRegistration, [.time(clock.now())])
    }

    /// Which of an upstream's entries are sub-clients of ours.
    package func boundSubClients(
        _ ids: [UUIDValue], at upstream: UpstreamID
    ) async throws(StoreError) -> Set<UUIDValue> {
        let rows = try await run(
            PlatformScope.system, .findBoundSubClients, [.id(upstream), .uuids(ids)], on: .write)
        return try Set(rows.indices.map { row throws(StoreError) in try rows.uuidValue(row, 0) })
    }

    // MARK: The rest

    /// What logo the upstream has: that of `digest`, or none. Throws `.stale`.
    package func setRegistrationLogo(
        _ claimed: ClaimedRegistration, digest: [UInt8]?, isCertain: Bool
    ) async throws(StoreError) {
        try await change(claimed, .setRegistrationLogo, [.data(digest), .bool(isCertain), .time(clock.now())])
    }

    /// The upstream has `version`. Gives the lease back. Throws `.stale`.
    package func settleRegistration(
        _ claimed: ClaimedRegistration, version: Int64, state: RegistrationState
    ) async throws(StoreError) {
        try await change(claimed, .settleRegistration, [.int64(version), .word(state), .time(clock.now())])
    }

    /// Gives the lease back. Throws `.stale`.
    package func failRegistration(
        _ claimed: ClaimedRegistration, version: Int64, _ failure: RegistrationFailure
    ) async throws(StoreError) {
        try await change(
            claimed, .failRegistration,
            [
                .int64(version), .word(failure.state), .time(failure.dueAt), .string(failure.code),
                .text(failure.message), .time(clock.now()),
            ])
    }

    private func change(
        _ claimed: ClaimedRegistration, _ statement: Statement, _ parameters: [Parameter]
    ) async throws(StoreError) {
        if try await run(PlatformScope.system, statement, claimed.place + parameters).isEmpty { throw .stale }
    }
}

extension ClaimedRegistration {
    /// The first three parameters of each statement about it.
    fileprivate var place: [Parameter] { [.id(subClient), .id(upstream), .uuid(lease)] }
}
