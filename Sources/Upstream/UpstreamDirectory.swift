package import Crypto
package import Domain
package import HTTPClient
package import Runtime
package import Store

/// One upstream, ready for use.
package struct ActiveUpstream: Sendable {
    package let id: UpstreamID
    package let environment: Environment
    /// Grows with every change of it.
    package let version: Int32
    /// Without a slash at its end.
    package let baseURL: [UInt8]
    /// Where link tokens are minted; nil if the stored address does not pass today's policy.
    package let linkTokenURL: TargetURL?
    package let clientID: [UInt8]
    package let clientSecret: Secret
    /// Prepared keys of its live webhook secrets.
    package let webhookKeys: [HMACKey]
    /// Where its sub-clients are registered, if it has the keys for it.
    package let account: UpstreamAccount?

    package init(_ upstream: OpenUpstream, policy: AddressPolicy) {
        id = upstream.id
        environment = upstream.environment
        version = upstream.version
        baseURL = upstream.baseURL
        clientID = upstream.clientID.text
        clientSecret = upstream.clientSecret
        webhookKeys = upstream.webhookSecrets.map { HMACKey($0.exposed) }
        account = UpstreamAccount(upstream, policy: policy)
        let url = try? TargetURL(upstream.baseURL + Array("/api/v1/linktoken".utf8), options: policy.urlOptions)
        linkTokenURL = url.flatMap { policy.objection(to: $0) == nil ? $0 : nil }
    }
}

/// All upstreams with their secrets, in this loop's memory: the inbound path and the link token path ask no database
/// for them. Read again every second, so that a change reaches every node within one. Loop-bound.
package struct UpstreamDirectory: Sendable {
    private struct State {
        var byID: [UpstreamID: ActiveUpstream] = [:]
        /// The one of each environment.
        var byEnvironment: [Environment: ActiveUpstream] = [:]
        var isLoaded = false
        /// Whether the last reading failed for a reason that is told: once, not every second.
        var isFailing = false
        /// Whether the last reading went well.
        var isCurrent = false
    }

    private struct Readings {
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isUnderWay = false
    }

    private let store: Store
    private let policy: AddressPolicy
    private let log: Log
    private let state: LoopState<State>
    private let readings: LoopState<Readings>

    package init(store: Store, policy: AddressPolicy, log: Log) {
        self.store = store
        self.policy = policy
        self.log = log
        state = LoopState(store.loop, State())
        readings = LoopState(store.loop, Readings())
    }

    /// False until the first reading: then what is not found may only not be known yet.
    package var isLoaded: Bool { state.withValue { $0.isLoaded } }

    /// Whether the last reading went well: if not, what is not found may have been made since.
    package var isCurrent: Bool { state.withValue { $0.isCurrent } }

    /// One that is not known is looked for in the database: it may have been registered a moment ago.
    package func upstream(_ id: UpstreamID) async -> ActiveUpstream? {
        if let known = state.withValue({ $0.byID[id] }) { return known }
        await refresh()
        return state.withValue { $0.byID[id] }
    }

    /// Where link tokens of an environment are minted; looked for like the above.
    package func upstream(for environment: Environment) async -> ActiveUpstream? {
        if let known = state.withValue({ $0.byEnvironment[environment] }) { return known }
        await refresh()
        return state.withValue { $0.byEnvironment[environment] }
    }

    /// Returns after a reading that began now or later. One reading serves all that wait for it, so that callers who
    /// ask for what does not exist cost the database one query at a time.
    package func refresh() async {
        await withCheckedContinuation { continuation in
            let begins = readings.withValue { readings in
                readings.waiters.append(continuation)
                defer { readings.isUnderWay = true }
                return !readings.isUnderWay
            }
            if begins { store.loop.spawn { await readWhileWanted() } }
        }
    }

    private func readWhileWanted() async {
        while true {
            let waiters = readings.withValue { readings in
                defer { readings.waiters = [] }
                if readings.waiters.isEmpty { readings.isUnderWay = false }
                return readings.waiters
            }
            if waiters.isEmpty { return }
            await read()
            for waiter in waiters { waiter.resume() }
        }
    }

    /// Reads all upstreams. If that fails, what is known stays.
    private func read() async {
        do {
            let loaded = try await store.loadUpstreams()
            var next = State(isLoaded: true, isCurrent: true)
            for open in loaded {
                let upstream = ActiveUpstream(open, policy: policy)
                next.byID[upstream.id] = upstream
                next.byEnvironment[upstream.environment] = upstream
            }
            state.withValue { $0 = next }
        } catch .unavailable {
            // The database is away: readiness tells, and everything else that needs it.
            state.withValue { $0.isCurrent = false }
        } catch {
            let isNew = state.withValue { state in
                defer { state.isFailing = true }
                state.isCurrent = false
                return !state.isFailing
            }
            if isNew { log.heldUp("upstreams cannot be read", by: error) }
        }
    }

    /// Keeps reading until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await refresh()
            await store.loop.sleep(for: UpstreamLimits.refreshInterval)
        }
    }
}
