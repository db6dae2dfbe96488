import Domain
import HTTPClient
import HTTPServer
import Runtime

/// The demo shop with its listener, on one loop.
struct RunningShop: Sendable {
    private let shop: Shop
    private let server: HTTPServer

    /// Nil when there is no endpoint, and so no secret to verify webhooks with.
    static func start(
        _ state: DevState, _ demo: DemoAddresses, client: HTTPClient, loop: EventLoop
    ) throws -> RunningShop? {
        guard let secret = state.endpointSecret, let receiver = DemoReceiver(secret: secret, clock: .system) else {
            return nil
        }
        let checkout = ShopCheckout(
            client: client, publicURL: demo.publicURL, clientID: state.clientID ?? "",
            clientSecret: state.clientSecret ?? "", clock: .system)
        let shop = Shop(
            loop: loop, receiver: receiver, checkout: checkout, linkOrigin: demo.sandbox, clock: .system)
        let identifiers = IdentifierSourceForRequests()
        let server = HTTPServer(
            loop: loop,
            configuration: HTTPServerConfiguration(
                requestId: { identifiers.next() },
                errorBody: { status, _ in ("text/plain", Array("\(status)\n".utf8)) },
                unixTime: { Clock.system.now().seconds })
        ) { await shop.handle($0) }
        try server.listen(address: "127.0.0.1", port: demo.port + 4)
        return RunningShop(shop: shop, server: server)
    }

    /// Lets the browsers that wait for news go; webhooks still come.
    func close() { shop.close() }

    func stop() async { await server.drain(within: .seconds(1)) }
}
