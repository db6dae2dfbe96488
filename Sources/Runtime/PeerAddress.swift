import CLibUV
import Glibc

/// The address and port at one end of a TCP connection, as bytes.
@safe
package struct PeerAddress: Hashable, Sendable {
    /// The IPv6 address as two big-endian halves. An IPv4 address is held in its mapped form, `::ffff:a.b.c.d`, so one
    /// host has one value whichever socket it came through.
    package let high: UInt64
    package let low: UInt64
    package let port: UInt16

    package init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    package init(ipv4: (UInt8, UInt8, UInt8, UInt8), port: UInt16) {
        let bits = UInt64(ipv4.0) << 24 | UInt64(ipv4.1) << 16 | UInt64(ipv4.2) << 8 | UInt64(ipv4.3)
        self.init(high: 0, low: PeerAddress.mappedPrefix | bits, port: port)
    }

    private static let mappedPrefix: UInt64 = 0xFFFF_0000_0000

    package var isIPv4: Bool { high == 0 && low & 0xFFFF_FFFF_0000_0000 == PeerAddress.mappedPrefix }

    /// 4 bytes for IPv4, 16 for IPv6, in network order.
    package var octets: [UInt8] {
        let all = (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - $0 % 8 * 8)) }
        return isIPv4 ? Array(all.suffix(4)) : all
    }

    /// The address in text without the port, `192.0.2.1` or `2001:db8::1`.
    package var hostText: String {
        var address = octets
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = isIPv4 ? AF_INET : AF_INET6
        let status = unsafe uv_inet_ntop(family, &address, &text, text.count)
        return status == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
    }

    /// Reads what the kernel wrote; nil for a family other than IPv4 and IPv6.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        switch Int32(storage.ss_family) {
        case AF_INET:
            let (bits, port) = unsafe withUnsafePointer(to: &storage) {
                unsafe $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    unsafe (UInt32(bigEndian: $0.pointee.sin_addr.s_addr), UInt16(bigEndian: $0.pointee.sin_port))
                }
            }
            self.init(high: 0, low: PeerAddress.mappedPrefix | UInt64(bits), port: port)
        case AF_INET6:
            let (halves, port) = unsafe withUnsafePointer(to: &storage) {
                unsafe $0.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    unsafe (
                        unsafeBitCast($0.pointee.sin6_addr, to: SIMD2<UInt64>.self),
                        UInt16(bigEndian: $0.pointee.sin6_port)
                    )
                }
            }
            self.init(high: UInt64(bigEndian: halves.x), low: UInt64(bigEndian: halves.y), port: port)
        default: return nil
        }
    }
}

extension IPAddress {
    /// The address without its port; a mapped IPv4 address as IPv4.
    package init(_ peer: PeerAddress) {
        if peer.high == 0, peer.low >> 32 == 0xffff {
            self = .v4(UInt32(truncatingIfNeeded: peer.low))
        } else {
            self = .v6(high: peer.high, low: peer.low)
        }
    }
}
