package import HTTPClient
package import Runtime
package import Store
package import Upstream

/// What the API is told at its start.
package struct APIConfiguration: Sendable {
    /// Where upstreams reach the public listener, without a slash at its end: the start of inbound addresses.
    package var publicURL: String
    /// Which URLs endpoints may have.
    package var targetPolicy: AddressPolicy
    /// Which URLs upstreams may have.
    package var upstreamPolicy: AddressPolicy
    /// Whether endpoints may be private: then no production upstream is taken.
    package var allowsPrivateTargets: Bool
    package var version: String
    /// Whose word counts on where a request came from.
    package var trustedProxies = TrustedProxies()
    package var endpointLimit = APILimits.endpointsPerEnvironment
    /// Merchants' and admins' requests that one loop works on at once.
    package var requestsInFlight = SheddingLimits.requestsInFlight
    /// Within which time of its arrival a webhook is answered 200, or not at all.
    package var acknowledgeWithin: Duration = .milliseconds(SheddingLimits.acknowledgementMilliseconds)

    /// `upstreamPolicy` is the targets' if none is given.
    package init(
        publicURL: String, targetPolicy: AddressPolicy, upstreamPolicy: AddressPolicy? = nil,
        allowsPrivateTargets: Bool, version: String
    ) {
        self.publicURL = publicURL
        self.targetPolicy = targetPolicy
        self.upstreamPolicy = upstreamPolicy ?? targetPolicy
        self.allowsPrivateTargets = allowsPrivateTargets
        self.version = version
    }
}

/// Whether the process can serve, and why not.
package struct Readiness: Sendable {
    package enum Status: String, Sendable { case ready, starting, draining, unavailable }

    package struct Part: Sendable {
        package let name: String
        /// Nil when the part is well.
        package let reason: String?

        package init(name: String, reason: String?) {
            self.name = name
            self.reason = reason
        }
    }

    package var status: Status
    package var parts: [Part]

    package init(status: Status, parts: [Part] = []) {
        self.status = status
        self.parts = parts
    }
}

/// Everything the API's handlers use, of one loop. Loop-bound, like the store in it. A class: a value of so many
/// references would be copied, each of them counted, for every request.
package final class APIContext: Sendable {
    /// Stores a verified webhook and returns once that is committed.
    package typealias Accept = @Sendable (ReceivedEvent) async throws(StoreError) -> AcceptedEvent.Fate

    package let configuration: APIConfiguration
    package let store: Store
    package let clock: Clock
    package let identifiers: IdentifierSource
    package let log: Log
    package let metrics: Metrics
    package let requestMetrics: RequestMetrics
    package let upstreams: UpstreamDirectory
    package let mesh: MeshClient
    package let policies: PolicyDirectory
    package let accounts: AccountClient
    /// The lists of upstreams that this loop knows.
    package let catalogue: Catalogue
    package let accept: Accept
    /// Whether one more webhook can be stored in time.
    package let hasRoom: @Sendable () -> Bool
    package let readiness: @Sendable () -> Readiness
    /// For what takes longer than a loop may be held.
    package let worker: Worker
    /// Wakes those who wait for events.
    package let bell: EventBell
    let logos: LogoDirectory
    /// Holds callers to their rates.
    package let gate: RateGate
    /// What is under way on this loop.
    let admission: LoopState<Admission>
    /// Of this loop.
    let refusals: RefusalLog

    package init(
        configuration: APIConfiguration, store: Store, clock: Clock, identifiers: IdentifierSource, log: Log,
        metrics: Metrics, requestMetrics: RequestMetrics, upstreams: UpstreamDirectory, mesh: MeshClient,
        accounts: AccountClient, accept: @escaping Accept,
        hasRoom: @escaping @Sendable () -> Bool = { true }, readiness: @escaping @Sendable () -> Readiness,
        worker: Worker, bell: EventBell, gate: RateGate
    ) {
        self.configuration = configuration
        self.store = store
        self.clock = clock
        self.identifiers = identifiers
        self.log = log
        self.metrics = metrics
        self.requestMetrics = requestMetrics
        self.upstreams = upstreams
        self.mesh = mesh
        policies = PolicyDirectory(store: store, log: log)
        self.accounts = accounts
        catalogue = Catalogue(loop: store.loop, clock: clock, log: log) { upstream, list throws(UpstreamFailure) in
            try await mesh.answer(list.call, of: upstream)
        }
        self.accept = accept
        self.hasRoom = hasRoom
        self.readiness = readiness
        self.worker = worker
        self.bell = bell
        logos = LogoDirectory(store: store)
        self.gate = gate
        refusals = RefusalLog(loop: store.loop, log: log)
        admission = LoopState(store.loop, Admission(capacity: configuration.requestsInFlight))
    }
}
