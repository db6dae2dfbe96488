import Domain
import Runtime
import Store

/// Where an attempt at a registration stands. After any of them the process may die.
package enum RegistrationStep: String, CaseIterable, Sendable {
    case claimed, creationTaken, creationMarked, created, bound, replaced, logoMarked, logoSent, logoRecorded
    case deleted, unbound
}

/// Why an attempt ends before its time.
enum RegistrationStop: Error {
    case account(AccountFailure)
    case store(StoreError)
    /// Nothing is wrong, but it is not the time.
    case wait(until: Timestamp, code: String)
    /// Several entries could be this sub-client's: a person must decide.
    case ambiguous
    /// The rest of the lease is too short for another call.
    case outOfTime
    /// A test plays a crash.
    case interrupted
}

/// One attempt at one registration: every step first says in the database what it is about to do, so that whoever comes
/// after a crash knows what may have happened. Loop-bound.
struct RegistrationSteps: Sendable {
    let claimed: ClaimedRegistration
    let account: UpstreamAccount
    let client: AccountClient
    let store: Store
    let lists: AccountLists
    let pace: RegistrarPace
    let interrupts: @Sendable (RegistrationStep) -> Bool

    /// Brings the upstream to what `task` wants, and says what it is then.
    func perform(_ task: RegistrationTask) async throws(RegistrationStop) -> RegistrationState {
        try reach(.claimed)
        var bound = task.bound
        if bound == nil, let sent = task.sentCreation { bound = try await recover(sent) }
        guard let wanted = task.wanted else {
            if let bound { try await remove(bound) }
            return .removed
        }
        let info = SubClientInfo(wanted, in: account.environment)
        if let bound {
            try await replace(bound, with: info)
            // One that was found and not made has who knows what logo.
            let isCertain = task.bound != nil && task.logoIsCertain
            try await setLogo(bound, wanted.logoDigest, known: task.logoDigest, isCertain: isCertain)
        } else {
            let (id, isNew) = try await register(info)
            if !isNew { try await replace(id, with: info) }
            try await setLogo(id, wanted.logoDigest, known: nil, isCertain: isNew)
        }
        return .synced
    }

    // MARK: Creating

    /// Looks for what a create made whose outcome is not known. Nil if it made nothing, for certain.
    private func recover(_ sent: RegistrationTask.SentCreation) async throws(RegistrationStop) -> UUIDValue? {
        let entries = try await call { () async throws(AccountFailure) in try await client.list(account) }
        if let found = try await candidate(entries, sent.legalName, sent.displayName) {
            try await write { () async throws(StoreError) in
                try await store.bindRegistration(claimed, to: found, isNew: false)
            }
            try reach(.bound)
            return found
        }
        let settled = sent.sentAt + pace.settleTime
        if store.clock.now() < settled { throw .wait(until: settled, code: "outcomeUnknown") }
        try await write { () async throws(StoreError) in try await store.dropCreation(claimed) }
        return nil
    }

    /// Makes the entry, or takes the one that is there under both names and nobody's. Says which.
    private func register(_ info: SubClientInfo) async throws(RegistrationStop) -> (id: UUIDValue, isNew: Bool) {
        let isOurTurn = try await write { () async throws(StoreError) in
            try await store.takeCreation(claimed, legalName: info.legalName, displayName: info.displayName)
        }
        guard isOurTurn else { throw .wait(until: store.clock.now() + pace.turn, code: "namesInUse") }
        try reach(.creationTaken)
        do throws(RegistrationStop) {
            let entries = try await call { () async throws(AccountFailure) in
                try await lists.list(account, now: store.clock.now(), maximumAge: pace.listAge)
            }
            if let found = try await candidate(entries, info.legalName, info.displayName) {
                try await write { () async throws(StoreError) in
                    try await store.bindRegistration(claimed, to: found, isNew: false)
                }
                try reach(.bound)
                return (found, false)
            }
        } catch {
            // Nothing was sent: the names are free for others.
            if case .interrupted = error { throw error }
            try await write { () async throws(StoreError) in try await store.dropCreation(claimed) }
            throw error
        }
        let made = try await create(info)
        try reach(.created)
        try await write { () async throws(StoreError) in
            try await store.bindRegistration(claimed, to: made, isNew: true)
        }
        try reach(.bound)
        return (made, true)
    }

    private func create(_ info: SubClientInfo) async throws(RegistrationStop) -> UUIDValue {
        let now = store.clock.now()
        try await write { () async throws(StoreError) in try await store.markCreation(claimed, at: now) }
        try reach(.creationMarked)
        guard store.clock.now() < now + pace.sendWindow else { throw .outOfTime }
        do throws(RegistrationStop) {
            return try await call { () async throws(AccountFailure) in try await client.create(account, info) }.id
        } catch {
            if case .account(let failure) = error, !failure.mayHaveBeenDone {
                try await write { () async throws(StoreError) in try await store.dropCreation(claimed) }
            }
            throw error
        }
    }

