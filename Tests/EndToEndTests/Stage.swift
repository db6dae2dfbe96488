import Foundation
import JSON
import TestSupport

/// All that an end-to-end test plays with: a database, an upstream and receivers of our own, and the program.
final class Stage: Sendable {
    static let webhookSecret = "a secret of the upstream: ü"
    static let upstreamSecret = "sk-upstream-canary"
    static let upstreamClientID = "5c6a1f5e-3f04-4d8f-8f2c-0d8c7b6a5948"

    let installation: Installation
    /// Takes the webhooks of all merchants.
    let receivers: ReceiverFarm
    /// The upstream's side of link tokens.
    let mesh: ReceiverFarm
    let node: ServiceProcess
    let upstream: String
    let admin: Caller

    /// Starts a node and registers the upstream: the one played here, unless another's port is given.
    /// `arguments` are further options of `serve`.
    init(arguments: [String] = [], upstreamPort: UInt16? = nil, on installation: Installation? = nil) throws {
        self.installation = try installation ?? Installation()
        receivers = try ReceiverFarm()
        mesh = try ReceiverFarm()
        mesh.plan("/api/v1/linktoken") { request in
            // Base64 of a URL, as Mesh's link tokens are.
            let token = Data("https://link.example/\(request.index)".utf8).base64EncodedString()
            return .answer(200, body: #"{"content":{"linkToken":"\#(token)"},"status":"ok","message":""}"#)
        }
        node = ServiceProcess(self.installation, arguments: arguments)
        try node.start()
        admin = Caller(port: node.adminPort, headers: [("Authorization", "Bearer \(self.installation.adminKey)")])
        let body = """
            {"environment":"sandbox","name":"mesh","baseUrl":"http://localhost:\(upstreamPort ?? mesh.port)",
            "clientId":"\(Stage.upstreamClientID)","clientSecret":"\(Stage.upstreamSecret)",
            "webhookSecrets":["\(Stage.webhookSecret)"]}
            """
        upstream = try admin("POST", "/admin/v1/upstreams", body).json(201).text(at: "id")
        try waitUntilUpstreamIsKnown()
    }

    /// Each loop reads the upstreams once a second, and a connection may reach any loop.
    private func waitUntilUpstreamIsKnown() throws {
        try Patience.wait(until: "the upstream known on every loop") {
            try (0..<16).allSatisfy { _ in
                let signature = WebhookSignature.mesh([], secret: "not the secret")
                let stray = try HTTPProbe(port: node.publicPort).send(
                    "POST", "/inbound/mesh/\(upstream)", headers: [("X-Mesh-Signature-256", signature)], body: [])
                return stray.status == 401
            }
        }
    }

    deinit {
        node.kill()
        receivers.stop()
        mesh.stop()
    }

    /// Another node on the same database.
    func startNode(_ name: String) throws -> ServiceProcess {
        let node = ServiceProcess(self.installation, name: name)
        try node.start()
        return node
    }

    /// An active sub-client with a sandbox credential. `name` is in all that it owns, so that a leak shows.
    func merchant(_ name: String) throws -> Merchant {
        let body = #"{"legalName":"\#(name) GmbH","displayName":"\#(name)","country":"DE"}"#
        let id = try admin("POST", "/admin/v1/sub-clients", body).json(201).text(at: "id")
        _ = try admin("POST", "/admin/v1/sub-clients/\(id)/activate").json(200)
        let credential = try admin(
            "POST", "/admin/v1/sub-clients/\(id)/credentials",
            #"{"environment":"sandbox","access":"readWrite","name":"\#(name) server"}"#
        ).json(201)
        return Merchant(
            name: name, id: id, clientID: try credential.text(at: "clientId"),
            secret: try credential.text(at: "clientSecret"), stage: self)
    }

    /// Posts events as the upstream until all are answered 200.
    func post(_ events: [MeshPost.Event], to nodes: [ServiceProcess]? = nil, posters: Int = 8) -> MeshPost {
        MeshPost(
            events, upstream: upstream, secret: Stage.webhookSecret, ports: (nodes ?? [node]).map(\.publicPort),
            posters: posters)
    }
}

/// Someone who calls one listener with headers to authenticate with.
struct Caller: Sendable {
    let port: UInt16
    var headers: [(String, String)]

    /// `body` is JSON.
    func callAsFunction(_ method: String, _ path: String, _ body: String? = nil) throws -> HTTPAnswer {
        let type = body == nil ? [] : [("Content-Type", "application/json")]
        return try HTTPProbe(port: port).send(method, path, headers: headers + type, body: body.map { Array($0.utf8) })
    }
}

/// A sub-client with its own key.
struct Merchant: Sendable {
    struct Endpoint: Sendable {
        let id: String
        let secret: String
        /// Its path at the stage's receivers.
        let path: String
    }

    /// What the upstream knows a link session by.
    struct Session: Sendable {
        let transactionID: String
        let upstreamTransactionID: String
        let upstreamUserID: String
    }

    let name: String
    let id: String
    let clientID: String
    let secret: String
    let stage: Stage

    /// Calls the public listener as Mesh's clients do.
    var call: Caller {
        Caller(port: stage.node.publicPort, headers: [("X-Client-Id", clientID), ("X-Client-Secret", secret)])
    }

    /// Registers an endpoint at the stage's receivers.
    func endpoint(_ path: String, format: String = "mesh", url: String? = nil) throws -> Endpoint {
        let url = url ?? stage.receivers.url(path)
        let body = #"{"url":"\#(url)","payloadFormat":"\#(format)","description":"\#(name)"}"#
        let made = try call("POST", "/v1/webhook-endpoints", body).json(201)
        return Endpoint(id: try made.text(at: "id"), secret: try made.text(at: "secret"), path: path)
    }

    /// Mints a link token, and looks at the upstream what it was asked for.
    func linkSession(_ transactionID: String) throws -> Session {
        let before = stage.mesh.count
        _ = try call("POST", "/api/v1/linktoken", linkTokenBody(transactionID)).json(200)
        guard let request = stage.mesh.received.dropFirst(before).last else { throw Unexpected("no call upstream") }
        let asked = try JSONDocument.parse(request.body).root
        return Session(
            transactionID: transactionID,
            upstreamTransactionID: try asked.text(at: "transferOptions.transactionId"),
            upstreamUserID: try asked.text(at: "userId"))
    }

    func linkTokenBody(_ transactionID: String) -> String {
        """
        {"userId":"\(name)-user","transferOptions":{"transactionId":"\(transactionID)","transferType":"payment",
        "amountInFiat":25.50,"toAddresses":[{"networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC",
        "address":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}
        """
    }

    /// The delivery to an endpoint, once there is one and it is as wanted.
    func delivery(
        to endpoint: Endpoint, within limit: Duration = .seconds(20), that isAsWanted: (JSONValue) -> Bool
    ) throws -> JSONValue {
        try Patience.wait(for: "a delivery to \(endpoint.path)", within: limit) {
            let list = try call("GET", "/v1/deliveries?endpointId=\(endpoint.id)").json(200).data
            guard let id = list.first?["id"]?.text else { return nil }
            let detail = try call("GET", "/v1/deliveries/\(id)").json(200)
            return isAsWanted(detail) ? detail : nil
        }
    }
}
