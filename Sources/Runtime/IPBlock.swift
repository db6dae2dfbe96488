/// A block of internet addresses in CIDR notation: those whose first bits are a network's.
package struct IPBlock: Sendable, Hashable {
    /// Its first address; all bits after `length` are zero.
    package let network: IPAddress
    /// Bits, 0 to 32 or 128.
    package let length: Int

    /// Why a text names no block.
    package enum Malformed: Error, Sendable, Hashable {
        /// It is no address with perhaps a slash and a length.
        case text
        /// The address has bits set after the prefix: which block is meant is anyone's guess.
        case hostBits
    }

    /// The block of one address.
    package init(_ address: IPAddress) {
        network = address
        length = address.bits
    }

    /// Reads `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a block of itself. Throws `Malformed`.
    package init(text: some Collection<UInt8>) throws(Malformed) {
        let slash = text.firstIndex(of: UInt8(ascii: "/"))
        guard let network = IPAddress(text: text[..<(slash ?? text.endIndex)]) else { throw .text }
        var length = network.bits
        if let slash {
            guard let number = IPBlock.number(text[text.index(after: slash)...]), number <= network.bits else {
                throw .text
            }
            length = number
        }
        guard network.keeping(length) == network else { throw .hostBits }
        self.network = network
        self.length = length
    }

    package func contains(_ address: IPAddress) -> Bool {
        switch (network, address) {
        case (.v4, .v4), (.v6, .v6): address.keeping(length) == network
        case (.v4, .v6), (.v6, .v4): false
        }
    }

    /// An IPv4 block that is written as IPv4-mapped IPv6 (`::ffff:192.0.2.0/120`) as what it is; any other as it is.
    /// Peers are known by their IPv4 address, whichever socket they came through.
    package var unmapped: IPBlock {
        guard length >= 96, case .v4(let value) = network.unmapped, case .v6 = network else { return self }
        return IPBlock(network: .v4(value), length: length - 96)
    }

    private init(network: IPAddress, length: Int) {
        self.network = network
        self.length = length
    }

    /// One to three digits without leading zeros.
    private static func number(_ text: some Collection<UInt8>) -> Int? {
        guard (1...3).contains(text.count), text.count == 1 || text.first != UInt8(ascii: "0"),
            text.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

extension IPBlock: CustomStringConvertible {
    /// In canonical text, always with the length.
    package var description: String { "\(network)/\(length)" }
}

extension IPAddress {
    /// Reads dotted decimal or IPv6 text, strictly.
    package init?(text: some Collection<UInt8>) {
        guard let address = IPAddress(ipv4Text: text) ?? IPAddress(ipv6Text: text) else { return nil }
        self = address
    }

    /// An IPv4-mapped IPv6 address as the IPv4 address that it is; any other as it is.
    package var unmapped: IPAddress {
        guard case .v6(0, let low) = self, low >> 32 == 0xffff else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }

    var bits: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// With all but the first `length` bits zero. Swift's smart shifts give 0 for a shift by all bits or more.
    fileprivate func keeping(_ length: Int) -> IPAddress {
        switch self {
        case .v4(let value): .v4(value & ~(UInt32.max >> length))
        case .v6(let high, let low):
            .v6(high: high & ~(UInt64.max >> length), low: low & ~(UInt64.max >> max(0, length - 64)))
        }
    }
}