    /// The one entry of both names that is nobody's yet. Throws `.ambiguous` for several.
    private func candidate(
        _ entries: [RegisteredSubClient], _ legalName: [UInt8], _ displayName: [UInt8]
    ) async throws(RegistrationStop) -> UUIDValue? {
        let matching = entries.filter {
            $0.info.legalName.trimmed == legalName.trimmed && $0.info.displayName.trimmed == displayName.trimmed
        }.map(\.id)
        if matching.isEmpty { return nil }
        let taken = try await write { () async throws(StoreError) in
            try await store.boundSubClients(matching, at: account.upstream)
        }
        let free = matching.filter { !taken.contains($0) }
        if free.count > 1 {
            // Whoever mends it retries at once.
            lists.forget(account.upstream)
            throw .ambiguous
        }
        return free.first
    }

    // MARK: Keeping

    private func replace(_ id: UUIDValue, with info: SubClientInfo) async throws(RegistrationStop) {
        try await unlessVanished { () async throws(AccountFailure) in
            try await client.replace(account, id, with: info)
        }
        try reach(.replaced)
    }

    private func setLogo(
        _ id: UUIDValue, _ wanted: [UInt8]?, known: [UInt8]?, isCertain: Bool
    ) async throws(RegistrationStop) {
        if isCertain, known == wanted { return }
        var image: (mediaType: [UInt8], bytes: [UInt8])?
        if let wanted {
            image = try await write { () async throws(StoreError) in
                try await store.registrationLogo(claimed, digest: wanted)
            }
            // Changed since: that made the registration due anew.
            if image == nil { return }
        }
        try await write { () async throws(StoreError) in
            try await store.setRegistrationLogo(claimed, digest: known, isCertain: false)
        }
        try reach(.logoMarked)
        if let image {
            try await unlessVanished { () async throws(AccountFailure) in
                try await client.uploadLogo(account, id, mediaType: image.mediaType, bytes: image.bytes)
            }
        } else {
            try await unlessVanished { () async throws(AccountFailure) in
                do throws(AccountFailure) {
                    try await client.deleteLogo(account, id)
                } catch {
                    // None to delete is as good.
                    if error != .notFound { throw error }
                }
            }
        }
        try reach(.logoSent)
        try await write { () async throws(StoreError) in
            try await store.setRegistrationLogo(claimed, digest: wanted, isCertain: true)
        }
        try reach(.logoRecorded)
    }

    private func remove(_ id: UUIDValue) async throws(RegistrationStop) {
        do throws(RegistrationStop) {
            try await call { () async throws(AccountFailure) in try await client.delete(account, id) }
        } catch {
            guard case .account(.notFound) = error else { throw error }
        }
        try reach(.deleted)
        try await write { () async throws(StoreError) in try await store.unbindRegistration(claimed) }
        try reach(.unbound)
    }

    /// Somebody removed the entry at the upstream: it is made again.
    private func unlessVanished(
        _ body: () async throws(AccountFailure) -> Void
    ) async throws(RegistrationStop) {
        do throws(RegistrationStop) {
            try await call(body)
        } catch {
            guard case .account(.notFound) = error else { throw error }
            try await write { () async throws(StoreError) in try await store.unbindRegistration(claimed) }
            lists.forget(account.upstream)
            throw .wait(until: store.clock.now(), code: "vanished")
        }
    }

    // MARK: Parts

    private func call<Result>(
        _ body: () async throws(AccountFailure) -> Result
    ) async throws(RegistrationStop) -> Result {
        guard store.clock.now() + pace.callMargin < claimed.leaseEnd else { throw .outOfTime }
        do throws(AccountFailure) { return try await body() } catch { throw .account(error) }
    }

    @discardableResult
    private func write<Result>(
        _ body: () async throws(StoreError) -> Result
    ) async throws(RegistrationStop) -> Result {
        do throws(StoreError) { return try await body() } catch { throw .store(error) }
    }

    private func reach(_ step: RegistrationStep) throws(RegistrationStop) {
        if interrupts(step) { throw .interrupted }
    }
}

extension [UInt8] {
    /// Without the blanks around it, which an upstream may drop.
    fileprivate var trimmed: ArraySlice<UInt8> {
        var rest = drop { $0 <= 0x20 }
        while let last = rest.last, last <= 0x20 { rest.removeLast() }
        return rest
    }
}
