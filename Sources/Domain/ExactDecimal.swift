/// A decimal number that is not negative, exactly: amounts and ratios. Nothing here passes through floating point.
///
/// It holds up to 38 digits, before and behind the point together. Equal values are equal however they were written:
/// `10`, `10.0` and `10.00` are one.
package struct ExactDecimal: Hashable, Sendable {
    /// Digits, leading zero aside: all that 128 bits hold for certain.
    package static let maximumDigits = 38

    /// The value is `coefficient` / 10^`scale`; the last digit behind the point is not zero.
    private let coefficient: UInt128
    private let scale: Int

    package static let zero = ExactDecimal(coefficient: 0, scale: 0)
    package static let one = ExactDecimal(coefficient: 1, scale: 0)

    private init(coefficient: UInt128, scale: Int) {
        self.coefficient = coefficient
        self.scale = scale
    }

    /// Parses plain digits with at most one point between them: no sign, no exponent, no zero before another digit.
    /// Nil for anything else, and for more than 38 digits once zeros at the end of the fraction are left out.
    package init?(text: [UInt8]) {
        let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
        let whole = text[..<point]
        var fraction = text[min(point + 1, text.count)...]
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0"),
            point == text.count || !fraction.isEmpty
        else { return nil }
        while fraction.last == UInt8(ascii: "0") { fraction = fraction.dropLast() }
        let wholeDigits = whole.first == UInt8(ascii: "0") ? 0 : whole.count
        guard wholeDigits + fraction.count <= Self.maximumDigits else { return nil }
        // Zeros that were dropped need no look; all else must be digits.
        guard text[(point + (point < text.count ? 1 : 0))...].allSatisfy(Self.isDigit) else { return nil }
        var value: UInt128 = 0
        for digits in [whole, fraction] {
            for byte in digits {
                guard Self.isDigit(byte) else { return nil }
                value = value * 10 + UInt128(byte &- UInt8(ascii: "0"))
            }
        }
        self.init(coefficient: value, scale: fraction.count)
    }

    package init?(_ text: String) { self.init(text: Array(text.utf8)) }

    package var isZero: Bool { coefficient == 0 }

    /// The one plain spelling: `0.25`, `100`, without zeros that say nothing.
    package var text: [UInt8] {
        var digits: [UInt8] = []
        var rest = coefficient
        while rest > 0 {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        while digits.count <= scale { digits.append(UInt8(ascii: "0")) }
        if scale > 0 { digits.insert(UInt8(ascii: "."), at: scale) }
        return digits.reversed()
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// 10^0 to 10^38.
    private static let powers: [UInt128] = {
        var powers: [UInt128] = [1]
        for _ in 0..<maximumDigits { powers.append(powers[powers.count - 1] * 10) }
        return powers
    }()
}

extension ExactDecimal: Comparable {
    package static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
        if left.scale == right.scale { return left.coefficient < right.coefficient }
        let (leftWhole, leftRest) = left.coefficient.quotientAndRemainder(dividingBy: powers[left.scale])
        let (rightWhole, rightRest) = right.coefficient.quotientAndRemainder(dividingBy: powers[right.scale])
        if leftWhole != rightWhole { return leftWhole < rightWhole }
        // A rest is below 10^scale, so widened to 38 digits it still fits.
        return leftRest * powers[maximumDigits - left.scale] < rightRest * powers[maximumDigits - right.scale]
    }
}

extension ExactDecimal: CustomStringConvertible {
    package var description: String { String(decoding: text, as: UTF8.self) }
}
