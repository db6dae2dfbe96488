import API
import Delivery
import Domain
import HTTPClient
import HTTPServer
import Postgres
import Runtime
import Store
import TLS
import Upstream

/// What the loops of one node share.
struct NodeParts: Sendable {
    let configuration: ServiceConfiguration
    let leases: LeaseSource
    let log: Log
    let metrics: Metrics
    let requestMetrics: RequestMetrics
    let deliveryMetrics: DeliveryMetrics
    let registrarMetrics: RegistrarMetrics
    let reconcilerMetrics: ReconcilerMetrics
    let databaseMetrics: DatabaseMetrics
    let phase: NodePhase
    let tls: TLSListeners
    /// PostgreSQL's, so that all nodes agree on what has ended.
    let time = SharedClock()
    let gate = GateState()
    /// One for all loops: a caller's requests count together, whichever loop its connections reach.
    let rates: RateGate
    let random = RandomSource.system
    /// One for all loops: what it decodes is held once.
    let worker = Worker(capacity: APILimits.waitingLogos)
    let bell = EventBell()

    var clock: Clock { time.clock }
    var identifiers: IdentifierSource { IdentifierSource(clock: clock, random: random) }
    /// A store on the node's clock.
    func store(_ loop: EventLoop, _ database: Database) -> Store {
        Store(
            loop: loop, database: database, keyring: configuration.keyring, clock: clock, identifiers: identifiers)
    }

    var policy: AddressPolicy { configuration.targetPolicy }
    var upstreamPolicy: AddressPolicy { configuration.allowsPrivateUpstreams ? .allowPrivate : .publicOnly }
}

/// Everything of one loop: its database connections, its HTTP client, its share of the deliveries, its handlers.
struct Shard: Sendable {
    let loop: EventLoop
    /// Of the node.
    let loops: Int
    let database: Database
    let store: Store
    let client: HTTPClient
    let dispatcher: Dispatcher
    let upstreams: UpstreamDirectory
    let uses: UseWriter
    let statistics: StatisticWriter
    let registrar: Registrar
    /// Nil where upstreams' lists are not looked at.
    let reconciler: Reconciler?
    let context: APIContext

