/// Arithmetic that rounds in favour of whoever is paid: what is taken must cover what is given.
extension Amount {
    /// The product rounded up to 18 decimals. `ratio` is at most one.
    func timesUp(ratio: Amount) -> Amount { worthUp(at: ratio) }

    /// What this many tokens cost at `price`, rounded up to 18 decimals; at most `largest`.
    func worthUp(at price: Amount) -> Amount {
        let product = units.multipliedFullWidth(by: price.units)
        guard product.high < Amount.one else { return .largest }
        let (quotient, remainder) = Amount.one.dividingFullWidth(product)
        return min(Amount(units: remainder > 0 ? quotient + 1 : quotient), .largest)
    }

    /// What this much money buys at `price`, rounded up to 18 decimals; at most `largest`. `price` is not zero.
    func dividedUp(by price: Amount) -> Amount {
        let product = units.multipliedFullWidth(by: Amount.one)
        guard product.high < price.units else { return .largest }
        let (quotient, remainder) = price.units.dividingFullWidth(product)
        return min(Amount(units: remainder > 0 ? quotient + 1 : quotient), .largest)
    }
}

extension Sequence<Amount> {
    func sum() -> Amount { reduce(.zero, +) }
}
