import Domain
import HTTPClient
import JSON
import Runtime

/// The server side of the shop's Pay button: calls Subgate with the demo sub-client's keys, as any merchant's server
/// would. Loop-bound.
struct ShopCheckout: Sendable {
    /// What stands in the place of a secret where people look.
    private static let hidden = "••••••••"

    let client: HTTPClient
    /// Subgate's public listener.
    let publicURL: String
    let clientID: String
    let clientSecret: String
    let clock: Clock

    /// Asks for a link token for the order: a new one for every click, as they are used once and live for minutes.
    /// The exchange is for people: the token is in it, as it is in the page; the secret is not.
    func mint(for order: ShopOrder) async -> (linkToken: String?, exchange: ShopOrder.Exchange) {
        let path = "/api/v1/linktoken"
        let body = ShopCheckout.body(order)
        let started = clock.monotonic()
        let answer = await send(
            .post, path,
            [("X-Client-Id", clientID), ("X-Client-Secret", clientSecret), ("Content-Type", "application/json")], body)
        let exchange = ShopOrder.Exchange(
            url: publicURL + path,
            headers: [
                ("X-Client-Id", clientID), ("X-Client-Secret", ShopCheckout.masked(clientSecret)),
                ("Content-Type", "application/json"),
            ],
            body: body, status: answer?.status, milliseconds: (clock.monotonic() &- started) / 1_000_000,
            answer: answer?.body ?? [])
        guard let answer, answer.status == 200 else { return (nil, exchange) }
        return (answer.json?["content"]?["linkToken"]?.text, exchange)
    }

    /// What Subgate's API tells of the event behind a webhook; nil when it does not.
    func origin(of webhookID: String) async -> ShopOrder.Origin? {
        // Signed by Subgate as it is: still, only an id of its form goes into a path.
        let bytes = Array(webhookID.utf8)
        guard (1...64).contains(bytes.count), bytes.allSatisfy(ShopCheckout.isPlain) else { return nil }
        let answer = await send(.get, "/v1/events/\(webhookID)", [("Authorization", "Bearer \(clientSecret)")], [])
        guard let answer, answer.status == 200, let event = answer.json else { return nil }
        return ShopOrder.Origin(
            receivedAt: event["receivedAt"]?.text ?? "", upstreamEventID: event["upstreamEventId"]?.text ?? "",
            transferID: event["transferId"]?.text ?? "")
    }

    private static func body(_ order: ShopOrder) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.members([("userId", "customer-7")])
        json.key("transferOptions")
        json.beginObject()
        json.members([("transferType", "payment"), ("transactionId", order.id)])
        json.key("toAddresses")
        json.beginArray()
        json.beginObject()
        json.members([
            ("networkId", ShopTill.networkID), ("symbol", ShopTill.symbol), ("address", ShopTill.address),
        ])
        json.key("amount")
        json.raw(order.product.price)
        json.endObject()
        json.endArray()
        json.endObject()
        json.endObject()
        return json.bytes
    }

    private static func masked(_ secret: String) -> String {
        // The prefix tells what kind of secret it is, and nothing of it.
        let prefix = "sk_sandbox_"
        return (secret.hasPrefix(prefix) ? prefix : "") + hidden
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
    }

    // MARK: Calls

    private struct Answer: Sendable {
        let status: Int
        let body: [UInt8]

        var json: JSONValue? { try? JSONDocument.parse(body).root }
    }

    /// Nil when there is no answer.
    private func send(
        _ method: OutgoingRequest.Method, _ path: String, _ headers: [(name: String, value: String)], _ body: [UInt8]
    ) async -> Answer? {
        guard let url = try? TargetURL(Array((publicURL + path).utf8), options: .development) else { return nil }
        let request = OutgoingRequest(
            method: method, url: url, headers: headers.map { ($0.name, Array($0.value.utf8)) }, body: body,
            policy: .allowPrivate, partition: 2)
        guard let response = try? await client.send(request) else { return nil }
        return Answer(status: response.status, body: response.body)
    }
}
