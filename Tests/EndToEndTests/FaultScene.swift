import JSON
import Postgres
import TestSupport

/// A stage whose upstream is the sandbox, and one merchant with a receiver, to show how Subgate fares under its faults.
final class FaultScene {
    let stage: Stage
    let merchant: Merchant
    let endpoint: Merchant.Endpoint
    private let sandbox: SandboxProcess
    private let control: Caller
    private var orders = 0
    /// The sandbox's ids of the transfers that were made, by the merchant's.
    private var transferIDs: [String: String] = [:]

    init(arguments: [String] = ["--reconcile-interval", "0"]) throws {
        let port = FreePorts.take(1)[0]
        stage = try Stage(arguments: arguments, upstreamPort: port)
        sandbox = SandboxProcess(
            stage.installation, port: port, clientID: Stage.upstreamClientID, clientSecret: Stage.upstreamSecret,
            webhookURL: "http://localhost:\(stage.node.publicPort)/inbound/mesh/\(stage.upstream)",
            webhookSecret: Stage.webhookSecret)
        try sandbox.start()
        control = Caller(port: port, headers: [])
        merchant = try stage.merchant("anna")
        endpoint = try merchant.endpoint("/anna", format: "standard")
    }

    deinit { sandbox.kill() }

    /// As after a crash of the sandbox.
    func restartSandbox() throws {
        sandbox.kill()
        try sandbox.start()
    }

    // MARK: The sandbox

    /// Puts these rules in force in place of all others.
    func force(_ rules: String...) throws {
        _ = try control("PUT", "/sandbox/v1/faults", #"{"rules":[\#(rules.joined(separator: ","))]}"#).json(200)
    }

    func rulesLeft() throws -> Int {
        let rules = try control("GET", "/sandbox/v1/faults").json(200)["rules"]
        return rules.map { Array($0.elements).count } ?? -1
    }

    func setClock(_ change: String) throws { _ = try control("PUT", "/sandbox/v1/clock", change).json(200) }

    func advanceClock(by seconds: Int) throws {
        _ = try control("POST", "/sandbox/v1/clock/advance", #"{"seconds":\#(seconds)}"#).json(200)
    }

    func reset() throws -> Int { try control("POST", "/sandbox/v1/reset", "{}").status }

    // MARK: The merchant

    struct Order {
        let transactionID: String
        let answer: HTTPAnswer
    }

    /// Asks for a link token, for what it may bring.
    func order(
        amount: String = "25.50", address: String = "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"
    ) throws -> Order {
        orders += 1
        let body = """
            {"userId":"anna-user","transferOptions":{"transactionId":"order-\(orders)","transferType":"payment",
            "amountInFiat":\(amount),"toAddresses":[{"networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611",
            "symbol":"USDC","address":"\(address)"}]}}
            """
        return Order(
            transactionID: "order-\(orders)", answer: try merchant.call("POST", "/api/v1/linktoken", body))
    }

    /// Orders, and lets the user of the sandbox do as forced, or as `members` of the control call say.
    func play(
        amount: String = "25.50", address: String = "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0",
        _ members: String = "", expecting status: Int = 200
    ) throws -> String {
        let order = try order(amount: amount, address: address)
        try complete(order, members, expecting: status)
        return order.transactionID
    }

    func complete(_ order: Order, _ members: String = "", expecting status: Int = 200) throws {
        let token = try order.answer.json(200).text(at: "content.linkToken")
        let made = try control(
            "POST", "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)"\#(members)}"#
        ).json(status)
        transferIDs[order.transactionID] = made["transferId"]?.text
    }

    /// How each post about a transfer was answered, as the sandbox logs it: `OK` or the status.
    func posts(_ transactionID: String) throws -> [String] {
        guard let id = transferIDs[transactionID] else { throw Unexpected("\(transactionID) was not made") }
        let keys = [("X-Client-Id", Stage.upstreamClientID), ("X-Client-Secret", Stage.upstreamSecret)]
        let list = try Caller(port: control.port, headers: keys)(
            "GET", "/api/v1/transfers/managed/mesh?IncludeWebhooksLogs=true&Id=\(id)"
        ).json(200)
        let logs = list["content"]?["items"]?.elements.first { _ in true }?["webhookLogs"]
        return logs?.elements.compactMap { $0["responseCode"]?.text } ?? []
    }

    func sessions() throws -> Int { try merchant.call("GET", "/v1/link-sessions?limit=100").json(200).data.count }

    /// The webhooks about a transfer that reached the merchant.
    func told(_ transactionID: String) -> [ReceiverFarm.Received] {
        stage.receivers.received.filter { String(decoding: $0.body, as: UTF8.self).contains(#""\#(transactionID)""#) }
    }

    /// The types of the webhooks that reached the merchant.
    func toldTypes() throws -> Set<String> {
        Set(try stage.receivers.received.compactMap { try JSONDocument.parse($0.body).root["type"]?.text })
    }

    /// Waits until every webhook was answered 200.
    func waitUntilNothingIsOwed() throws {
        let owner = try stage.installation.owner()
        try Patience.wait(until: "every webhook taken") {
            try owner.query("select count(*) from sandbox.webhook").int64(0, 0) == 0
        }
    }

    func transfer(_ transactionID: String) throws -> JSONValue? {
        try merchant.call("GET", "/v1/transfers?limit=100").json(200).data.first {
            $0["transactionId"]?.text == transactionID
        }
    }

    /// The types of a transfer's events in the order of their arrival, once there are `count`.
    func events(_ transactionID: String, _ count: Int) throws -> [JSONValue] {
        try Patience.wait(for: "\(count) events of \(transactionID)", within: .seconds(20)) {
            let all = try merchant.call("GET", "/v1/events?limit=100").json(200).data
            let found = all.filter { $0["payload"]?["TransactionId"]?.text == transactionID }
            return found.count >= count ? found.reversed() : nil
        }
    }

    func types(_ transactionID: String, _ count: Int) throws -> [String] {
        try events(transactionID, count).compactMap { $0["type"]?.text }
    }
}
