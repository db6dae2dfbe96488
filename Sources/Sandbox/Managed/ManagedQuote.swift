import Domain
import JSON

/// What a transfer of an amount of money would cost at an exchange, whoever's account: `quote`.
struct BrokerQuote: Sendable, Equatable {
    /// What a purchase costs, as a ratio of its amount: half a percent.
    private static let tradingFee = Amount(units: Amount.one / 200)

    let amountInFiat: Amount
    let price: Amount
    let minimum: Amount
    let maximum: Amount?
    let withdrawalFee: Amount
    let partnerFee: Amount
    let tradingFee: Amount
    let networkFee: Amount

    /// All in money: fees of who has the token already, and of who must buy it.
    var minFees: Amount { withdrawalFee + partnerFee + networkFee }
    var maxFees: Amount { minFees + tradingFee }
    var minAmount: Amount { amountInFiat.less(maxFees) }
    var maxAmount: Amount { amountInFiat.less(minFees) }
    var tokens: Amount { amountInFiat.divided(by: price) }

    var reason: NetworkReason? {
        if tokens < minimum { return .requestedAmountBelowMinimum }
        if let maximum, tokens > maximum { return .refusedByInstitution }
        return minAmount == .zero ? .requestedAmountBelowFees : nil
    }

    init(
        _ money: Amount, of symbol: [UInt8], from source: Source, on network: CatalogueNetwork, flatFee: Amount,
        feeRatio: Amount
    ) {
        amountInFiat = money
        price = FiatCurrency.usd.price(of: symbol)
        minimum = source.minimum(for: symbol)
        maximum = source.maximum(for: symbol)
        withdrawalFee = source.institutionFee(for: symbol).worthUp(at: price)
        partnerFee = flatFee.worthUp(at: price) + money.timesUp(ratio: feeRatio)
        tradingFee = money.timesUp(ratio: BrokerQuote.tradingFee)
        networkFee = TransferFee(
            amount: source.gasFee(on: network), symbol: Array(network.nativeSymbol.utf8)
        ).worth(in: .usd)
    }
}

extension ManagedRoutes {
    /// `QuoteTransferRequest`: Coinbase only, dollars only, and by Coinbase's own name.
    func quote(_ object: MeshObject) throws -> [UInt8] {
        guard let money = try object.amount("amountInFiat") else { throw RequestFault.missing("AmountInFiat") }
        let currency = try object.required("fiatCurrency", units: SandboxLimits.symbolUnits)
        let symbol = try object.required("symbol", units: SandboxLimits.symbolUnits)
        let networkId = try object.requiredUUID("networkId")
        let address = try object.required("toAddress", units: SandboxLimits.addressUnits)
        let broker = try object.required("brokerType", units: SandboxLimits.symbolUnits)
        let flatFee = try object.amount("feeFlat") ?? .zero
        let ratio = try object.amount("feePercentage", largest: Amount(whole: 1)) ?? .zero
        guard equalsIgnoringASCIICase(broker, "coinbase") else {
            let isSandbox = equalsIgnoringASCIICase(broker, "sandboxCoinbase")
            throw ManagedRefusal.bad(isSandbox ? "Broker SandboxCoinbase not supported." : "Broker not supported.")
        }
        guard equalsIgnoringASCIICase(currency, "USD") else {
            throw ManagedRefusal.bad("The field FiatCurrency has a value that is not supported")
        }
        guard let network = CatalogueNetwork.find(networkId) else {
            throw ManagedRefusal.bad(PreviewFault(code: .networkNotFound).message)
        }
        guard network.has(symbol) else {
            throw ManagedRefusal.bad(PreviewFault(code: .unsupportedSymbolByNetwork).message)
        }
        guard network.addressPattern.matches(address) else {
            throw ManagedRefusal.bad(PreviewFault(code: .invalidAddressPattern, subject: network.name).message)
        }
        let source = Source(integration: .playing, networkType: nil)
        let quote = BrokerQuote(
            money, of: symbol, from: source, on: network, flatFee: flatFee, feeRatio: ratio)
        return ManagedRoutes.object { json in
            json.member("amountInFiat", json: money.text)
            json.member("fiatCurrency", "USD")
            json.member("symbol", symbol)
            json.member("networkId", network.id.text)
            json.member("toAddress", address)
            json.member("brokerType", "coinbase")
            quote.write(to: &json)
        }
    }
}

extension BrokerQuote {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("isEligible", reason == nil)
        json.member("ineligibilityReason", reason?.rawValue)
        json.member("minEligibleAmount", json: minimum.text)
        json.member("minEligibleAmountFiat", json: minimum.worthUp(at: price).text)
        json.member("maxEligibleAmount", json: maximum?.text)
        json.member("maxEligibleAmountFiat", json: maximum?.worth(at: price).text)
        json.member("brokerPrice", json: price.text)
        json.member("price", json: price.text)
        json.member("minAmountFiat", json: minAmount.text)
        json.member("maxAmountFiat", json: maxAmount.text)
        json.member("minAmount", json: minAmount.divided(by: price).text)
        json.member("maxAmount", json: maxAmount.divided(by: price).text)
        json.key("fees")
        json.beginObject()
        writeFees("inFiat", "Fiat", at: Amount(whole: 1), to: &json)
        writeFees("inCrypto", "", at: price, to: &json)
        json.endObject()
        let options: [(kind: String, method: String?, fee: Amount)] = [
            ("existingCryptocurrencyBalance", nil, .zero), ("buyingPowerPurchase", nil, tradingFee),
            ("paymentMethodDepositUsage", "bankAccount", tradingFee),
        ]
        json.objects("fundingOptions", options) { option, json in
            json.member("fundingOption", option.kind)
            json.member("paymentMethodType", option.method)
            json.member("paymentMethodFeeFiat", integer: 0)
            json.member("tradingFeeFiat", json: option.fee.text)
        }
    }

    /// The same fees in money or in tokens, whose members are named alike but for the end.
    private func writeFees(_ name: String, _ end: String, at price: Amount, to json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        let fees = [
            ("paymentMethodFeeMax", Amount.zero), ("tradingFeeMax", tradingFee), ("withdrawalFee", withdrawalFee),
            ("partnerFee", partnerFee), ("networkFee", networkFee), ("minFees", minFees), ("maxFees", maxFees),
        ]
        for (fee, amount) in fees {
            json.key(fee + end)
            json.raw(amount.divided(by: price).text)
        }
        json.endObject()
    }
}
