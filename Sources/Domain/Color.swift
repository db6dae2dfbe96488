/// A colour of the sRGB space, as `#rrggbb`.
package struct Color: Hashable, Sendable {
    package let red: UInt8
    package let green: UInt8
    package let blue: UInt8

    package init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// `#` and six hexadecimal digits of either case; nil for anything else.
    package init?(text: [UInt8]) {
        guard text.count == 7, text[0] == UInt8(ascii: "#") else { return nil }
        var value: UInt32 = 0
        for byte in text.dropFirst() {
            guard let digit = Color.digit(byte) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        self.init(
            red: UInt8(truncatingIfNeeded: value >> 16), green: UInt8(truncatingIfNeeded: value >> 8),
            blue: UInt8(truncatingIfNeeded: value))
    }

    /// In small letters.
    package var text: [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return [UInt8(ascii: "#")]
            + [red, green, blue].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

// How well two colours can be told apart (WCAG 2.2, "relative luminance" and "contrast ratio").
extension Color {
    /// From 0, black, to 1, white.
    package var relativeLuminance: Double {
        0.2126 * Color.linear(red) + 0.7152 * Color.linear(green) + 0.0722 * Color.linear(blue)
    }

    /// From 1, the same, to 21, black on white. Which is in front does not matter.
    package func contrast(with other: Color) -> Double {
        let (one, two) = (relativeLuminance, other.relativeLuminance)
        return (max(one, two) + 0.05) / (min(one, two) + 0.05)
    }

    private static func linear(_ component: UInt8) -> Double {
        let value = Double(component) / 255
        return value <= 0.04045 ? value / 12.92 : power(((value + 0.055) / 1.055))
    }

    /// `base` to the power of 2.4, for 0 < base ≤ 1: its square by the fifth root of its square. Newton's steps double
    /// the right digits each time, and from above they come down without passing the root.
    private static func power(_ base: Double) -> Double {
        let square = base * base
        var root = 1.0
        for _ in 0..<40 {
            let fourth = root * root * root * root
            root -= (root * fourth - square) / (5 * fourth)
        }
        return square * root
    }
}
