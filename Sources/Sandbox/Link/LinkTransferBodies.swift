import Domain
import JSON

/// The answer to `options`: everything the account holds or could be asked for, and over which of the token's networks
/// it can go.
enum LinkOptions {
    static func json(_ configuration: TransferConfiguration) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 16_384)
        json.beginObject()
        json.objects("holdings", configuration.holdings) { holding, json in
            let price = Price.dollars(of: holding.symbol)
            json.member("symbol", holding.symbol)
            json.member("amount", holding.balance.text)
            json.member("amountInFiat", holding.balance.worth(at: price).text)
            json.member("price", price.text)
            json.member("eligible", holding.isEligible)
            json.member("eligibleWithFunding", holding.isEligibleWithFunding)
            json.member("ineligibilityReason", holding.reason?.rawValue)
            json.objects("networks", holding.networks.filter { $0.target != nil }, write)
        }
        json.endObject()
        return json.bytes
    }

    private static func write(_ option: NetworkEligibility, to json: inout JSONWriter) {
        json.member("id", option.network.id.text)
        json.member("name", option.network.name)
        json.member("eligible", option.isEligible)
        json.member("ineligibilityReason", option.reason?.rawValue)
        json.member("minimumAmount", option.minimum.text)
        json.member("maximumAmount", option.maximum?.text)
        json.fee("networkFee", option.amounts.gas)
        json.fee("withdrawalFee", TransferFee(amount: option.amounts.institutionFee, symbol: option.amounts.symbol))
    }
}

/// The answer to `preview`.
struct LinkPreview {
    private let preview: StoredPreview
    private let account: ConnectedAccount
    private let now: Timestamp

    init(_ preview: StoredPreview, _ account: ConnectedAccount, now: Timestamp) {
        self.preview = preview
        self.account = account
        self.now = now
    }

    var json: [UInt8] {
        let quote = preview.quote
        let amounts = quote.amounts
        let network = CatalogueNetwork.find(quote.networkId)
        var json = JSONWriter(reservingCapacity: 2_048)
        json.beginObject()
        json.member("previewId", preview.id.text)
        json.member("previewExpiresIn", integer: max(0, preview.expiresAt.seconds - now.seconds))
        json.member("symbol", quote.symbol)
        json.member("networkId", quote.networkId.text)
        json.member("networkName", network?.name)
        json.member("amount", amounts.arriving.text)
        json.member("amountInFiat", quote.worth(amounts.arriving).text)
        json.member("fromAddress", network.map(account.sendingAddress))
        json.member("toAddress", quote.toAddress)
        json.member("addressTag", quote.addressTag)
        json.member("refundAddress", network.map(account.depositAddress))
        json.fee("networkFee", amounts.gas)
        json.fee("withdrawalFee", TransferFee(amount: amounts.institutionFee, symbol: amounts.symbol))
        if amounts.clientFee > .zero {
            json.fee("clientFee", TransferFee(amount: amounts.clientFee, symbol: amounts.symbol))
        } else {
            json.members(null: "clientFee")
        }
        json.member("totalAmount", amounts.leaving.text)
        json.member("totalAmountInFiat", quote.totalInFiat.text)
        json.objects("funding", quote.isSmartFunded ? quote.funding : []) { step, json in
            json.member("type", step.kind.rawValue)
            json.member("fromSymbol", step.fromSymbol)
            json.member("fromAmount", step.fromAmount.text)
            json.member("toSymbol", quote.symbol)
            json.member("amount", step.amount.text)
            json.member("amountInFiat", quote.worth(step.amount).text)
            json.fee("fee", TransferFee(amount: step.fee, symbol: step.fromSymbol))
        }
        json.endObject()
        return json.bytes
    }
}

/// The answer to `execute` and `paid`: how the transfer stands, and what the merchant's page is told of it.
struct LinkTransfer {
    private let transfer: PlayedTransfer
    private let totalInFiat: Amount
    private let now: Timestamp

    init(_ transfer: PlayedTransfer, totalInFiat: Amount, now: Timestamp) {
        self.transfer = transfer
        self.totalInFiat = totalInFiat
        self.now = now
    }

    /// Of what has happened by now: a transfer that arrived has, whatever comes of it later.
    private var status: String {
        let happened = transfer.events.filter { $0.happensAt <= now }.map(\.status)
        let has = { (status: String) in happened.contains { equalsIgnoringASCIICase($0, status) } }
        return has("Succeeded") ? "succeeded" : has("Failed") ? "failed" : "pending"
    }

    var json: [UInt8] {
        var json = JSONWriter(reservingCapacity: 1_024)
        json.beginObject()
        json.member("status", status)
        if status == "failed" { json.member("errorMessage", "The transfer failed.") }
        json.key("transfer")
        json.beginObject()
        json.member("transferId", transfer.id.text)
        json.member("txId", transfer.id.text)
        json.member(
            "txHash", transfer.events.first { $0.happensAt <= now && $0.transactionHash != nil }?.transactionHash)
        json.member("fromAddress", transfer.sourceAddress)
        json.member("toAddress", transfer.destinationAddress)
        json.member("symbol", transfer.symbol)
        json.member("amount", transfer.destinationAmount.text)
        json.member("amountInFiat", transfer.amountInFiat.text)
        json.member("totalAmountInFiat", totalInFiat.text)
        json.member("networkId", transfer.network.id.text)
        json.member("networkName", transfer.network.name)
        json.member("refundAddress", transfer.refundAddress)
        json.member("clientTransactionId", transfer.transactionId)
        json.member("userId", transfer.userId)
        json.endObject()
        json.endObject()
        return json.bytes
    }
}

extension JSONWriter {
    /// In dollars, rounded up as fees are.
    mutating func fee(_ name: StaticString, _ fee: TransferFee) {
        key(name)
        beginObject()
        member("fee", fee.amount.text)
        member("feeCurrency", fee.symbol)
        member("feeInFiat", fee.worth(in: .usd).text)
        endObject()
    }
}
