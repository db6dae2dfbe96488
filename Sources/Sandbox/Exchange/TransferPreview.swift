import Domain

/// What a preview is asked: every field may be missing, as in Mesh's schema.
struct PreviewRequest: Sendable {
    var networkId: UUIDValue?
    var symbol: [UInt8]?
    var toAddress: [UInt8]?
    var addressTag: [UInt8]?
    /// Where the client takes something; nil where any address will do.
    var targets: [TransferTarget]?
    var terms = TransferTerms()
}

/// Decides previews.
enum TransferPreview {
    /// Judges as Mesh's list of codes goes: what is missing, then the network and the address, then the amount, then
    /// the balance.
    static func quote(
        _ request: PreviewRequest, from source: Source, _ portfolio: Portfolio, _ plan: OutcomePlan = .none
    ) throws(PreviewFault) -> TransferQuote {
        let symbol = request.symbol ?? []
        if let code = plan.previewFailure { throw fault(code, symbol, source, request.networkId) }
        guard let networkId = request.networkId else { throw PreviewFault(code: .networkIdMissing) }
        guard !symbol.isEmpty else { throw PreviewFault(code: .noSymbol) }
        guard let network = CatalogueNetwork.find(networkId) else { throw PreviewFault(code: .networkNotFound) }
        let target = try target(request, symbol, network)
        guard network.has(symbol) else { throw PreviewFault(code: .unsupportedSymbolByNetwork) }
        guard source.sends(on: network) else { throw PreviewFault(code: .network) }
        guard network.addressPattern.matches(target.address) else {
            throw PreviewFault(code: .invalidAddressPattern, subject: network.name)
        }
        guard let asked = request.terms.amount(of: symbol, for: target) else { throw PreviewFault(code: .noAmount) }
        let amounts = TransferAmounts(asking: asked, of: symbol, from: source, on: network, request.terms)
        try checkBounds(amounts, target, source)
        return TransferQuote(
            networkId: networkId, toAddress: target.address, addressTag: target.addressTag ?? request.addressTag,
            amounts: amounts, feeIsInclusive: request.terms.feeIsInclusive, currency: request.terms.currency,
            funding: try funding(amounts, source, portfolio, request.terms))
    }

    private static func target(
        _ request: PreviewRequest, _ symbol: [UInt8], _ network: CatalogueNetwork
    ) throws(PreviewFault) -> TransferTarget {
        if let targets = request.targets {
            guard
                let target = targets.first(where: {
                    $0.networkId == network.id && Portfolio.matches($0.symbol, symbol)
                })
            else { throw PreviewFault(code: .unsupportedSymbolByTarget) }
            return target
        }
        guard let address = request.toAddress, !address.isEmpty else { throw PreviewFault(code: .addressMissing) }
        return TransferTarget(networkId: network.id, symbol: symbol, address: address)
    }

    private static func checkBounds(
        _ amounts: TransferAmounts, _ target: TransferTarget, _ source: Source
    ) throws(PreviewFault) {
        let minimum = source.minimum(for: amounts.symbol)
        if amounts.asked < minimum || amounts.asked == .zero {
            throw PreviewFault(code: .amountLessThanWithdrawMinimum, subject: spelled(minimum, amounts.symbol))
        }
        if let maximum = source.maximum(for: amounts.symbol), amounts.asked > maximum {
            throw PreviewFault(code: .amountMoreThanWithdrawMaximum, subject: spelled(maximum, amounts.symbol))
        }
        let worth = amounts.asked.worth(at: Price.dollars(of: amounts.symbol))
        if amounts.arriving == .zero || amounts.asked < target.minAmount ?? .zero
            || worth < target.minAmountInFiat ?? .zero
        {
            throw PreviewFault(code: .depositAmountTooLow)
        }
    }

    private static func funding(
        _ amounts: TransferAmounts, _ source: Source, _ portfolio: Portfolio, _ terms: TransferTerms
    ) throws(PreviewFault) -> [FundingStep] {
        let symbol = amounts.symbol
        let balance = portfolio.balance(of: symbol)
        if amounts.isGasApart, portfolio.balance(of: amounts.gas.symbol) < amounts.gas.amount {
            throw PreviewFault(code: .insufficientFeeFunds, subject: text(amounts.gas.symbol))
        }
        let mayConvert = terms.isFundingEnabled && !source.isWallet
        if balance >= amounts.leaving || mayConvert,
            let steps = Funding.plan(amounts.leaving, of: symbol, from: portfolio)
        {
            return steps
        }
        if balance == .zero { throw PreviewFault(code: .emptyWalletSymbolBalance, subject: text(symbol)) }
        throw PreviewFault(
            code: balance >= amounts.asked ? .insufficientFeeFunds : .insufficientFunds, subject: text(symbol))
    }

    /// A failure that is forced names what the real one would.
    private static func fault(
        _ code: PreviewCode, _ symbol: [UInt8], _ source: Source, _ networkId: UUIDValue?
    ) -> PreviewFault {
        switch code {
        case .invalidAddressPattern, .networkDisabled:
            PreviewFault(code: code, subject: networkId.flatMap(CatalogueNetwork.find)?.name ?? "")
        case .kycRequired: PreviewFault(code: code, subject: source.integration.name)
        case .amountMoreThanWithdrawMaximum:
            PreviewFault(code: code, subject: spelled(source.maximum(for: symbol) ?? .zero, symbol))
        case .amountLessThanWithdrawMinimum:
            PreviewFault(code: code, subject: spelled(source.minimum(for: symbol), symbol))
        default: PreviewFault(code: code, subject: text(symbol))
        }
    }

    private static func spelled(_ amount: Amount, _ symbol: [UInt8]) -> String {
        "\(text(amount.text)) \(text(symbol))"
    }
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
