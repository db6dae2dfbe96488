import Domain

/// One way a transfer is paid for: out of the token itself, or by turning something else into it.
struct FundingStep: Sendable, Equatable {
    /// Mesh's `CryptocurrencyFundingOptionType`, the kinds that occur here.
    enum Kind: String, CaseIterable, Sendable {
        case existingCryptocurrencyBalance, stableCoinNoFeeConversion, buyingPowerPurchase, cryptocurrencyConversion
    }

    let kind: Kind
    let fromSymbol: [UInt8]
    /// What is spent, the fee included.
    let fromAmount: Amount
    /// What comes out of it, in the token that is sent.
    let amount: Amount
    /// In `fromSymbol`.
    let fee: Amount
}

/// SmartFunding: what is converted so that a portfolio has enough of one token.
enum Funding {
    /// What a conversion costs, as a ratio of what goes in: half a percent.
    private static let conversionFee = Amount(units: Amount.one / 200)
    /// Sources beside the token itself, as many as Mesh names.
    private static let sources = 4
    private static let stableCoins = ["USDC", "USDT", "PYUSD", "USDG", "RLUSD"]

    /// The steps that bring together exactly `needed` of `symbol`, the balance first; nil if everything is too little.
    static func plan(_ needed: Amount, of symbol: [UInt8], from portfolio: Portfolio) -> [FundingStep]? {
        var steps: [FundingStep] = []
        let existing = min(needed, portfolio.balance(of: symbol))
        if existing > .zero {
            steps.append(
                FundingStep(
                    kind: .existingCryptocurrencyBalance, fromSymbol: symbol, fromAmount: existing, amount: existing,
                    fee: .zero))
        }
        var missing = needed.less(existing)
        for (kind, from, available) in candidates(for: symbol, portfolio).prefix(sources) where missing > .zero {
            guard let step = convert(kind, from, available, to: symbol, missing) else { continue }
            steps.append(step)
            missing = missing.less(step.amount)
        }
        return missing == .zero ? steps : nil
    }

    /// Stablecoins for a stablecoin first, then cash, then the rest by worth.
    private static func candidates(
        for symbol: [UInt8], _ portfolio: Portfolio
    ) -> [(kind: FundingStep.Kind, symbol: [UInt8], available: Amount)] {
        let held = portfolio.balances.filter { !Portfolio.matches($0.symbol, symbol) && $0.amount > .zero }
            .sorted {
                $0.amount.worth(at: Price.dollars(of: $0.symbol)) > $1.amount.worth(at: Price.dollars(of: $1.symbol))
            }
        let free = held.filter { isStable($0.symbol) && isStable(symbol) }
        let others = held.filter { !(isStable($0.symbol) && isStable(symbol)) }
        let cash: [(FundingStep.Kind, [UInt8], Amount)] =
            portfolio.cash > .zero ? [(.buyingPowerPurchase, Portfolio.cashSymbol, portfolio.cash)] : []
        return free.map { (.stableCoinNoFeeConversion, $0.symbol, $0.amount) } + cash
            + others.map { (.cryptocurrencyConversion, $0.symbol, $0.amount) }
    }

    private static func isStable(_ symbol: [UInt8]) -> Bool {
        stableCoins.contains { equalsIgnoringASCIICase(symbol, $0) }
    }

    /// Turns as much of `from` as is there and needed. What is spent is rounded up and what comes out is not, so that
    /// no conversion makes money.
    private static func convert(
        _ kind: FundingStep.Kind, _ from: [UInt8], _ available: Amount, to symbol: [UInt8], _ missing: Amount
    ) -> FundingStep? {
        let ratio = kind == .stableCoinNoFeeConversion ? Amount.zero : conversionFee
        let (price, target) = (Price.dollars(of: from), Price.dollars(of: symbol))
        let spent = missing.worthUp(at: target).dividedUp(by: price)
        let fee = spent.timesUp(ratio: ratio)
        if spent + fee <= available {
            return FundingStep(kind: kind, fromSymbol: from, fromAmount: spent + fee, amount: missing, fee: fee)
        }
        // All of it: the fee is taken out.
        let part = available.divided(by: Amount(units: Amount.one + ratio.units))
        let amount = part.worth(at: price).divided(by: target)
        guard amount > .zero else { return nil }
        return FundingStep(
            kind: kind, fromSymbol: from, fromAmount: available, amount: min(amount, missing), fee: available.less(part)
        )
    }
}
