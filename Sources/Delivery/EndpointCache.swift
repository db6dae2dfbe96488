import Domain
import HTTPClient
import JSON
import Runtime
import Store

/// An endpoint made ready for sending.
struct ReadyEndpoint: Sendable {
    enum Target: Sendable {
        case send(url: TargetURL, signer: WebhookSigner, headers: [(name: String, value: [UInt8])])
        case disabled
        case deleted
        /// The row holds something we would not have registered.
        case unsendable
    }

    let payloadFormat: PayloadFormat
    let settings: EndpointSettings
    let target: Target
    /// The host and port its requests go to; empty if they go nowhere.
    let authority: [UInt8]
    /// What other nodes have told of it, and how often that has changed.
    let health: EndpointHealth.Shared
    let healthVersion: Int32
    let readAt: UInt64
    /// What the signer was made of: the secrets of a version never change.
    private let version: Int32
    private let secrets: [EndpointSecretID]

    /// `previous` is the same endpoint as it was read before: its prepared keys serve as long as they are right.
    init(_ endpoint: DispatchEndpoint, policy: AddressPolicy, readAt: UInt64, previous: ReadyEndpoint? = nil) {
        payloadFormat = endpoint.payloadFormat
        settings = endpoint.settings
        health = endpoint.health
        healthVersion = endpoint.healthVersion
        self.readAt = readAt
        let url = try? TargetURL(endpoint.url, options: policy.urlOptions)
        authority = url.map { Array("\($0.hostText):\($0.port)".utf8) } ?? []
        version = endpoint.version
        secrets = endpoint.secrets.map(\.id)
        switch endpoint.state {
        case .deleted: target = .deleted
        case .disabled: target = .disabled
        case .enabled:
            if let url, policy.objection(to: url) == nil,
                let signer = previous?.signer(of: endpoint) ?? ReadyEndpoint.signer(endpoint)
            {
                target = .send(url: url, signer: signer, headers: ReadyEndpoint.headers(endpoint.headers))
            } else {
                target = .unsendable
            }
        }
    }

    private static func signer(_ endpoint: DispatchEndpoint) -> WebhookSigner? {
        WebhookSigner(
            endpoint.secrets.map { WebhookSigner.Source(secret: $0.text, seed: $0.seed) },
            schemes: endpoint.settings.signatures)
    }

    private func signer(of endpoint: DispatchEndpoint) -> WebhookSigner? {
        guard version == endpoint.version, secrets == endpoint.secrets.map(\.id), case .send(_, let signer, _) = target
        else { return nil }
        return signer
    }

    private static func headers(_ json: [UInt8]?) -> [(name: String, value: [UInt8])] {
        guard let json, let root = try? JSONDocument.parse(json).root else { return [] }
        return root.members.compactMap { member in
            member.value.string.map { (name: member.key.text, value: $0) }
        }
    }
}

/// Endpoints as this loop last read them; the reads of one turn are one query. Loop-bound.
///
/// What it holds counts for a second, so that an endpoint's change or deletion stops new attempts within one.
struct EndpointCache: Sendable {
    private struct State {
        var ready: [EndpointID: ReadyEndpoint] = [:]
        var wanted: [(SubClientID, EndpointID)] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
        var isLoading = false
    }

    private let loop: EventLoop
    private let store: Store
    private let policy: AddressPolicy
    private let log: Log
    private let state: LoopState<State>

    init(loop: EventLoop, store: Store, policy: AddressPolicy, log: Log) {
        self.loop = loop
        self.store = store
        self.policy = policy
        self.log = log
        state = LoopState(loop, State())
    }

    /// The endpoint, fresh; nil if it could not be read now.
    func endpoint(_ subClient: SubClientID, _ id: EndpointID) async -> ReadyEndpoint? {
        if let ready = fresh(id) { return ready }
        let askedAt = EventLoop.monotonicNanoseconds
        await withCheckedContinuation { continuation in
            let begins = state.withValue { state in
                state.wanted.append((subClient, id))
                state.waiters.append(continuation)
                defer { state.isLoading = true }
                return !state.isLoading
            }
            if begins { loop.atTurnEnd { loop.spawn { await load() } } }
        }
        // Read after it was asked for, however long the reading took.
        return state.withValue { $0.ready[id] }.flatMap { $0.readAt >= askedAt ? $0 : nil }
    }

    /// Reads it again when it is needed next.
    func forget(_ id: EndpointID) { state.withValue { $0.ready[id] = nil } }

    /// What is known and may be used. That an endpoint takes nothing is asked again each time: a claim that was made
    /// since may say that it does, and a probe that is not sent for what was true a second ago costs it many.
    private func fresh(_ id: EndpointID) -> ReadyEndpoint? {
        guard let ready = state.withValue({ $0.ready[id] }), case .send = ready.target,
            EventLoop.monotonicNanoseconds - ready.readAt < UInt64(Limits.endpointFreshness.microseconds) * 1_000
        else { return nil }
        return ready
    }

    private func load() async {
        while true {
            let (wanted, waiters) = state.withValue { state in
                let taken = (state.wanted, state.waiters)
                state.wanted = []
                state.waiters = []
                if taken.1.isEmpty { state.isLoading = false }
                return taken
            }
            if waiters.isEmpty { return }
            var distinct: [EndpointID: SubClientID] = [:]
            for (subClient, id) in wanted { distinct[id] = subClient }
            let readAt = EventLoop.monotonicNanoseconds
            do throws(StoreError) {
                let endpoints = try await store.loadEndpoints(distinct.map { ($0.value, $0.key) })
                if endpoints.count < distinct.count {
                    log.error(
                        "endpoints are missing or their secrets do not open",
                        [(.count, .integer(distinct.count - endpoints.count))])
                }
                state.withValue { state in
                    if state.ready.count > Limits.cachedEndpoints { state.ready.removeAll() }
                    for endpoint in endpoints {
                        state.ready[endpoint.id] = ReadyEndpoint(
                            endpoint, policy: policy, readAt: readAt, previous: state.ready[endpoint.id])
                    }
                }
                for endpoint in endpoints { tellIfUnsendable(endpoint) }
            } catch {
                log.heldUp("endpoints could not be read", by: error)
            }
            for waiter in waiters { waiter.resume() }
        }
    }

    private func tellIfUnsendable(_ endpoint: DispatchEndpoint) {
        guard case .unsendable? = state.withValue({ $0.ready[endpoint.id]?.target }) else { return }
        log.warn(
            "an endpoint cannot be sent to",
            [(.endpoint, .bytes(endpoint.id.text)), (.reason, .text(EndpointRefusal.reason(endpoint, policy)))])
    }
}