    /// Connects. Run it on the loop.
    static func start(_ loop: EventLoop, _ parts: NodeParts) async throws -> Shard {
        var databaseConfiguration = DatabaseConfiguration.service(parts.configuration.databaseURL)
        databaseConfiguration.writeConnections = parts.configuration.writeConnections
        databaseConfiguration.readConnections = parts.configuration.readConnections
        let database = Database(loop: loop, configuration: databaseConfiguration, statements: .service)
        parts.databaseMetrics.follow(database)
        try await database.start()
        let store = Store(
            loop: loop, database: database, keyring: parts.configuration.keyring, clock: parts.clock,
            identifiers: parts.identifiers)
        var clientConfiguration = HTTPClientConfiguration()
        clientConfiguration.log = parts.log
        let client = HTTPClient(loop: loop, configuration: clientConfiguration)
        let dispatcher = Dispatcher(
            loop: loop, store: store, client: client, leases: parts.leases, policy: parts.policy,
            retries: parts.configuration.retries, attemptTimeout: parts.configuration.attemptTimeout,
            isSending: !parts.configuration.acceptsOnly, log: parts.log,
            metrics: parts.deliveryMetrics)
        let intake = Intake(
            loop: loop, store: store, dispatcher: dispatcher,
            answerWithin: parts.configuration.acknowledgeWithin)
        let upstreams = UpstreamDirectory(store: store, policy: parts.upstreamPolicy, log: parts.log)
        await upstreams.refresh()
        var configuration = APIConfiguration(
            publicURL: parts.configuration.publicURL, targetPolicy: parts.policy, upstreamPolicy: parts.upstreamPolicy,
            allowsPrivateTargets: parts.configuration.allowsPrivateTargets, version: Commands.version)
        configuration.trustedProxies = parts.configuration.trustedProxies
        configuration.requestsInFlight = parts.configuration.requestsInFlight
        configuration.acknowledgeWithin = parts.configuration.acknowledgeWithin
        let accounts = AccountClient(
            loop: loop, client: client, policy: parts.upstreamPolicy, clock: parts.clock, random: parts.random)
        let registrar = Registrar(
            loop: loop, store: store, client: accounts, upstreams: upstreams, random: parts.random, log: parts.log,
            metrics: parts.registrarMetrics)
        let mesh = MeshClient(client: client, policy: parts.upstreamPolicy)
        let reconciler = parts.configuration.reconcileInterval.map { interval in
            Reconciler(
                loop: loop, store: store, client: mesh, upstreams: upstreams, pace: ReconcilerPace(interval: interval),
                log: parts.log, metrics: parts.reconcilerMetrics, onMade: { dispatcher.lookNow() })
        }
        let context = APIContext(
            configuration: configuration,
            store: store, clock: parts.clock, identifiers: parts.identifiers, log: parts.log, metrics: parts.metrics,
            requestMetrics: parts.requestMetrics, upstreams: upstreams,
            mesh: mesh, accounts: accounts,
            accept: { (event) throws(StoreError) in
                let fate = try await intake.accept(event)
                if fate == .stored, let reference = event.reference { parts.bell.ring(reference.subClient) }
                return fate
            },
            hasRoom: { intake.hasRoom },
            readiness: {
                parts.phase.readiness(
                    outage: database.outage, hasUpstreams: upstreams.isLoaded, hold: parts.gate.hold)
            }, worker: parts.worker, bell: parts.bell, gate: parts.rates)
        return Shard(
            loop: loop, loops: parts.configuration.loops, database: database, store: store, client: client,
            dispatcher: dispatcher, upstreams: upstreams, uses: UseWriter(store: store, log: parts.log),
            statistics: StatisticWriter(store: store, log: parts.log), registrar: registrar, reconciler: reconciler,
            context: context)
    }

    /// What the process's descriptors allow each loop, so that there are some for everything else.
    private var connectionLimit: Int {
        let share = Signals.descriptorLimit / loops
        return min(SheddingLimits.connections, max(share / 2, share - SheddingLimits.otherDescriptors))
    }

    /// Starts the work that goes on by itself. Run it on the loop.
    func begin() -> [Task<Void, Never>] {
        [
            loop.spawn { await dispatcher.run() }, loop.spawn { await upstreams.run() },
            loop.spawn { await uses.run() }, loop.spawn { await statistics.run() },
        ]
    }

    /// A server for one of the API's listeners, in the clear without `tls`. Run it on the loop.
    func server(_ table: RouteTable, sharesPort: Bool, tls: CurrentTLS?) -> HTTPServer {
        let service = APIService(table, context)
        let identifiers = store.identifiers
        let clock = store.clock
        var configuration = HTTPServerConfiguration(
            requestId: { identifiers.nextUUID().text },
            errorBody: { Problem.serverError(status: $0, requestID: $1) },
            unixTime: { clock.now().seconds })
        configuration.sharesPort = sharesPort
        configuration.mayWait = { service.mayWait($0) }
        configuration.tls = tls
        if "\(table.listener)" == "public" {
            configuration.connectionLimit = connectionLimit
            configuration.reservedConnections = connectionLimit * SheddingLimits.shareOfReservedConnections / 100
        }
        return HTTPServer(loop: loop, configuration: configuration) { await service.handle($0) }
    }

    /// Lets everything finish that was begun. Run it on the loop, after the listeners have drained.
    func end(grace: Duration) async {
        await registrar.stop(grace: grace)
        // What it leaves undone is done again.
        await reconciler?.stop(grace: min(grace, .milliseconds(500)))
        await dispatcher.stop(grace: grace)
        client.close()
        await uses.write()
        await statistics.write()
        await database.close()
    }
}
