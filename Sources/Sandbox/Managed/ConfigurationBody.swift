import Domain
import JSON

/// Writes Mesh's `ConfigureTransferResponse`.
enum ConfigurationBody {
    static func failure(_ status: String, _ message: String) -> [UInt8] {
        ManagedRoutes.object { json in
            json.member("status", status)
            json.member("errorMessage", message)
            json.members(null: "holdings")
        }
    }

    /// As Mesh was seen to answer: what is held and taken nowhere is left out.
    static func content(_ configuration: TransferConfiguration, _ currency: FiatCurrency) -> [UInt8] {
        let holdings = configuration.holdings.filter { $0.reason != .notSupportedForTransferByTarget }
        return ManagedRoutes.object { json in
            json.member("status", "succeeded")
            json.members(null: "errorMessage")
            json.objects("holdings", holdings) { write($0, currency, &$1) }
            let isFundable = holdings.contains(where: \.isEligibleWithFunding)
            json.key("transferBalanceFundingAvailability")
            json.beginObject()
            json.member("status", isFundable ? "available" : "notApplicable")
            json.endObject()
        }
    }

    private static func write(
        _ holding: TransferConfiguration.Holding, _ currency: FiatCurrency, _ json: inout JSONWriter
    ) {
        let price = currency.price(of: holding.symbol)
        json.member("symbol", holding.symbol)
        json.member("availableBalance", json: holding.balance.text)
        json.member("availableBalanceInFiat", json: holding.balance.worth(at: price).text)
        json.member("price", json: price.text)
        json.members(null: "logoUrl")
        json.member("eligibleForTransfer", holding.isEligible)
        json.member("eligibleForTransferWithFunding", holding.isEligibleWithFunding)
        json.member("ineligibilityReason", holding.reason?.rawValue)
        json.objects("networks", holding.networks) { write($0, holding.symbol, currency, &$1) }
    }

    private static func write(
        _ network: NetworkEligibility, _ symbol: [UInt8], _ currency: FiatCurrency, _ json: inout JSONWriter
    ) {
        let price = currency.price(of: symbol)
        let amounts = network.amounts
        let institution = TransferFee(amount: amounts.institutionFee, symbol: symbol)
        json.member("name", network.network.name)
        json.member("id", network.network.id.text)
        json.members(null: "logoUrl")
        json.member("minimumAmount", json: network.minimum.text)
        json.member("minimumAmountInFiat", json: network.minimum.worthUp(at: price).text)
        json.member("maximumAmount", json: network.maximum?.text)
        json.member("maximumAmountInFiat", json: network.maximum?.worth(at: price).text)
        json.member(
            "totalEstimatedTransferFeeInFiat",
            json: (institution.worth(in: currency) + amounts.gas.worth(in: currency)).text)
        json.fee("estimatedNetworkGasFee", amounts.gas, in: currency, transferring: symbol)
        json.fee("institutionTransferFee", institution, in: currency, transferring: symbol)
        json.member("eligibleForTransfer", network.isEligible)
        json.member("eligibleForTransferWithFunding", network.isEligibleWithFunding)
        json.member("ineligibilityReason", network.reason?.rawValue)
        json.member("toAddress", network.target?.address)
        json.member("transferAmount", json: network.target?.amount?.text)
        json.member("minimumRequiredForTransferAmount", json: amounts.leaving.text)
        json.member("isBridgingAsset", false)
    }
}
