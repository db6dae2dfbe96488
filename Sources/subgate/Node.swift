import API
import Delivery
import Domain
import HTTPServer
import Postgres
import Runtime
import SQL
import Store
import TLS
import Upstream

/// A running node of the service: its loops, their shards, the listeners.
struct Node: Sendable {
    /// How long a stop may take: what a process manager waits for.
    private static let stopGrace: Duration = .seconds(9)

    let parts: NodeParts
    let shards: [Shard]
    private let servers: [(loop: EventLoop, server: HTTPServer)]
    private let work: [Task<Void, Never>]
    /// The databases of the node's own work: its life, its erasures, and what else goes on in the background.
    private let own: [Database]
    private let keyWatch: KeyWatch
    /// The ports that were given, or chosen for 0.
    let ports: (public: UInt16, admin: UInt16, ops: UInt16)

    /// Starts on `loops`, which run. Throws the first thing that is wrong.
    static func start(_ configuration: ServiceConfiguration, loops: [EventLoop], log: Log) async throws -> Node {
        let metrics = Metrics()
        metrics.declareProcess(clock: .system)
        metrics.counter("subgate_log_lines_dropped_total", help: "Log lines nobody read in time.") {
            Double(StandardError.shared.droppedLines)
        }
        metrics.information(
            "subgate_build_info", help: "The running build.", MetricLabel("version", [Commands.version]))
        let identifiers = IdentifierSource(clock: .system, random: .system)
        let tls = try TLSListeners(configuration.tls, clock: .system, log: log)
        tls.declare(metrics)
        let parts = NodeParts(
            configuration: configuration,
            leases: LeaseSource(node: identifiers.next(EventID.self).uuid, span: configuration.lease), log: log,
            metrics: metrics,
            requestMetrics: RequestMetrics(metrics), deliveryMetrics: DeliveryMetrics(metrics),
            registrarMetrics: RegistrarMetrics(metrics), reconcilerMetrics: ReconcilerMetrics(metrics),
            databaseMetrics: DatabaseMetrics(metrics), phase: NodePhase(), tls: tls,
            rates: RateGate(configuration.rates, metrics: RefusalMetrics(metrics)))
        try await DatabaseDoor.check(configuration, loops[0])
        try checkSchema(configuration.databaseURL)
        try await checkKeys(parts, loops[0])
        let shards = try await startShards(loops, parts)
        let watch = NodeWatch(metrics, databases: parts.databaseMetrics, phase: parts.phase, log: log)
        for (number, shard) in shards.enumerated() { watch.begin(shard, number: number) }
        metrics.gauge("subgate_node_ready", help: "1 while this node can serve, 0 while it cannot.") {
            parts.phase.isReady ? 1 : 0
        }
        let hasProduction = await loops[0].run { await shards[0].upstreams.upstream(for: .production) != nil }
        if configuration.allowsPrivateTargets, hasProduction {
            throw StartFailure("--allow-private-targets is for development, and there is a production upstream")
        }
        return try await loops[0].run { () async -> Result<Node, any Error> in
            do { return .success(try await begin(parts, shards)) } catch { return .failure(error) }
        }.get()
    }

    private static func startShards(_ loops: [EventLoop], _ parts: NodeParts) async throws -> [Shard] {
        var shards: [Shard] = []
        for loop in loops {
            shards.append(
                try await loop.run { () async -> Result<Shard, any Error> in
                    do { return .success(try await Shard.start(loop, parts)) } catch { return .failure(error) }
                }.get())
        }
        return shards
    }

