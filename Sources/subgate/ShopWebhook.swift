import JSON

/// What the shop reads in a webhook of Mesh's format. Where the body lacks something, it is empty or nil.
struct ShopWebhook: Sendable, Equatable {
    /// As on the wire, such as `Succeeded`.
    let status: String
    /// The shop's own reference: its order.
    let transactionID: String
    /// What arrived, exact, in the one plain spelling; nil when it is not told.
    let amount: String?
    let token: String
    let network: String
    let address: String

    /// Nil for a body that is no JSON object.
    init?(_ body: [UInt8]) {
        guard let root = try? JSONDocument.parse(body).root, root.kind == .object else { return nil }
        func text(_ name: String) -> String { root[name]?.text ?? "" }
        status = text("TransferStatus")
        transactionID = text("TransactionId")
        amount = root["DestinationAmount"]?.number?.canonicalDecimal
        token = text("Token")
        network = text("Chain")
        address = text("DestinationAddress")
    }
}
