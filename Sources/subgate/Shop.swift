import Crypto
import Domain
import HTTPClient
import HTTPServer
import JSON
import Runtime

/// The demo shop of `subgate dev`: a merchant that takes payments by Subgate. Its page sells, its server asks for link
/// tokens and believes nothing but signed webhooks. Loop-bound; orders are kept in memory.
struct Shop: Sendable {
    /// How long a browser's question for news is held.
    private static let wait: Duration = .seconds(20)
    /// Until a browser asks again after an answer.
    private static let pause: Duration = .milliseconds(250)
    /// The same where there was no place to wait.
    private static let longPause: Duration = .seconds(5)
    private static let bodyBytes = 4_096

    private let loop: EventLoop
    private let receiver: DemoReceiver
    private let checkout: ShopCheckout
    private let answers: ShopAnswers
    private let clock: Clock
    private let book: LoopState<ShopBook>
    private let watchers: ShopWatchers

    init(loop: EventLoop, receiver: DemoReceiver, checkout: ShopCheckout, linkOrigin: String, clock: Clock) {
        self.loop = loop
        self.receiver = receiver
        self.checkout = checkout
        answers = ShopAnswers(linkOrigin: linkOrigin)
        self.clock = clock
        book = LoopState(loop, ShopBook())
        watchers = ShopWatchers(loop)
    }

    /// Lets the browsers that wait for news go.
    func close() { watchers.close() }

    func handle(_ request: Request) async -> Response {
        let method = request.head.method == .head ? Method.get : request.head.method
        let path = String(decoding: request.head.path, as: UTF8.self)
        let parts = path.split(separator: "/").map { String($0) }
        switch (method, parts.first, parts.count) {
        case (.get, nil, _): return page("shop.html", request)
        case (.get, "assets", 2): return page(parts[1], request)
        case (.get, "products", 1): return products()
        case (.post, "orders", 1): return await order(request)
        case (.get, "orders", 2): return show(parts[1])
        case (.get, "orders", 3) where parts[2] == "events": return await events(parts[1], request)
        // Its own are posted to /webhooks; those that are tried out elsewhere are judged alike.
        case (.post, _, _): return await webhook(request)
        case (_, "orders", 1), (_, "webhooks", 1): return answers.methods("POST")
        case (_, nil, _), (_, "assets", 2), (_, "products", 1), (_, "orders", 2...3):
            return answers.methods("GET, HEAD")
        default: return answers.problem(404, "There is nothing at this address.")
        }
    }

    private func page(_ name: String, _ request: Request) -> Response {
        guard let file = PageFile.find(name) else { return answers.problem(404, "There is no such file.") }
        return answers.file(file, request)
    }

    private func products() -> Response {
        answers.json(200) { json in
            json.beginObject()
            json.members([("symbol", ShopTill.symbol), ("network", ShopTill.network)])
            json.key("data")
            json.beginArray()
            for product in ShopProduct.all {
                json.beginObject()
                json.members([
                    ("sku", product.sku), ("name", product.name), ("detail", product.detail),
                    ("price", product.price),
                ])
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
    }

    // MARK: Orders

    /// `POST /orders {"sku"}` → 201 with the order and its link token. Only JSON is taken, which no other site's page
    /// can send without asking first.
    private func order(_ request: Request) async -> Response {
        let type = request.head.headers["content-type"].map { String(decoding: $0, as: UTF8.self).lowercased() } ?? ""
        guard type == "application/json" || type.hasPrefix("application/json;") else {
            return answers.problem(415, "Orders are application/json.")
        }
        guard let body = try? await request.body.collect(upTo: Shop.bodyBytes) else {
            return answers.problem(413, "An order is small.")
        }
        guard let root = try? JSONDocument.parse(body).root, root.kind == .object else {
            return answers.problem(400, "The body must be a JSON object.")
        }
        for member in root.members where !(member.key == "sku") {
            return answers.problem(400, "The only field is sku.", field: member.key.text)
        }
        guard let product = root["sku"]?.text.flatMap(ShopProduct.find) else {
            let skus = ShopProduct.all.map(\.sku).joined(separator: ", ")
            return answers.problem(400, "must be one of \(skus)", field: "sku")
        }
        return await sell(product)
    }

    private func sell(_ product: ShopProduct) async -> Response {
        let id = "order-" + String(decoding: Hex.encode(Random.bytes(6)), as: UTF8.self)
        let order = ShopOrder(id: id, product: product, madeAt: clock.now())
        // Before the token is asked for: no webhook can come for an order that is not in the book.
        book.withValue { $0.add(order) }
        let (linkToken, exchange) = await checkout.mint(for: order)
        let changed = book.withValue { book in
            book.change(id) { order in
                order.exchange = exchange
                order.version += 1
                return order
            }
        }
        watchers.call(id)
        guard let changed, let linkToken else {
            return answers.json(502) { json in
                json.beginObject()
                json.members([("detail", "Subgate gave no link token.")])
                json.key("order")
                (changed ?? order).write(&json)
                json.endObject()
            }
        }
        return answers.json(201) { json in
            json.beginObject()
            json.members([("linkToken", linkToken)])
            json.key("order")
            changed.write(&json)
            json.endObject()
        }
    }

    private func find(_ id: String) -> ShopOrder? { book.withValue { $0[id] } }

    private func show(_ id: String) -> Response {
        guard let order = find(id) else { return answers.problem(404, "There is no such order, or no more.") }
        return answers.json(200) { order.write(&$0) }
    }

    /// `GET /orders/{id}/events`: held until the order is newer than what the browser has seen.
    private func events(_ id: String, _ request: Request) async -> Response {
        let seen = request.head.headers["last-event-id"].flatMap { Options.digits(String(decoding: $0, as: UTF8.self)) }
        guard let before = find(id) else { return answers.problem(404, "There is no such order, or no more.") }
        var pause = Shop.pause
        if before.version <= seen ?? 0, await !watchers.wait(for: id, atMost: Shop.wait) { pause = Shop.longPause }
        guard let order = find(id) else { return answers.problem(404, "There is no such order, or no more.") }
        return answers.events(order, isNew: order.version > seen ?? 0, pause: pause)
    }

    // MARK: Webhooks

    /// A webhook: answered at once, whatever it means; what cannot be verified is refused and changes nothing.
    private func webhook(_ request: Request) async -> Response {
        let received: ReceivedWebhook
        do throws(DemoReceiver.Refusal) {
            received = try await receiver.receive(request)
        } catch {
            return answers.problem(error.status, "The signature is missing, wrong or old: nothing was done.")
        }
        guard let webhook = ShopWebhook(received.body) else { return Response(status: 200) }
        let id = webhook.transactionID
        let verdict = book.withValue { $0.change(id) { $0.take(webhook, from: received) } }
        guard let verdict else { return Response(status: 200) }
        StandardStreams.say("shop: \(ListenWords.shown(id)): \(verdict.words)")
        watchers.call(id)
        loop.spawn { await explain(id, received.id) }
        return Response(status: 200)
    }

    /// Adds to the order what Subgate knows of the event, for the page to tell.
    private func explain(_ id: String, _ webhookID: String) async {
        guard let origin = await checkout.origin(of: webhookID) else { return }
        _ = book.withValue { $0.change(id) { $0.explain(webhookID, origin) } }
        watchers.call(id)
    }
}
