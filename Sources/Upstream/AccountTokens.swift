import Domain
import JSON
import Runtime

/// An `id_token` as the upstream gave it.
struct FetchedToken: Sendable {
    let text: [UInt8]
    /// How long it is used: less than it counts.
    let life: Duration

    /// Nil for an answer without a token that can stand in a header.
    init?(_ content: JSONValue) {
        guard let text = content["id_token"]?.string, !text.isEmpty, text.count <= UpstreamLimits.accountTokenBytes,
            text.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.text = text
        let stated = content["expires_in"]?.integer.map { Duration.seconds(Int64(clamping: $0)) } ?? .zero
        life = min(max(stated, .zero) * 9 / 10, UpstreamLimits.accountTokenLife)
    }
}

/// The tokens of this loop, one per upstream. Loop-bound.
struct AccountTokens: Sendable {
    /// An upstream, and the version of its row: another may mean other keys.
    private struct Key: Hashable {
        let upstream: UpstreamID
        let version: Int32
    }

    private struct Entry {
        var token: FetchedToken?
        var fetchedAt = Timestamp(microseconds: 0)
        /// Those who wait for the fetch that is under way; nil if none is.
        var waiters: [CheckedContinuation<Result<FetchedToken, AccountFailure>, Never>]?
    }

    private let loop: EventLoop
    private let clock: Clock
    private let entries: LoopState<[Key: Entry]>

    init(loop: EventLoop, clock: Clock) {
        self.loop = loop
        self.clock = clock
        entries = LoopState(loop, [:])
    }

    /// A token that counts, but not `refused`. One fetch serves all that wait for it.
    func token(
        _ account: UpstreamAccount, except refused: [UInt8]?,
        fetch: @escaping @Sendable () async throws(AccountFailure) -> FetchedToken
    ) async throws(AccountFailure) -> [UInt8] {
        let key = Key(upstream: account.upstream, version: account.version)
        if let known = known(key, except: refused) { return known }
        let result = await withCheckedContinuation { continuation in
            let begins = entries.withValue { entries in
                let waiters = entries[key]?.waiters
                entries[key, default: Entry()].waiters = (waiters ?? []) + [continuation]
                return waiters == nil
            }
            if begins { loop.spawn { await serve(key, fetch) } }
        }
        return try result.get().text
    }

    private func known(_ key: Key, except refused: [UInt8]?) -> [UInt8]? {
        let now = clock.now()
        return entries.withValue { entries in
            guard let entry = entries[key], let token = entry.token, token.text != refused, now >= entry.fetchedAt,
                now < entry.fetchedAt + token.life
            else { return nil }
            return token.text
        }
    }

    private func serve(
        _ key: Key, _ fetch: @Sendable () async throws(AccountFailure) -> FetchedToken
    ) async {
        let fetchedAt = clock.now()
        let result: Result<FetchedToken, AccountFailure>
        do throws(AccountFailure) { result = .success(try await fetch()) } catch { result = .failure(error) }
        let waiters = entries.withValue { entries in
            let waiters = entries[key]?.waiters ?? []
            // What older keys gave is not needed any more.
            entries = entries.filter { $0.key.upstream != key.upstream || $0.value.waiters != nil }
            entries[key] = Entry(token: try? result.get(), fetchedAt: fetchedAt)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }
}
