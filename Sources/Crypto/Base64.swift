/// Base 64 (RFC 4648): the standard alphabet with padding, and the url-safe alphabet without.
///
/// Decoding is canonical: exactly one text stands for given bytes, so a signature has one spelling. Whitespace, missing
/// or surplus padding, the other alphabet and non-zero bits behind the last byte (RFC 4648, section 3.5) are refused.
package enum Base64 {
    private static let standard = Alphabet("+/")
    private static let urlSafe = Alphabet("-_")
    private static let pad = UInt8(ascii: "=")

    /// Standard alphabet, padded to a multiple of four.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] { encode(bytes, standard, padded: true) }

    /// Url-safe alphabet, no padding.
    package static func encodeURLSafe(_ bytes: [UInt8]) -> [UInt8] { encode(bytes, urlSafe, padded: false) }

    /// The bytes of a canonical standard text, or nil.
    package static func decode(_ text: [UInt8]) -> [UInt8]? { decode(text[...]) }

    /// The bytes of a canonical standard text, or nil.
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        var digits = text
        if digits.last == pad { digits.removeLast() }
        if digits.last == pad { digits.removeLast() }
        // Two padding bytes stand behind two digits, one behind three: what is left over must match what was cut.
        guard text.count - digits.count == (4 - digits.count % 4) % 4 else { return nil }
        return decode(digits, standard)
    }

    /// The bytes of a canonical url-safe text without padding, or nil.
    package static func decodeURLSafe(_ text: [UInt8]) -> [UInt8]? { decode(text[...], urlSafe) }

    private struct Alphabet: Sendable {
        let digits: [UInt8]
        let values: [UInt8]
        static let none: UInt8 = 0xff

        init(_ last: StaticString) {
            let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
            var values = [UInt8](repeating: Alphabet.none, count: 256)
            for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
            self.digits = digits
            self.values = values
        }
    }

    private static func encode(_ bytes: [UInt8], _ alphabet: Alphabet, padded: Bool) -> [UInt8] {
        let digits = alphabet.digits
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index + 3 <= bytes.count {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            text.append(digits[Int(group >> 18)])
            text.append(digits[Int(group >> 12 & 63)])
            text.append(digits[Int(group >> 6 & 63)])
            text.append(digits[Int(group & 63)])
            index += 3
        }
        let rest = bytes.count - index
        if rest > 0 {
            let group = UInt32(bytes[index]) << 16 | (rest == 2 ? UInt32(bytes[index + 1]) << 8 : 0)
            text.append(digits[Int(group >> 18)])
            text.append(digits[Int(group >> 12 & 63)])
            if rest == 2 { text.append(digits[Int(group >> 6 & 63)]) }
            if padded { for _ in rest..<3 { text.append(pad) } }
        }
        return text
    }

    /// Decodes digits alone, padding already cut.
    private static func decode(_ text: ArraySlice<UInt8>, _ alphabet: Alphabet) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        var pending: UInt32 = 0
        var bits = 0
        for digit in text {
            let value = alphabet.values[Int(digit)]
            guard value != Alphabet.none else { return nil }
            pending = pending << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
                pending &= 1 << UInt32(bits) - 1
            }
        }
        return pending == 0 ? bytes : nil
    }
}
