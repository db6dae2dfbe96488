import Foundation
import JSON
import TestSupport
import Testing

extension EndToEnd {
    /// The demo shop of `subgate dev`, as a browser and as a cheat see it.
    @Suite struct ShopTests {
        /// What the first start made is used again by the next, and what a person chose meanwhile stays.
        @Test func aCustomerPaysAndALaterStartGoesOn() async throws {
            try await onOwnThread {
                let dev = try DevProcess.dev()
                let first = try Scene(dev)
                let admin = try first.facts.text(at: "adminUrl")
                #expect(dev.log.contains("\(admin)/console "), "it says where its pages are")
                try checkPage(first)
                try checkPayment(first)
                let path = "/admin/v1/sub-clients/\(first.subClient)/branding"
                let chosen =
                    #"{"displayName":"Corner Café","allowedOrigins":["http://localhost:\#(first.port)"]}"#
                _ = try first.admin("PUT", path, chosen).json(200)
                try dev.stop()
                let second = try Scene(dev)
                #expect(second.subClient == first.subClient && second.clientSecret == first.clientSecret)
                let branding = try second.admin("GET", path).json(200)
                #expect(branding["displayName"]?.text == "Corner Café")
                #expect(branding["allowedOrigins"]?.elements.map { $0 }.count == 1)
                #expect(try second.state(try second.order("mug")).text(at: "status") == "waiting")
            }
        }

        /// The page is served whole, and loads nothing from elsewhere.
        private func checkPage(_ shop: Scene) throws {
            let page = try shop.call("GET", "/")
            #expect(page.status == 200 && page.header("content-type") == "text/html; charset=utf-8")
            let policy = try #require(page.header("content-security-policy"))
            let sandbox = try shop.facts.text(at: "sandboxUrl")
            #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"))
            #expect(policy.contains("frame-src \(sandbox);") && policy.contains("frame-ancestors 'none'"))
            // Every file that a file of the page names is there, and none is elsewhere.
            for file in ["shop.css", "shop.js", "steps.js", "format.js", "link-host.js"] {
                let asset = try shop.call("GET", "/assets/\(file)")
                #expect(asset.status == 200 && asset.header("x-content-type-options") == "nosniff", "\(file)")
                #expect(!asset.text.contains("://"), "\(file)")
                let etag = try #require(asset.header("etag"))
                let again = try HTTPProbe(port: shop.port).send(
                    "GET", "/assets/\(file)", headers: [("If-None-Match", etag)])
                #expect(again.status == 304 && again.body.isEmpty)
            }
            #expect(try shop.call("GET", "/assets/nothing.js").status == 404)
            #expect(try shop.call("GET", "/nothing").status == 404)
            #expect(try shop.call("DELETE", "/orders").status == 405)
            #expect(try shop.call("GET", "/webhooks").header("allow") == "POST")
            let products = try shop.call("GET", "/products").json(200).data
            #expect(products.compactMap { $0["sku"]?.text } == ["beans", "mug", "kit"])
            #expect(shop.dev.log.contains("Open \(try shop.facts.text(at: "shopUrl")) and press Pay."))
        }

