/// CRC-32 as in IEEE 802.3 and zlib: catches typing errors, protects nothing.
package enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
    }

    package static func checksum(_ bytes: [UInt8]) -> UInt32 { checksum(bytes.span) }

    package static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        var value = UInt32.max
        for index in bytes.indices { value = table[Int(UInt8(truncatingIfNeeded: value) ^ bytes[index])] ^ value >> 8 }
        return ~value
    }
}
