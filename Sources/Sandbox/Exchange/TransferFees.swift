import Domain

/// A fee in the currency it is taken in.
struct TransferFee: Sendable, Equatable {
    let amount: Amount
    let symbol: [UInt8]

    /// Rounded up, in money.
    func worth(in currency: FiatCurrency) -> Amount { amount.worthUp(at: currency.price(of: symbol)) }
}

/// What one transfer moves and costs. All is in the token that is sent but the gas, which is in the network's own.
struct TransferAmounts: Sendable, Equatable {
    let symbol: [UInt8]
    let asked: Amount
    /// What the destination gets.
    let arriving: Amount
    let institutionFee: Amount
    let clientFee: Amount
    let gas: TransferFee

    /// Fees in the token, gas among them if it is taken in the same one.
    let fees: Amount
    /// What leaves the source: what arrives, and the fees.
    var leaving: Amount { arriving + fees }

    /// Whether the gas comes out of another token.
    var isGasApart: Bool { !Portfolio.matches(gas.symbol, symbol) }

    init(
        symbol: [UInt8], asked: Amount, arriving: Amount, institutionFee: Amount, clientFee: Amount, gas: TransferFee,
        fees: Amount
    ) {
        self.symbol = symbol
        self.asked = asked
        self.arriving = arriving
        self.institutionFee = institutionFee
        self.clientFee = clientFee
        self.gas = gas
        self.fees = fees
    }

    /// Inclusive fees are taken out of what was asked for, and leave nothing at least.
    init(
        asking amount: Amount, of symbol: [UInt8], from source: Source, on network: CatalogueNetwork,
        _ terms: TransferTerms
    ) {
        self.symbol = symbol
        asked = amount
        institutionFee = source.institutionFee(for: symbol)
        clientFee = amount.times(ratio: terms.clientFee)
        gas = TransferFee(amount: source.gasFee(on: network), symbol: Array(network.nativeSymbol.utf8))
        let sameToken = Portfolio.matches(gas.symbol, symbol) ? gas.amount : .zero
        fees = institutionFee + clientFee + sameToken
        arriving = terms.feeIsInclusive ? amount.less(fees) : amount
    }
}
