import Domain
package import HTTPClient
package import HTTPServer
package import Postgres
package import Runtime
import SQL

/// The Mesh stand-in: link tokens over HTTP, a control call that plays their users, the webhooks that follow, and the
/// Account Management API. Loop-bound.
///
/// `handler` goes into an `HTTPServer` on the same loop; as a service it posts the webhooks. Its state is the schema
/// `sandbox` in PostgreSQL, so it survives restarts.
package struct Sandbox: Service {
    package let name = "sandbox"

    private let sender: WebhookSender
    private let tokens: LinkTokenStore
    let exchange: Exchange
    private let linkTokens: LinkTokenRoutes
    private let reads: ReadRoutes
    let managed: ManagedRoutes
    private let control: ControlRoutes
    private let accounts: AccountRoutes
    private let gate: FaultGate
    private let faults: FaultRoutes
    private let logos: LogoPage
    private let pages: Pages
    private let shells: LinkShells
    private let assets = LinkAssets()
    private let link: LinkRoutes
    private let clock: Clock
    private let log: Log
    private let loop: EventLoop
    private let sweeping: Wake
    private let isStopping: LoopState<Bool>

    /// The statements a database of the stand-in prepares: its role may use no others.
    package static let statements: [Statement] = StatementFile.sandbox

    /// `database` connects as `subgate_sandbox`, prepares `Sandbox.statements`, and is started and closed by the
    /// caller, as is `httpClient`.
    package init(
        loop: EventLoop, database: Database, httpClient: HTTPClient, configuration: SandboxConfiguration,
        clock: Clock = .system, random: RandomSource = .system, log: Log
    ) {
        self.loop = loop
        self.log = log
        let virtual = VirtualClock(clock)
        let machineClock = clock
        let clock = virtual.clock
        self.clock = clock
        tokens = LinkTokenStore(database: database)
        let sender = WebhookSender(
            loop: loop, store: WebhookStore(database: database), client: httpClient, clients: configuration.clients,
            clock: clock, machineClock: machineClock, random: random, log: log)
        self.sender = sender
        let book = FaultBook(
            loop: loop, store: FaultStore(database: database), clock: virtual, random: random, log: log)
        exchange = Exchange(
            database: database, sender: sender, clock: clock, random: random,
            plan: { book.plan($0) }, spend: { await book.spend($0, $1) })
        let keys = ClientKeys(configuration.clients)
        reads = ReadRoutes(
            keys: keys, store: TransferStore(database: database), clock: clock, random: random, log: log)
        managed = ManagedRoutes(
            keys: keys, exchange: exchange, transfers: TransferStore(database: database), clock: clock, random: random,
            log: log)
        linkTokens = LinkTokenRoutes(
            keys: keys, store: tokens, baseURL: configuration.publicBaseURL,
            clock: clock, random: random, log: log)
        control = ControlRoutes(
            store: tokens, sender: sender, faults: book, clock: clock, random: random, log: log)
        let accountStore = AccountStore(database: database)
        let accountKeys = AccountKeys(configuration.clients)
        accounts = AccountRoutes(
            keys: accountKeys, store: accountStore, baseURL: configuration.publicBaseURL, clock: clock,
            random: random, log: log)
        gate = FaultGate(loop: loop, book: book, keys: keys, accountKeys: accountKeys, random: random)
        faults = FaultRoutes(book: book, nudge: { sender.nudge() }, log: log)
        logos = LogoPage(store: accountStore, log: log)
        shells = LinkShells(tokens: tokens, accounts: accountStore, log: log)
        link = LinkRoutes(
            tokens: tokens, sessions: LinkSessionStore(database: database), accounts: accountStore,
            exchange: exchange, ownOrigin: WebOrigin(url: configuration.publicBaseURL.utf8), clock: clock,
            random: random, log: log)
        pages = Pages(baseURL: configuration.publicBaseURL)
        sweeping = Wake(loop)
        isStopping = LoopState(loop, false)
    }

    /// Answers the requests of the sandbox listener.
    package var handler: HTTPServer.Handler { { request in await gate.answer(request) { await respond(to: $0) } } }

    private func respond(to request: Request) async -> Response {
        let head = request.head
        switch SandboxRouteTable.match(head.method, head.path) {
        case .operation(.about): return pages.about()
        case .operation(.payLink): return shells.payLink()
        case .operation(.connect): return await shells.connect(head)
        case .operation(.linkAsset): return assets.answer(head)
        case .operation(.linkCall): return await link.answer(request)
        case .operation(.createLinkToken): return await linkTokens.create(request)
        case .operation(.completeLinkToken): return await control.complete(request)
        case .operation(.account(let operation)): return await accounts.answer(operation, request)
        case .operation(.fault(let operation)): return await faults.answer(operation, request)
        case .operation(.managed(let operation)): return await managed.answer(operation, request)
        case .operation(.logo): return await logos.answer(request)
        case .operation(let operation): return await reads.answer(operation, request)
        case .nothing: return Problem.notFound.response(requestId: head.requestId)
        case .otherMethods(let methods):
            var response =
                head.method == .options
                ? Response(status: 204) : Problem.methodNotAllowed.response(requestId: head.requestId)
            response.headers.add("Allow", methods.map(\.name.description).joined(separator: ", ").utf8)
            return response
        }
    }

    /// The body of an answer that the HTTP server gives by itself.
    package static func errorBody(status: Int, requestId: [UInt8]) -> (contentType: String, body: [UInt8]) {
        ("application/problem+json", Problem.ofServer(status).body(requestId: requestId))
    }

    // MARK: Service

    /// Posts webhooks and forgets old tokens until `stop()`; returns when the posts under way have ended.
    package func run() async {
        // What is due depends on the clock as an earlier run left it.
        await gate.book.load()
        let sweeper = loop.spawn { await sweep() }
        await sender.run()
        await sweeper.value
    }

    package func stop() async {
        isStopping.withValue { $0 = true }
        sweeping.call()
        sender.stop()
    }

    private func sweep() async {
        while !isStopping.withValue({ $0 }) {
            do {
                try await tokens.sweep(at: clock.now())
                try await exchange.previews.sweep(before: clock.now() - SandboxLimits.expiredPreviewMemory)
            } catch {
                log.warn("old link tokens and previews cannot be deleted", [(.error, .text(error.description))])
            }
            await sweeping.sleep(atMost: SandboxLimits.sweepInterval)
        }
    }
}
