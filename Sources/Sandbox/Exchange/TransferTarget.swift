import Domain

/// Where a transfer may go: one of a request's addresses, and what the client says of the amounts it takes there.
struct TransferTarget: Sendable, Equatable {
    let networkId: UUIDValue
    let symbol: [UInt8]
    let address: [UInt8]
    var addressTag: [UInt8]?
    /// In tokens; set where the client fixed it.
    var amount: Amount?
    var minAmount: Amount?
    /// In dollars.
    var minAmountInFiat: Amount?
}

/// What a transfer is to be: how much, who pays the fees, and whether other assets may be converted for it.
struct TransferTerms: Sendable, Equatable {
    /// So many tokens, or so much money.
    enum Ask: Sendable, Equatable {
        case tokens(Amount)
        case fiat(Amount)
    }

    /// Nil where the user has yet to enter it.
    var ask: Ask?
    var currency = FiatCurrency.usd
    /// A ratio of the amount, from zero to one.
    var clientFee = Amount.zero
    /// Whether the fees are taken out of the amount and not added to it.
    var feeIsInclusive = false
    var isFundingEnabled = false

    /// The amount in tokens, as many as the money buys.
    func amount(of symbol: [UInt8], for target: TransferTarget?) -> Amount? {
        switch ask {
        case .tokens(let amount): amount
        case .fiat(let money): money.divided(by: currency.price(of: symbol))
        case nil: target?.amount
        }
    }
}
