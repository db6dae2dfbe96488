import Domain
package import Runtime

/// The lists of upstreams, kept in this loop's memory: merchants ask for them far more often than they change.
///
/// One request refreshes a list for all that wait for it. While the upstream fails, what is known is given until it is
/// too old. Each upstream has lists of its own, and a change of an upstream voids them. Loop-bound.
package struct Catalogue: Sendable {
    private struct Key: Hashable {
        let upstream: UpstreamID
        let call: CatalogueCall
    }

    private struct Entry {
        let answer: MeshAnswer
        let version: Int32
        /// Nanoseconds of the monotonic clock, as are all moments here.
        let readAt: UInt64
        var usedAt: UInt64
    }

    private struct Outage {
        let failure: UpstreamFailure
        let version: Int32
        let until: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var outages: [Key: Outage] = [:]
        var waiters: [Key: [CheckedContinuation<Void, Never>]] = [:]
    }

    /// How a list is got from an upstream.
    package typealias Fetch = @Sendable (ActiveUpstream, CatalogueCall) async throws(UpstreamFailure) -> MeshAnswer

    private let loop: EventLoop
    private let clock: Clock
    private let log: Log
    private let keptBytes: Int
    private let fetch: Fetch
    private let state: LoopState<State>

    package init(
        loop: EventLoop, clock: Clock, log: Log, keptBytes: Int = UpstreamLimits.keptCatalogueBytes,
        fetch: @escaping Fetch
    ) {
        self.loop = loop
        self.clock = clock
        self.log = log
        self.keptBytes = keptBytes
        self.fetch = fetch
        state = LoopState(loop, State())
    }

    /// The list of an upstream, at most `UpstreamLimits.staleness` old.
    package func answer(_ call: CatalogueCall, of upstream: ActiveUpstream) async throws(UpstreamFailure) -> MeshAnswer
    {
        let key = Key(upstream: upstream.id, call: call)
        if let fresh = known(key, upstream.version, atMost: call.freshness) { return fresh }
        // Twice, because a fetch under way may be one from before a change of the upstream.
        for _ in 0..<2 where outage(key, upstream.version) == nil {
            await refresh(key, upstream)
            if let fresh = known(key, upstream.version, atMost: call.freshness) { return fresh }
        }
        let failure = outage(key, upstream.version, evenIfOver: true) ?? .failed(reason: "changed")
        guard let stale = known(key, upstream.version, atMost: UpstreamLimits.staleness) else { throw failure }
        return stale
    }

    private func known(_ key: Key, _ version: Int32, atMost age: Duration) -> MeshAnswer? {
        let now = clock.monotonic()
        return state.withValue { state in
            guard let entry = state.entries[key], entry.version == version,
                now &- entry.readAt < UInt64(age.microseconds) * 1_000
            else { return nil }
            state.entries[key]?.usedAt = now
            return entry.answer
        }
    }

    private func outage(_ key: Key, _ version: Int32, evenIfOver: Bool = false) -> UpstreamFailure? {
        let now = clock.monotonic()
        return state.withValue { state in
            guard let outage = state.outages[key], outage.version == version, evenIfOver || now < outage.until else {
                return nil
            }
            return outage.failure
        }
    }

    // MARK: Refreshing

    /// Returns when a fetch that began now or earlier has ended.
    private func refresh(_ key: Key, _ upstream: ActiveUpstream) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let begins = state.withValue { state in
                defer { state.waiters[key, default: []].append(continuation) }
                return state.waiters[key] == nil
            }
            if begins { loop.spawn { await read(key, upstream) } }
        }
    }

    private func read(_ key: Key, _ upstream: ActiveUpstream) async {
        do throws(UpstreamFailure) {
            let answer = try await fetch(upstream, key.call)
            if answer.content == Array("null".utf8) { throw .failed(reason: "noContent") }
            keep(answer, key, upstream.version)
        } catch {
            note(error, key, upstream)
        }
        for waiter in state.withValue({ $0.waiters.removeValue(forKey: key) }) ?? [] { waiter.resume() }
    }

    private func keep(_ answer: MeshAnswer, _ key: Key, _ version: Int32) {
        let now = clock.monotonic()
        let oldest = UInt64(UpstreamLimits.staleness.microseconds) * 1_000
        state.withValue { state in
            state.outages[key] = nil
            state.entries = state.entries.filter { now &- $0.value.readAt < oldest }
            state.entries[key] = Entry(answer: answer, version: version, readAt: now, usedAt: now)
            // The one just read stays: whoever waits for it takes it next.
            while state.entries.values.reduce(0, { $0 + $1.answer.content.count }) > keptBytes,
                let idlest = state.entries.filter({ $0.key != key }).min(by: { $0.value.usedAt < $1.value.usedAt })
            {
                state.entries[idlest.key] = nil
            }
        }
    }

    private func note(_ failure: UpstreamFailure, _ key: Key, _ upstream: ActiveUpstream) {
        var pause = UpstreamLimits.retryPause
        if case .tooManyRequests(let seconds?) = failure { pause = max(pause, .seconds(seconds)) }
        let until = clock.monotonic() + UInt64(pause.microseconds) * 1_000
        state.withValue { state in
            state.outages[key] = Outage(failure: failure, version: upstream.version, until: until)
        }
        log.warn(
            "an upstream's list cannot be read",
            [
                (.upstream, .bytes(upstream.id.text)), (.environment, .text(upstream.environment.rawValue)),
                (.path, .text(key.call.rawValue)), (.reason, .text(failure.reason)),
            ])
    }
}

extension UpstreamFailure {
    /// A word for the log, which holds nothing of the answer.
    package var reason: String {
        switch self {
        case .refused(let status, _): "refused\(status)"
        case .tooManyRequests: "tooManyRequests"
        case .keysRefused(let status): "keysRefused\(status)"
        case .failed(let reason), .unreachable(let reason): reason
        }
    }
}
