import Domain

/// What of a portfolio can go where a client takes it: `configure`.
struct TransferConfiguration: Sendable {
    struct Holding: Sendable {
        let symbol: [UInt8]
        let balance: Amount
        /// Of the networks the client takes the token on, and of the others the source could use for it.
        let networks: [NetworkEligibility]
        let reason: HoldingReason?

        var isEligible: Bool { networks.contains(where: \.isEligible) }
        var isEligibleWithFunding: Bool { !isEligible && networks.contains(where: \.isEligibleWithFunding) }
    }

    /// What is held in the order it is held in, then what is taken and not held.
    let holdings: [Holding]

    /// - Parameter symbol: the one token that is asked for; nil asks for all.
    init(
        _ portfolio: Portfolio, from source: Source, to targets: [TransferTarget], symbol: [UInt8]? = nil,
        networkId: UUIDValue? = nil, _ terms: TransferTerms
    ) {
        var symbols = portfolio.balances.filter { $0.amount > .zero }.map(\.symbol)
        for target in targets where !symbols.contains(where: { Portfolio.matches($0, target.symbol) }) {
            symbols.append(target.symbol)
        }
        holdings = symbols.map { held in
            let wanted = symbol.map { Portfolio.matches($0, held) } ?? true
            let networks =
                wanted ? TransferConfiguration.networks(held, networkId, portfolio, source, targets, terms) : []
            return Holding(
                symbol: held, balance: portfolio.balance(of: held), networks: networks,
                reason: wanted
                    ? TransferConfiguration.reason(held, networks, source, targets) : .symbolDoesNotMatch)
        }
    }

    /// Only what the client takes, over the networks it takes it on: what Mesh's Link offers.
    func offered() -> [Holding] {
        holdings.compactMap { holding in
            let networks = holding.networks.filter { $0.target != nil }
            guard !networks.isEmpty || holding.reason == .notSupportedForTransferBySource else { return nil }
            return Holding(
                symbol: holding.symbol, balance: holding.balance, networks: networks, reason: holding.reason)
        }
    }

    private static func networks(
        _ symbol: [UInt8], _ networkId: UUIDValue?, _ portfolio: Portfolio, _ source: Source,
        _ targets: [TransferTarget], _ terms: TransferTerms
    ) -> [NetworkEligibility] {
        CatalogueNetwork.all.compactMap { network in
            guard source.sends(symbol, on: network), networkId.map({ $0 == network.id }) ?? true else { return nil }
            let target = targets.first { $0.networkId == network.id && Portfolio.matches($0.symbol, symbol) }
            return NetworkEligibility(symbol, over: network, to: target, from: source, portfolio, terms)
        }
    }

    private static func reason(
        _ symbol: [UInt8], _ networks: [NetworkEligibility], _ source: Source, _ targets: [TransferTarget]
    ) -> HoldingReason? {
        if networks.contains(where: \.isEligible) { return nil }
        if !targets.contains(where: { Portfolio.matches($0.symbol, symbol) }) {
            return .notSupportedForTransferByTarget
        }
        let targeted = networks.filter { $0.target != nil }
        if targeted.isEmpty { return networks.isEmpty ? .notSupportedForTransferBySource : .noEligibleNetworks }
        if targeted.contains(where: \.isEligibleWithFunding) { return .eligibleWithFunding }
        return targeted.allSatisfy { $0.reason?.isAboutBalance ?? false } ? .amountNotSufficient : .noEligibleNetworks
    }
}
