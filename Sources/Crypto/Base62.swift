/// Numbers of fixed width in the digits 0-9 A-Z a-z, most significant first: text that a double click selects whole.
package enum Base62 {
    /// Digits of 32 bytes: 62^43 is the first power of 62 above 2^256.
    package static let digitsOf32Bytes = 43
    /// Digits of a 32-bit number: 62^6 is the first power of 62 above 2^32.
    package static let digitsOfUInt32 = 6

    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// 32 bytes, read as one big-endian number, in 43 digits.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count == 32, "the width is for 32 bytes")
        var number = bytes
        var text = [UInt8](repeating: 0, count: digitsOf32Bytes)
        for position in text.indices.reversed() {
            var remainder: UInt32 = 0
            for index in number.indices {
                let value = remainder << 8 | UInt32(number[index])
                number[index] = UInt8(value / 62)
                remainder = value % 62
            }
            text[position] = digits[Int(remainder)]
        }
        return text
    }

    /// A 32-bit number in 6 digits.
    package static func encode(_ number: UInt32) -> [UInt8] {
        var rest = number
        var text = [UInt8](repeating: 0, count: digitsOfUInt32)
        for position in text.indices.reversed() {
            text[position] = digits[Int(rest % 62)]
            rest /= 62
        }
        return text
    }

    /// The 32 bytes of 43 digits, or nil for another length, another character or a number of 2^256 and more.
    package static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count == digitsOf32Bytes else { return nil }
        var number = [UInt8](repeating: 0, count: 32)
        for digit in text {
            guard var carry = value(digit) else { return nil }
            for index in number.indices.reversed() {
                let next = UInt32(number[index]) * 62 + carry
                number[index] = UInt8(truncatingIfNeeded: next)
                carry = next >> 8
            }
            if carry != 0 { return nil }
        }
        return number
    }

    /// The number of 6 digits, or nil for another length, another character or a number of 2^32 and more.
    package static func decodeUInt32(_ text: Span<UInt8>) -> UInt32? {
        guard text.count == digitsOfUInt32 else { return nil }
        var number: UInt64 = 0
        for index in text.indices {
            guard let value = value(text[index]) else { return nil }
            number = number * 62 + UInt64(value)
        }
        return UInt32(exactly: number)
    }

    /// What a digit stands for, or nil for any other character.
    static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A")) + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 36
        default: nil
        }
    }
}
