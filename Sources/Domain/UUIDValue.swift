/// A UUID as its 128 bits (RFC 9562). Its text is parsed and written over bytes, in the one 8-4-4-4-12 form.
package struct UUIDValue: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A version 7 UUID: 48 bits of Unix milliseconds, 12 of the fraction below, 62 random ones (RFC 9562 sections 5.7
    /// and 6.2, method 3). Identifiers made in different microseconds sort by time.
    package init(version7At moment: Timestamp, random: UInt64) {
        let microseconds = UInt64(clamping: moment.microseconds)
        let milliseconds = microseconds / 1_000 & 0xFFFF_FFFF_FFFF
        let fraction = microseconds % 1_000 * 4_096 / 1_000
        high = milliseconds << 16 | 0x7000 | fraction
        low = 0x8000_0000_0000_0000 | random & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// What all version 7 UUIDs of a moment's millisecond, and of later ones, are not below.
    package init(firstAt moment: Timestamp) {
        high = UInt64(min(UInt64(clamping: moment.milliseconds), 0xFFFF_FFFF_FFFF)) << 16
        low = 0
    }

    /// A version 4 UUID (RFC 9562 section 5.4).
    package init(version4 random: (UInt64, UInt64)) {
        high = random.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        low = 0x8000_0000_0000_0000 | random.1 & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// Parses 36 bytes of text, in either case; anything else, braces included, is nil.
    private init?(span text: Span<UInt8>) {
        guard text.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for position in 0..<36 {
            let byte = text[position]
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = UUIDValue.hexDigit(byte) else { return nil }
            if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
            digits += 1
        }
        self.init(high: high, low: low)
    }

    // Spelled out for what callers have: a generic initializer runs unspecialized outside this module.
    package init?(text: [UInt8]) { self.init(span: text.span) }
    package init?(text: ArraySlice<UInt8>) { self.init(span: text.span) }
    package init?(text: some Collection<UInt8>) { self.init(text: Array(text)) }

    /// 36 lower-case bytes.
    package var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { text.append(UInt8(ascii: "-")) }
            let half = nibble < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (nibble & 15))) & 15
            text.append(digit < 10 ? digit + 48 : digit + 87)
        }
        return text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 48...57: UInt64(byte - 48)
        case 65...70: UInt64(byte - 55)
        case 97...102: UInt64(byte - 87)
        default: nil
        }
    }
}

extension UUIDValue: Comparable {
    /// As PostgreSQL orders them: version 7 UUIDs by their time.
    package static func < (left: UUIDValue, right: UUIDValue) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension UUIDValue: CustomStringConvertible {
    package var description: String { String(decoding: text, as: UTF8.self) }
}