    /// The rest of the start, on the first loop.
    private static func begin(_ parts: NodeParts, _ shards: [Shard]) async throws -> Node {
        let first = shards[0]
        let session = try await ownDatabase(first.loop, "subgate node", parts)
        let life = NodeLife(
            loop: first.loop,
            session: parts.store(first.loop, session), store: first.store, node: parts.leases.node,
            name: parts.configuration.nodeName, time: parts.time, log: parts.log, metrics: parts.deliveryMetrics,
            onRescue: { for shard in shards { shard.loop.execute { shard.dispatcher.lookNow() } } },
            onLoss: { for shard in shards { shard.loop.execute { shard.dispatcher.yieldWaiting() } } })
        let gate = gateWatch(shards, parts)
        // Before anything else is done in a database that may be a restored one.
        await gate.runOnce()
        // Before the first delivery is leased to this node, it must be known to live; and what a dead one held is due.
        await life.runOnce()
        let erasures = try await ownDatabase(
            first.loop, "subgate erasures", parts, statementTimeout: .seconds(60))
        let eraser = Eraser(
            loop: first.loop, store: parts.store(first.loop, erasures), log: parts.log)
        // Both take their time, and neither's work may be shared with what others wait for.
        let housekeeper = Housekeeper(
            loop: first.loop, store: parts.store(first.loop, erasures), ages: parts.configuration.retention,
            log: parts.log)
        var work = [
            first.loop.spawn { await gate.run() }, first.loop.spawn { await life.run() },
            first.loop.spawn { await eraser.run() },
            first.loop.spawn { await housekeeper.run() },
        ]
        let background = try await ownDatabase(first.loop, "subgate background", parts)
        let backgroundStore = parts.store(first.loop, background)
        work += backgroundWork(first.loop, backgroundStore, parts) {
            for shard in shards { shard.loop.execute { shard.dispatcher.lookNow() } }
        }
        let keyMeter = KeyMeter(first.store, log: parts.log, metrics: parts.metrics)
        work.append(first.loop.spawn { await keyMeter.run() })
        let keyWatch = keyWatch(backgroundStore, parts)
        work.append(first.loop.spawn { await keyWatch.run() })
        for shard in shards { work += await shard.loop.run { shard.begin() } }
        // One worker of a node is enough for what people change, and spares upstreams.
        if !parts.configuration.acceptsOnly {
            work.append(first.loop.spawn { await first.registrar.run() })
            if let reconciler = first.reconciler { work.append(first.loop.spawn { await reconciler.run() }) }
        }
        var servers: [(loop: EventLoop, server: HTTPServer)] = []
        var publicPort = parts.configuration.publicListen.port
        // A port that loops share would silently be shared with another program's loops too: look first.
        if shards.count > 1, publicPort != 0 {
            let probe = try await listening(
                first, .publicListener, on: parts.configuration.publicListen, sharesPort: false, tls: nil)
            await probe.server.drain(within: .zero)
        }
        for shard in shards {
            let listen = ListenAddress(host: parts.configuration.publicListen.host, port: publicPort)
            let (server, port) = try await listening(
                shard, .publicListener, on: listen, sharesPort: shards.count > 1, tls: parts.tls[.public])
            servers.append((shard.loop, server))
            publicPort = port
        }
        let admin = try await listening(
            first, .adminListener, on: parts.configuration.adminListen, sharesPort: false, tls: parts.tls[.admin])
        let ops = try await listening(
            first, .opsListener, on: parts.configuration.opsListen, sharesPort: false, tls: nil)
        ConnectionMetrics(parts.metrics).follow(servers, admin: admin.server, ops: ops.server, on: first.loop)
        servers += [(first.loop, admin.server), (first.loop, ops.server)]
        parts.tls.reloadOnHangup(first.loop)
        parts.phase.set(.ready)
        parts.log.info("state changed", [(.kind, .text("node")), (.state, .text("ready"))])
        return Node(
            parts: parts, shards: shards, servers: servers, work: work, own: [session, erasures, background],
            keyWatch: keyWatch, ports: (publicPort, admin.port, ops.port))
    }

    private static func gateWatch(_ shards: [Shard], _ parts: NodeParts) -> GateWatch {
        GateWatch(
            loop: shards[0].loop, store: shards[0].store,
            gate: DeliveryGate(longestOutage: parts.configuration.longestOutage), shown: parts.gate, log: parts.log,
            metrics: parts.metrics
        ) { isHeld in
            for shard in shards { shard.loop.execute { shard.dispatcher.setHeld(isHeld) } }
        }
    }

    /// What every node does in the background for those who wait for it: short chunks, so they share a connection.
    /// `onDue` is called when deliveries became due.
    private static func backgroundWork(
        _ loop: EventLoop, _ store: Store, _ parts: NodeParts, onDue: @escaping @Sendable () -> Void
    ) -> [Task<Void, Never>] {
        let recoverer = Recoverer(loop: loop, store: store, log: parts.log, onDue: onDue)
        let teller = OperatorTeller(loop: loop, store: store, log: parts.log, onDue: onDue)
        let meter = BacklogMeter(loop: loop, store: store, log: parts.log, metrics: parts.metrics)
        return [
            loop.spawn { await recoverer.run() }, loop.spawn { await teller.run() }, loop.spawn { await meter.run() },
        ]
    }

