/// Crockford's base32 of a UUID: 26 digits without i, l, o and u, lower case (crockford.com/base32.html).
///
/// Crockford's decoder forgives case and look-alikes; ours does not, so that an identifier has one spelling.
enum Base32 {
    static let digitsPerUUID = 26
    private static let digits: [UInt8] = [UInt8]("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    static func append(_ uuid: UUIDValue, to text: inout [UInt8]) {
        // 130 bits: two leading zero bits, then the 128.
        for position in 0..<digitsPerUUID {
            let shift = 125 - 5 * position
            let value: UInt64
            if shift >= 64 {
                value = uuid.high >> UInt64(shift - 64)
            } else if shift > 59 {
                value = uuid.high << UInt64(64 - shift) | uuid.low >> UInt64(shift)
            } else {
                value = uuid.low >> UInt64(shift)
            }
            text.append(digits[Int(value & 31)])
        }
    }

    static func decode(_ text: Span<UInt8>) -> UUIDValue? {
        guard text.count == digitsPerUUID else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for position in 0..<digitsPerUUID {
            let value = UInt64(values[Int(text[position])])
            guard value < 32, position > 0 || value < 8 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | value
        }
        return UUIDValue(high: high, low: low)
    }
}

extension Span<UInt8> {
    func starts(with prefix: [UInt8]) -> Bool {
        guard count >= prefix.count else { return false }
        for index in prefix.indices where self[index] != prefix[index] { return false }
        return true
    }
}
