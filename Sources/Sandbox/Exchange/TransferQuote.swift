import Domain

/// A transfer as it was previewed: what an execution does, unless the balances have changed meanwhile.
struct TransferQuote: Sendable, Equatable {
    let networkId: UUIDValue
    let toAddress: [UInt8]
    let addressTag: [UInt8]?
    let amounts: TransferAmounts
    let feeIsInclusive: Bool
    let currency: FiatCurrency
    /// They bring together what leaves, in the token.
    let funding: [FundingStep]

    var symbol: [UInt8] { amounts.symbol }
    var isSmartFunded: Bool { funding.contains { $0.kind != .existingCryptocurrencyBalance } }

    /// What the source pays, each token once.
    var debits: [Portfolio.Leg] {
        var legs = funding.map { Portfolio.Leg(symbol: $0.fromSymbol, amount: $0.fromAmount) }
        guard amounts.isGasApart, amounts.gas.amount > .zero else { return legs }
        if let index = legs.firstIndex(where: { Portfolio.matches($0.symbol, amounts.gas.symbol) }) {
            legs[index] = Portfolio.Leg(symbol: legs[index].symbol, amount: legs[index].amount + amounts.gas.amount)
        } else {
            legs.append(Portfolio.Leg(symbol: amounts.gas.symbol, amount: amounts.gas.amount))
        }
        return legs
    }

    // MARK: In money

    var unitPrice: Amount { currency.price(of: symbol) }
    func worth(_ amount: Amount) -> Amount { amount.worth(at: unitPrice) }
    /// What conversions cost.
    var conversionFeesInFiat: Amount {
        funding.map { TransferFee(amount: $0.fee, symbol: $0.fromSymbol).worth(in: currency) }.sum()
    }

    /// What it costs in all: what leaves, the gas if it is paid apart, and the conversions.
    var totalInFiat: Amount {
        let gas = amounts.isGasApart ? amounts.gas.worth(in: currency) : .zero
        return worth(amounts.leaving) + gas + conversionFeesInFiat
    }
}

/// A preview that fails, with what its message names.
struct PreviewFault: Error, Equatable {
    let code: PreviewCode
    /// A ticker, a network or an amount: what stands in the message's place.
    var subject = ""

    /// In Mesh's words.
    var message: String {
        switch code {
        case .networkIdMissing: "(TransferToAddress.NetworkId) field was not provided."
        case .addressMissing: "(TransferToAddress.Address) field was not provided."
        case .symbolMissing: "(TransferToAddress.Symbol) field was not provided."
        case .unsupportedSymbolByNetwork: "Network does not currently support the requested symbol."
        case .invalidAddressPattern: "Target address does not match network '\(subject)' address pattern."
        case .networkNotFound: "Network not found."
        case .networkDisabled: "Network '\(subject)' is currently disabled and cannot be used."
        case .insufficientFunds: "Insufficient '\(subject)' funds."
        case .insufficientFeeFunds: "Insufficient '\(subject)' funds for transfer fees."
        case .emptyWalletSymbolBalance: "Source wallet '\(subject)' balance is empty."
        case .kycRequired: "The provided '\(subject)' account requires KYC to be completed to perform transfers."
        case .depositAmountTooLow:
            "The requested amount is lower than the minimum amount that can be accepted by the target institution."
        case .priceNotFound: "Could not fetch '\(subject)' price."
        case .amountMoreThanWithdrawMaximum:
            "Could not preview the transfer. The requested amount is greater than the maximum allowed amount "
                + "(\(subject))."
        case .amountLessThanWithdrawMinimum:
            "Could not preview the transfer. The requested amount is below the minimum allowable threshold "
                + "(\(subject))."
        case .fromAuthTokenMissing:
            "(PreviewTransferRequest.FromAuthToken) is a mandatory field and should be provided."
        case .noSymbol: "(PreviewTransferRequest.Symbol) is a mandatory field and should be provided."
        case .invalidToAuthToken: "(PreviewTransferRequest.ToAuthToken) is invalid."
        case .toData:
            "Either (PreviewTransferRequest.ToAuthToken) with (PreviewTransferRequest.ToType) or "
                + "(PreviewTransferRequest.ToAddress) should be provided."
        case .bothAmounts:
            "Both (PreviewTransferRequest.AmountInFiat) and (PreviewTransferRequest.Amount) can not be provided."
        case .noAmount:
            "Either (PreviewTransferRequest.AmountInFiat) or (PreviewTransferRequest.Amount) should be provided."
        case .unsupportedSymbolBySource:
            "Symbol to transfer not supported by the source wallet over the requested network."
        case .unsupportedSymbolByTarget:
            "Symbol to transfer not supported by the target wallet over the requested network."
        case .network: "Requested network is not supported by the source wallet."
        }
    }
}
