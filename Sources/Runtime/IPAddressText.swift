/// The strict reader of address text: one spelling rule, unlike `inet_aton` and `getaddrinfo`, which take octal,
/// hexadecimal and shortened forms.
extension IPAddress {
    /// Dotted decimal with four numbers and no leading zeros.
    package init?(ipv4Text text: some Collection<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for byte in part {
                guard (0x30...0x39).contains(byte) else { return nil }
                number = number * 10 + UInt32(byte - 0x30)
            }
            guard number <= 255 else { return nil }
            value = value << 8 | number
        }
        self = .v4(value)
    }

    /// RFC 4291 section 2.2: groups of one to four hexadecimal digits, at most one `::`, the last two groups perhaps
    /// dotted. No zone, no brackets.
    package init?(ipv6Text text: some Collection<UInt8>) {
        let bytes = Array(text)
        guard (2...45).contains(bytes.count) else { return nil }
        let colon = UInt8(ascii: ":")
        var gap: Int?
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            if bytes[index] == colon, bytes[index + 1] == colon {
                guard gap == nil else { return nil }
                gap = index
                index += 1
            }
            index += 1
        }
        if let gap {
            guard let head = IPAddress.groups(bytes[..<gap], mayEndDotted: false),
                let tail = IPAddress.groups(bytes[(gap + 2)...], mayEndDotted: true), head.count + tail.count <= 7
            else { return nil }
            self = IPAddress(groups: head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
        } else {
            guard let all = IPAddress.groups(bytes[...], mayEndDotted: true), all.count == 8 else { return nil }
            self = IPAddress(groups: all)
        }
    }

    private init(groups: [UInt16]) {
        self = .v6(
            high: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
            low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
    }

    private static func groups(_ text: ArraySlice<UInt8>, mayEndDotted: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if mayEndDotted, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard case .v4(let value)? = IPAddress(ipv4Text: part) else { return nil }
                groups += [UInt16(value >> 16), UInt16(value & 0xffff)]
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var number: UInt16 = 0
            for byte in part {
                guard let digit = hexDigit(byte) else { return nil }
                number = number << 4 | UInt16(digit)
            }
            groups.append(number)
        }
        return groups
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
