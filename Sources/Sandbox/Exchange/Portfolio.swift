import Domain

/// What one test user or wallet owns: so much of each token, cash in dollars, and what will come back at a time that is
/// known already. Amounts are never negative.
struct Portfolio: Sendable, Equatable {
    struct Balance: Sendable, Equatable {
        /// As it was first written; tickers match without ASCII case.
        let symbol: [UInt8]
        var amount: Amount
    }

    /// What a transfer gives back if it fails, when it has failed.
    struct Credit: Sendable, Equatable {
        let dueAt: Timestamp
        /// A ticker, or `cashSymbol`.
        let symbol: [UInt8]
        let amount: Amount
    }

    /// So much of a ticker, or of cash.
    struct Leg: Sendable, Equatable {
        let symbol: [UInt8]
        let amount: Amount
    }

    private(set) var balances: [Balance]
    /// In dollars.
    private(set) var cash: Amount
    private(set) var credits: [Credit] = []

    /// What cash is called among tickers: no token has this name.
    static let cashSymbol = Array("USD".utf8)

    init(balances: [Balance], cash: Amount, credits: [Credit] = []) {
        self.balances = balances
        self.cash = cash
        self.credits = credits
    }

    /// Zero of a ticker that is not held.
    func balance(of symbol: [UInt8]) -> Amount {
        if Portfolio.matches(symbol, Portfolio.cashSymbol) { return cash }
        return balances.first { Portfolio.matches($0.symbol, symbol) }?.amount ?? .zero
    }

    // MARK: Changes

    /// Names the first token that does not suffice.
    struct Short: Error, Equatable { let symbol: [UInt8] }

    /// All of `legs` or nothing.
    func debited(_ legs: [Leg]) throws(Short) -> Portfolio {
        var portfolio = self
        for leg in legs {
            let held = portfolio.balance(of: leg.symbol)
            guard held >= leg.amount else { throw Short(symbol: leg.symbol) }
            portfolio.set(leg.symbol, held.less(leg.amount))
        }
        return portfolio
    }

    func credited(_ legs: [Leg]) -> Portfolio {
        var portfolio = self
        for leg in legs { portfolio.set(leg.symbol, portfolio.balance(of: leg.symbol) + leg.amount) }
        return portfolio
    }

    func promising(_ legs: [Leg], at moment: Timestamp) -> Portfolio {
        var portfolio = self
        portfolio.credits += legs.map { Credit(dueAt: moment, symbol: $0.symbol, amount: $0.amount) }
        return portfolio
    }

    /// With what was due by `now` paid in.
    func settled(at now: Timestamp) -> Portfolio {
        var portfolio = self
        portfolio.credits.removeAll { $0.dueAt <= now }
        return portfolio.credited(
            credits.filter { $0.dueAt <= now }.map { Leg(symbol: $0.symbol, amount: $0.amount) })
    }

    private mutating func set(_ symbol: [UInt8], _ amount: Amount) {
        if Portfolio.matches(symbol, Portfolio.cashSymbol) {
            cash = amount
        } else if let index = balances.firstIndex(where: { Portfolio.matches($0.symbol, symbol) }) {
            balances[index].amount = amount
        } else {
            balances.append(Balance(symbol: symbol, amount: amount))
        }
    }

    static func matches(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { lowercaseASCII($0) == lowercaseASCII($1) }
    }
}