    /// One connection that nothing else uses.
    private static func ownDatabase(
        _ loop: EventLoop, _ name: String, _ parts: NodeParts, statementTimeout: Duration = .seconds(5),
        preparation: DatabaseConfiguration.Preparation = .whenUsed
    ) async throws -> Database {
        var configuration = DatabaseConfiguration.service(parts.configuration.databaseURL)
        configuration.applicationName = name
        configuration.lanes = [.write]
        // Locks that one piece of work takes are not held until the next has its own.
        configuration.unitsPerBatch = 1
        configuration.statementTimeout = statementTimeout
        configuration.stallTimeout = statementTimeout + .seconds(10)
        configuration.preparation = preparation
        let database = Database(loop: loop, configuration: configuration, statements: .service)
        try await database.start()
        return database
    }

    private static func listening(
        _ shard: Shard, _ table: RouteTable, on address: ListenAddress, sharesPort: Bool, tls: CurrentTLS?
    ) async throws -> (server: HTTPServer, port: UInt16) {
        let result = await shard.loop.run { () async -> Result<(HTTPServer, UInt16), StartFailure> in
            let server = shard.server(table, sharesPort: sharesPort, tls: tls)
            do {
                return .success((server, try server.listen(address: address.host, port: address.port)))
            } catch {
                return .failure(StartFailure("cannot listen on \(address.host):\(address.port): \(error)"))
            }
        }
        let (server, port) = try result.get()
        return (server, port)
    }

    private static func checkSchema(_ url: String) throws {
        do {
            let pending = try Migrator(try BlockingConnection(url, applicationName: "subgate start")).pending()
            if let first = pending.first {
                throw StartFailure("the database lacks migration \(first.name): run `subgate migrate` as its owner")
            }
        } catch let failure as StartFailure {
            throw failure
        } catch {
            throw StartFailure("\(error)")
        }
    }

    /// Fails closed: before anything is served, the database understands every statement, and the keys are those that
    /// it knows, and all that it needs.
    private static func checkKeys(_ parts: NodeParts, _ loop: EventLoop) async throws {
        try await loop.run { () async -> Result<Void, any Error> in
            do {
                let database = try await ownDatabase(loop, "subgate start", parts, preparation: .atOnce)
                let store = Store(loop: loop, database: database, keyring: parts.configuration.keyring)
                let problem = await keyWatch(store, parts).begin()
                await database.close()
                return problem.map { .failure(StartFailure($0)) } ?? .success(())
            } catch {
                return .failure(error)
            }
        }.get()
    }

    private static func keyWatch(_ store: Store, _ parts: NodeParts) -> KeyWatch {
        let source = parts.configuration.keySource
        return KeyWatch(store: store, node: (parts.leases.node, parts.configuration.nodeName), log: parts.log) {
            () throws(KeyTextFault) in try source.read()
        }
    }

    /// Looks at once whether the files of keys have changed. Run it on the first loop.
    func rereadKeys() async { await keyWatch.reread() }

    // MARK: Stopping

    /// Stops accepting, finishes what is in flight, gives back what it holds; within ten seconds.
    func stop() async {
        parts.phase.set(.draining)
        parts.log.info("state changed", [(.kind, .text("node")), (.state, .text("draining"))])
        parts.bell.close()
        let started = parts.clock.now()
        await withTaskGroup { group in
            for (loop, server) in servers {
                group.addTask { await loop.run { await server.drain(within: .seconds(5)) } }
            }
        }
        let grace = Node.stopGrace - (parts.clock.now() - started)
        await withTaskGroup { group in
            for shard in shards {
                group.addTask { await shard.loop.run { await shard.end(grace: max(grace, .seconds(1))) } }
            }
        }
        for task in work { task.cancel() }
        let (own, keyWatch) = (own, keyWatch)
        await shards[0].loop.run {
            await keyWatch.end()
            for database in own { await database.close() }
        }
    }
}

/// Why a node cannot start, as one line for the operator.
struct StartFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
