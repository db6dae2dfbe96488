import Domain
import JSON

/// Writes Mesh's `PreviewTransferResponse`.
enum PreviewBody {
    static func failure(_ message: String) -> [UInt8] {
        ManagedRoutes.object { json in
            json.member("status", "failed")
            json.member("errorMessage", message)
            json.members(null: "previewResult")
        }
    }

    /// The balance is too low, and conversions could make it up.
    static func requiresFunding(_ quote: TransferQuote) -> [UInt8] {
        ManagedRoutes.object { json in
            json.member("status", "requiresFunding")
            json.members(null: "errorMessage", "previewResult")
            json.key("transferBalanceFundingAvailability")
            json.beginObject()
            json.member("status", "available")
            json.member("transferTotalAmount", json: quote.amounts.leaving.text)
            json.member("transferTotalAmountInFiat", json: quote.totalInFiat.text)
            json.member("unitPrice", json: quote.unitPrice.text)
            json.member("symbol", quote.symbol)
            json.members(null: "gasFeeBuffer")
            json.endObject()
        }
    }

    static func content(_ preview: StoredPreview, from account: ConnectedAccount) -> [UInt8] {
        ManagedRoutes.object { json in
            json.member("status", "succeeded")
            json.members(null: "errorMessage")
            json.key("previewResult")
            json.beginObject()
            write(preview, account, &json)
            json.endObject()
        }
    }

    private static func write(_ preview: StoredPreview, _ account: ConnectedAccount, _ json: inout JSONWriter) {
        let quote = preview.quote
        let amounts = quote.amounts
        let network = CatalogueNetwork.find(quote.networkId)
        json.member("previewId", preview.id.text)
        json.member("previewExpiresIn", integer: SandboxLimits.previewLife.components.seconds)
        json.member("fromAddress", network.map(account.sendingAddress))
        json.member("toAddress", quote.toAddress)
        json.member("addressTag", quote.addressTag)
        json.member("refundAddress", network.map(account.depositAddress))
        json.member("symbol", quote.symbol)
        json.member("amount", json: amounts.asked.text)
        json.member("amountInFiat", json: quote.worth(amounts.asked).text)
        json.member("totalEstimatedAmount", json: amounts.leaving.text)
        json.member("totalEstimatedAmountInFiat", json: quote.totalInFiat.text)
        json.member("networkId", quote.networkId.text)
        json.member("networkName", network?.name)
        json.members(null: "contractAddress", "decimalPlaces")
        json.fee(
            "institutionTransferFee", TransferFee(amount: amounts.institutionFee, symbol: quote.symbol),
            in: quote.currency, transferring: quote.symbol)
        json.fee("estimatedNetworkGasFee", amounts.gas, in: quote.currency, transferring: quote.symbol)
        json.fee(
            "customClientFee", TransferFee(amount: amounts.clientFee, symbol: quote.symbol), in: quote.currency,
            transferring: quote.symbol)
        json.member("unitPrice", json: quote.unitPrice.text)
        json.member("clientTransactionId", preview.origin.transactionId)
        json.member("transferType", preview.origin.transferType.rawValue)
        json.member("isCustomClientFeeProvided", amounts.clientFee > .zero)
        json.member("amountWithCustomClientFee", json: (amounts.asked + amounts.clientFee).text)
        json.member("isFeeIncluded", quote.feeIsInclusive)
        json.member("amountToReceive", json: amounts.arriving.text)
        json.member("amountToReceiveInFiat", json: quote.worth(amounts.arriving).text)
    }
}
