import Glibc

/// An internet address as numbers: what is judged, compared and connected to. Text is only for people and for wire
/// formats.
package enum IPAddress: Sendable, Hashable {
    /// In host byte order: 127.0.0.1 is 0x7f00_0001.
    case v4(UInt32)
    /// The first and the last 64 bits, in host byte order: ::1 is `v6(high: 0, low: 1)`.
    case v6(high: UInt64, low: UInt64)

    /// Four or sixteen bytes in network order; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let half = bytes.index(bytes.startIndex, offsetBy: 8)
            self = .v6(
                high: bytes[..<half].reduce(0) { $0 << 8 | UInt64($1) },
                low: bytes[half...].reduce(0) { $0 << 8 | UInt64($1) })
        default: return nil
        }
    }

    /// The address of an internet socket address; nil for another family or a structure that is too short.
    @unsafe package init?(socketAddress: UnsafeRawPointer, length: Int) {
        guard length >= MemoryLayout<sockaddr>.size else { return nil }
        switch unsafe Int32(socketAddress.loadUnaligned(as: sockaddr.self).sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            self = .v4(unsafe UInt32(bigEndian: socketAddress.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
            self = .v6(
                high: unsafe UInt64(bigEndian: socketAddress.loadUnaligned(fromByteOffset: offset, as: UInt64.self)),
                low: unsafe UInt64(bigEndian: socketAddress.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)))
        default: return nil
        }
    }

    /// The port of an internet socket address, 0 for another family.
    @unsafe package static func port(ofSocketAddress address: UnsafeRawPointer, length: Int) -> UInt16 {
        // Both families keep it in the same place.
        guard unsafe IPAddress(socketAddress: address, length: length) != nil else { return 0 }
        return unsafe UInt16(bigEndian: address.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal, or RFC 5952 text without brackets.
    package var description: String {
        switch self {
        case .v4(let value): IPAddress.dotted(value)
        case .v6(let high, let low): IPAddress.text(high: high, low: low)
        }
    }

    private static func dotted(_ value: UInt32) -> String {
        "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as
    /// `::`, an IPv4-mapped address with a dotted tail.
    private static func text(high: UInt64, low: UInt64) -> String {
        if high == 0, low >> 32 == 0xffff { return "::ffff:" + dotted(UInt32(truncatingIfNeeded: low)) }
        let groups = [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
        }
        var best = 0..<0
        var index = 0
        while index < 8 {
            let end = groups[index...].firstIndex { $0 != 0 } ?? 8
            if end - index >= 2, end - index > best.count { best = index..<end }
            index = max(end, index + 1)
        }
        func joined(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? joined(0..<8) : joined(0..<best.lowerBound) + "::" + joined(best.upperBound..<8)
    }
}
