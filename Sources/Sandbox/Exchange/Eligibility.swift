import Domain

/// Why a holding cannot be sent, in Mesh's words.
enum HoldingReason: String, CaseIterable, Sendable {
    case noEligibleNetworks, symbolDoesNotMatch, notSupportedForTransferByTarget, notSupportedForTransferBySource
    case eligibleWithFunding, amountNotSufficient, noPrice
}

/// Why a network cannot be used for a holding, in Mesh's words.
enum NetworkReason: String, CaseIterable, Sendable {
    case amountNotSufficient, gasFeeAssetBalanceNotEnough, noTargetNetworkFound, refusedByInstitution
    case eligibleWithFunding, balanceBelowRequestedAmount, requestedAmountBelowMinimum, balanceBelowMinimum
    case requestedAmountBelowFees, requestedAmountBelowClientMinimum, requestedAmountAboveClientMaximum, noPrice
    case nyCoinbaseUserRestrictions, gasFeeAssetAndBalanceNotEnough

    /// Whether more of something in the portfolio would help.
    var isAboutBalance: Bool {
        switch self {
        case .amountNotSufficient, .gasFeeAssetBalanceNotEnough, .balanceBelowRequestedAmount, .balanceBelowMinimum,
            .gasFeeAssetAndBalanceNotEnough:
            true
        default: false
        }
    }
}

/// Whether one token can be sent over one network.
struct NetworkEligibility: Sendable {
    let network: CatalogueNetwork
    /// Nil where the client takes nothing on this network.
    let target: TransferTarget?
    let minimum: Amount
    let maximum: Amount?
    /// Of the amount asked for, or of the least there is to send.
    let amounts: TransferAmounts
    /// Nil if the balance suffices as it is.
    let reason: NetworkReason?

    var isEligible: Bool { reason == nil }
    var isEligibleWithFunding: Bool { reason == .eligibleWithFunding }

    /// Judges in the order in which Mesh's reasons explain each other: the network, then the amount, then the balance.
    init(
        _ symbol: [UInt8], over network: CatalogueNetwork, to target: TransferTarget?, from source: Source,
        _ portfolio: Portfolio, _ terms: TransferTerms
    ) {
        self.network = network
        self.target = target
        minimum = max(source.minimum(for: symbol), target?.minAmount ?? .zero)
        maximum = source.maximum(for: symbol)
        let asked = terms.amount(of: symbol, for: target)
        let amounts = TransferAmounts(asking: asked ?? minimum, of: symbol, from: source, on: network, terms)
        self.amounts = amounts
        let refusal =
            target == nil
            ? .noTargetNetworkFound
            : asked.flatMap { NetworkEligibility.refusal($0, symbol, target, source, amounts) }
        reason = refusal ?? NetworkEligibility.shortage(amounts, isAsked: asked != nil, portfolio, source, terms)
    }

    private static func refusal(
        _ asked: Amount, _ symbol: [UInt8], _ target: TransferTarget?, _ source: Source, _ amounts: TransferAmounts
    ) -> NetworkReason? {
        if asked < source.minimum(for: symbol) { return .requestedAmountBelowMinimum }
        let worth = asked.worth(at: Price.dollars(of: symbol))
        if asked < target?.minAmount ?? .zero || worth < target?.minAmountInFiat ?? .zero {
            return .requestedAmountBelowClientMinimum
        }
        if let maximum = source.maximum(for: symbol), asked > maximum { return .refusedByInstitution }
        return amounts.arriving == .zero ? .requestedAmountBelowFees : nil
    }

    private static func shortage(
        _ amounts: TransferAmounts, isAsked: Bool, _ portfolio: Portfolio, _ source: Source, _ terms: TransferTerms
    ) -> NetworkReason? {
        let balance = portfolio.balance(of: amounts.symbol)
        let lacksGas = amounts.isGasApart && portfolio.balance(of: amounts.gas.symbol) < amounts.gas.amount
        if balance >= amounts.leaving, balance > .zero { return lacksGas ? .gasFeeAssetBalanceNotEnough : nil }
        if lacksGas { return .gasFeeAssetAndBalanceNotEnough }
        if terms.isFundingEnabled, !source.isWallet,
            Funding.plan(amounts.leaving, of: amounts.symbol, from: portfolio) != nil
        {
            return .eligibleWithFunding
        }
        if !isAsked { return .balanceBelowMinimum }
        return balance >= amounts.asked ? .amountNotSufficient : .balanceBelowRequestedAmount
    }
}
