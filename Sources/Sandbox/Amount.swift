import JSON

/// An exact amount that is not negative: a whole number of 10⁻¹⁸ units, the most decimals a token has.
struct Amount: Hashable, Comparable, Sendable {
    let units: UInt128

    /// Units in one.
    static let one: UInt128 = 1_000_000_000_000_000_000
    static let zero = Amount(units: 0)

    /// The largest amount a request may name: 10¹⁸ of a token, more than any token has, and its product with `one`
    /// fits.
    static let largest = Amount(units: one * one)

    init(units: UInt128) { self.units = units }

    init(whole: UInt64) { units = UInt128(whole) * Amount.one }

    /// The value of a JSON number; nil if it is negative or above `largest`. Digits beyond the 18th decimal are
    /// dropped.
    init?(_ number: JSONNumber) {
        guard let text = number.canonicalDecimalBytes else { return nil }
        self.init(plain: text)
    }

    /// Reads a plain decimal, such as `0.025`.
    init?(plain text: [UInt8]) {
        var units: UInt128 = 0
        var decimals: Int?
        for byte in text {
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            if let count = decimals {
                if count == 18 { continue }
                decimals = count + 1
            }
            units = units * 10 + UInt128(byte - UInt8(ascii: "0"))
            // Checked at each digit, so that the next one cannot overflow.
            guard units <= Amount.largest.units else { return nil }
        }
        guard !text.isEmpty else { return nil }
        for _ in 0..<18 - (decimals ?? 0) {
            units *= 10
            guard units <= Amount.largest.units else { return nil }
        }
        self.units = units
    }

    /// The plain spelling: no exponent, no zeros that say nothing.
    var text: [UInt8] {
        let (whole, fraction) = units.quotientAndRemainder(dividingBy: Amount.one)
        var text = Array(String(whole).utf8)
        guard fraction > 0 else { return text }
        var decimals = Array(String(fraction).utf8)
        decimals.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: 18 - decimals.count), at: 0)
        while decimals.last == UInt8(ascii: "0") { decimals.removeLast() }
        text.append(UInt8(ascii: "."))
        return text + decimals
    }

    static func < (left: Amount, right: Amount) -> Bool { left.units < right.units }
    static func + (left: Amount, right: Amount) -> Amount { Amount(units: left.units + right.units) }

    /// The difference, or zero where it would be negative.
    func less(_ other: Amount) -> Amount { Amount(units: units > other.units ? units - other.units : 0) }

    /// The product, rounded down to 18 decimals. `ratio` is at most one.
    func times(ratio: Amount) -> Amount {
        Amount(units: Amount.one.dividingFullWidth(units.multipliedFullWidth(by: ratio.units)).quotient)
    }

    /// What this many tokens cost at `price`, rounded down to 18 decimals; at most `largest`.
    func worth(at price: Amount) -> Amount {
        let product = units.multipliedFullWidth(by: price.units)
        guard product.high < Amount.one else { return .largest }
        return min(Amount(units: Amount.one.dividingFullWidth(product).quotient), .largest)
    }

    /// What this much money buys at `price`, rounded down to 18 decimals. `price` is at least 10⁻¹⁸ of `self`.
    func divided(by price: Amount) -> Amount {
        let product = units.multipliedFullWidth(by: Amount.one)
        guard product.high < price.units else { return .largest }
        return Amount(units: price.units.dividingFullWidth(product).quotient)
    }
}