        /// From the Pay button's call to the browser's news, with Subgate and its sandbox in between.
        private func checkPayment(_ shop: Scene) throws {
            let made = try shop.call("POST", "/orders", #"{"sku":"kit"}"#)
            #expect(!made.text.contains(shop.clientSecret))
            let answer = try made.json(201)
            let id = try answer.text(at: "order.id")
            #expect(try answer.text(at: "order.status") == "waiting")
            #expect(answer["order"]?["exchange"]?["status"]?.integer == 200)
            #expect(try answer.text(at: "order.exchange.body").contains(#""amount":49.9"#))

            // The token opens the sandbox's Link, which the shop's origins may frame.
            let token = try answer.text(at: "linkToken")
            let url = try #require(Data(base64Encoded: token).map { String(decoding: $0, as: UTF8.self) })
            #expect(url.hasPrefix(try shop.facts.text(at: "sandboxUrl") + "/b2b-iframe/"))
            let branding = try shop.admin("GET", "/admin/v1/sub-clients/\(shop.subClient)/branding").json(200)
            #expect(branding["logo"]?["width"]?.integer == 128)
            #expect(
                branding["allowedOrigins"]?.elements.compactMap(\.text) == [
                    "http://127.0.0.1:\(shop.port)", "http://localhost:\(shop.port)",
                ])

            var stream = OrderStream(id: id, shop: shop)
            #expect(try stream.next()["status"]?.text == "waiting")
            try shop.complete(token, #""outcome":"succeeded","duplicates":2"#)
            let paid = try stream.next { $0["status"]?.text == "paid" && $0["webhooks"]?.hasOrigins == true }
            let webhooks = try #require(paid["webhooks"]).elements.map { $0 }
            #expect(webhooks.compactMap { $0["status"]?.text } == ["Pending", "Succeeded"])
            #expect(Set(webhooks.compactMap { $0["id"]?.text }).count == 2)
            let names = webhooks.last?["headers"]?.elements.compactMap { $0["name"]?.text } ?? []
            #expect(names.contains("webhook-signature") && names.contains("X-Mesh-Signature-256"))
            #expect(shop.dev.log.contains("shop: \(id): amount, token, network and address are as ordered: paid"))
        }

        @Test func nothingButTheRightWebhookPaysAndOldOrdersAreForgotten() async throws {
            try await onOwnThread {
                let shop = try Scene()
                try checkWebhooks(shop)
                try checkOrders(shop)
            }
        }

        private func checkWebhooks(_ shop: Scene) throws {
            let order = try shop.order("beans")
            let right = Claim(order: order)
            // Forged: by whom the secret is not known, over another body, and too old.
            #expect(try shop.post(right, secret: Claim.strangersSecret).status == 401)
            #expect(try shop.post(right, signing: Claim(order: order, amount: "1")).status == 401)
            #expect(try shop.post(right, sentAt: -600).status == 401)
            #expect(try shop.call("POST", "/webhooks", right.body).status == 401)
            #expect(try shop.state(order)["webhooks"]?.elements.contains { _ in true } == false)
            #expect(try shop.state(order).text(at: "status") == "waiting")

            // Signed as it should be, for something else than was ordered.
            for (wrong, words) in [
                (Claim(order: order, amount: "12.49"), "the amount is 12.49 and not 12.5"),
                (Claim(order: order, amount: "125e-1", token: "PYUSD"), "the token is not USDC"),
                (Claim(order: order, network: "Ethereum"), "the network is not Base"),
                (Claim(order: order, address: "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"), "the address is not"),
            ] {
                #expect(try shop.post(wrong).status == 200)
                let state = try shop.state(order)
                #expect(try state.text(at: "status") == "review")
                let last = try #require(state["webhooks"]).elements.map { $0 }.last
                #expect(last?["verdict"]?.text?.hasPrefix(words) == true)
            }

            // What is right pays; what comes again changes nothing; a late Pending does not take it back.
            let event = Claim.newID()
            #expect(try shop.post(right, id: event).status == 200)
            #expect(try shop.state(order).text(at: "status") == "paid")
            #expect(try shop.post(right, id: event).status == 200)
            #expect(try shop.post(Claim(order: order, status: "Failed"), id: event).status == 200)
            #expect(try shop.post(Claim(order: order, status: "Pending")).status == 200)
            let state = try shop.state(order)
            #expect(try state.text(at: "status") == "paid")
            #expect(state["repeats"]?.integer == 2)
            #expect(state["webhooks"]?.elements.map { $0 }.count == 6)
        }

        private func checkOrders(_ shop: Scene) throws {
            // A webhook for an order of somebody else is taken, as it would only come again, and changes nothing.
            #expect(try shop.post(Claim(order: "order-1001")).status == 200)
            for path in ["/orders/order-1001", "/orders/order-1001/events"] {
                #expect(try shop.call("GET", path).status == 404)
            }
            for (body, field) in [
                (#"{"sku":"yacht"}"#, "sku"), (#"{}"#, "sku"), (#"{"sku":7}"#, "sku"),
                (#"{"sku":"mug","price":"0.01"}"#, "price"),
            ] {
                let answer = try shop.call("POST", "/orders", body).json(400)
                #expect(answer["errors"]?.elements.compactMap { $0["field"]?.text } == [field], "\(body)")
            }
            let plain = try HTTPProbe(port: shop.port).send(
                "POST", "/orders", headers: [("Content-Type", "text/plain")], body: Array(#"{"sku":"mug"}"#.utf8))
            #expect(plain.status == 415)
            // As many as are kept, and one more.
            let first = try shop.order("mug")
            let second = try shop.order("mug")
            for _ in 0..<199 { _ = try shop.call("POST", "/orders", #"{"sku":"mug"}"#) }
            #expect(try shop.call("GET", "/orders/\(first)").status == 404)
            #expect(try shop.call("GET", "/orders/\(second)").status == 200)
        }
    }
}

/// A webhook in Mesh's format that somebody claims to be true of an order of beans.
private struct Claim {
    static let strangersSecret = "whsec_" + Data(repeating: 7, count: 24).base64EncodedString()

    var order: String
    var status = "Succeeded"
    var amount = "12.50"
    var token = "usdc"
    var network = "Base"
    var address = "0x5AB1E5B0A7C0FFEE00000000000000000000CAFE"

    static func newID() -> String { "evt_" + UUID().uuidString.lowercased() }

    var body: String {
        """
        {"EventId":"\(UUID().uuidString)","TransactionId":"\(order)","TransferStatus":"\(status)","Token":"\(token)",
        "Chain":"\(network)","DestinationAmount":\(amount),"DestinationAddress":"\(address)"}
        """
    }
}

/// A running `subgate dev` and its shop.
private final class Scene: Sendable {
    let dev: DevProcess
    let facts: JSONValue
    private let endpointSecret: String

    init(_ dev: DevProcess? = nil) throws {
        self.dev = try dev ?? DevProcess.dev()
        facts = try self.dev.start()
        endpointSecret = try self.dev.data("demo.json").text(at: "endpointSecret")
    }

    var port: UInt16 { dev.port + 4 }
    var call: Caller { Caller(port: port, headers: []) }
    var clientSecret: String { facts["subClient"]?["clientSecret"]?.text ?? "" }
    var subClient: String { facts["subClient"]?["id"]?.text ?? "" }
    var admin: Caller {
        Caller(port: dev.port + 1, headers: [("Authorization", "Bearer \(facts["adminKey"]?.text ?? "")")])
    }

    func order(_ sku: String) throws -> String {
        try call("POST", "/orders", #"{"sku":"\#(sku)"}"#).json(201).text(at: "order.id")
    }

    func state(_ order: String) throws -> JSONValue { try call("GET", "/orders/\(order)").json(200) }

    /// Plays the customer.
    func complete(_ token: String, _ wishes: String) throws {
        _ = try Caller(port: dev.port + 3, headers: [])(
            "POST", "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)",\#(wishes)}"#
        ).json(200)
    }

    /// Posts a claim, signed as Subgate signs unless told otherwise. `sentAt` is in seconds from now.
    func post(
        _ claim: Claim, signing signed: Claim? = nil, id: String = Claim.newID(), secret: String? = nil,
        sentAt: Int = 0
    ) throws -> HTTPAnswer {
        let secret = secret ?? endpointSecret
        let time = String(Int(Date().timeIntervalSince1970) + sentAt)
        let body = claim.body
        let signedBody = Array((signed?.body ?? body).utf8)
        let signature = try #require(
            WebhookSignature.standard(signedBody, id: id, timestamp: time, secret: secret))
        return try HTTPProbe(port: port).send(
            "POST", "/webhooks",
            headers: [
                ("Content-Type", "application/json"), ("webhook-id", id), ("webhook-timestamp", time),
                ("webhook-signature", signature),
                ("X-Mesh-Signature-256", WebhookSignature.mesh(signedBody, secret: secret)),
            ], body: Array(body.utf8))
    }
}

/// The news of an order, as a browser's `EventSource` reads it: it asks again with the last id that it saw.
private struct OrderStream {
    let id: String
    let shop: Scene
    private var last: String?

    init(id: String, shop: Scene) {
        self.id = id
        self.shop = shop
    }

    /// The next state that is as wanted.
    mutating func next(that isWanted: (JSONValue) -> Bool = { _ in true }) throws -> JSONValue {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            let answer = try HTTPProbe(port: shop.port, limit: .seconds(30)).send(
                "GET", "/orders/\(id)/events", headers: last.map { [("Last-Event-ID", $0)] } ?? [])
            guard answer.status == 200, answer.header("content-type") == "text/event-stream" else {
                throw Unexpected("\(answer.status): \(answer.text)")
            }
            let lines = answer.text.split(separator: "\n")
            guard let data = lines.first(where: { $0.hasPrefix("data: ") }) else { continue }
            last = lines.first { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
            let state = try JSONDocument.parse(Array(data.dropFirst(6).utf8)).root
            if isWanted(state) { return state }
        }
        throw Unexpected("the order never got there")
    }
}

extension JSONValue {
    /// Whether Subgate's word stands beside each webhook of an order.
    fileprivate var hasOrigins: Bool {
        elements.allSatisfy { $0["origin"]?["upstreamEventId"]?.text?.isEmpty == false }
    }
}
