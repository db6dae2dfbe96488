/// A number exactly as it was written; nothing here ever passes through floating point.
package struct JSONNumber: Sendable {
    /// The bytes of the number (RFC 8259 section 6).
    package let raw: ArraySlice<UInt8>
    /// Digits with an optional minus: no fraction, no exponent.
    package let isInteger: Bool

    /// The value of an integer that fits; nil otherwise, also for `1.0` and `1e2`. `-0` is 0.
    package var integer: Int64? {
        guard isInteger else { return nil }
        let isNegative = raw.first == ASCII.minus
        var value: Int64 = 0
        for byte in isNegative ? raw.dropFirst() : raw {
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte &- ASCII.zero)
            // Summed on the negative side, which reaches one further.
            let (sum, overflowedToo) = tens.subtractingReportingOverflow(digit)
            guard !overflowed, !overflowedToo else { return nil }
            value = sum
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// The one plain spelling of the value: no exponent, no zeros that say nothing, no minus zero. `1.50e2` is `150`.
    ///
    /// Nil if that takes more than `Limits.plainDecimalDigits` digits, as `1e999999999` would.
    package var canonicalDecimal: String? {
        canonicalDecimalBytes.map { bytes in String(decoding: bytes, as: UTF8.self) }
    }

    /// As `canonicalDecimal`, in ASCII.
    package var canonicalDecimalBytes: [UInt8]? {
        let (digits, point) = significant
        if digits.isEmpty { return [ASCII.zero] }
        // `point` digits stand before the decimal point; what is missing on either side is zeros.
        guard max(point, 1) + max(digits.count - point, 0) <= Limits.plainDecimalDigits else { return nil }
        var plain: [UInt8] = raw.first == ASCII.minus ? [ASCII.minus] : []
        if point <= 0 {
            plain += [ASCII.zero, ASCII.point]
            plain.append(contentsOf: repeatElement(ASCII.zero, count: -point))
            plain += digits
        } else if point >= digits.count {
            plain += digits
            plain.append(contentsOf: repeatElement(ASCII.zero, count: point - digits.count))
        } else {
            plain += digits[..<point]
            plain.append(ASCII.point)
            plain += digits[point...]
        }
        return plain
    }

    /// The digits from the first to the last that is not zero, and how many digits the decimal point stands after the
    /// first of them. No digits for zero.
    private var significant: (digits: [UInt8], point: Int) {
        var digits: [UInt8] = []
        var point = 0
        var isFraction = false
        var exponent = 0
        reading: for (offset, byte) in zip(raw.indices, raw) {
            switch byte {
            case ASCII.minus: continue
            case ASCII.point: isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent = JSONNumber.exponent(raw[(offset + 1)...])
                break reading
            default:
                if !isFraction, byte != ASCII.zero || !digits.isEmpty { point += 1 }
                if isFraction, byte == ASCII.zero, digits.isEmpty { point -= 1 }
                if byte != ASCII.zero || !digits.isEmpty { digits.append(byte) }
            }
        }
        while digits.last == ASCII.zero { digits.removeLast() }
        return (digits, point + exponent)
    }

    /// The exponent, cut to ±10⁹: beyond, every number but zero is refused anyway.
    private static func exponent(_ bytes: ArraySlice<UInt8>) -> Int {
        var value = 0
        for byte in bytes where ASCII.isDigit(byte) {
            value = min(value * 10 + Int(byte - ASCII.zero), 1_000_000_000)
        }
        return bytes.first == ASCII.minus ? -value : value
    }
}
