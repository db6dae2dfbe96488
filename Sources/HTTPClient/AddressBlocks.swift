/// The special-purpose blocks of the internet: IANA's IPv4 and IPv6 special-purpose address registries (RFC 6890),
/// multicast, and IPv6 forms that carry an IPv4 address.
package enum AddressBlock: String, Sendable, Hashable, CaseIterable {
    // IPv4
    case thisNetwork = "0.0.0.0/8"
    case private10 = "10.0.0.0/8"
    case sharedAddressSpace = "100.64.0.0/10"
    case loopback = "127.0.0.0/8"
    case linkLocal = "169.254.0.0/16"
    case private172 = "172.16.0.0/12"
    case protocolAssignments = "192.0.0.0/24"
    case documentation1 = "192.0.2.0/24"
    case as112 = "192.31.196.0/24"
    case amt = "192.52.193.0/24"
    case relay6to4 = "192.88.99.0/24"
    case private192 = "192.168.0.0/16"
    case directDelegationAS112 = "192.175.48.0/24"
    case benchmarking = "198.18.0.0/15"
    case documentation2 = "198.51.100.0/24"
    case documentation3 = "203.0.113.0/24"
    case multicast = "224.0.0.0/4"
    case reserved = "240.0.0.0/4"
    // IPv6
    case unspecified6 = "::/128"
    case loopback6 = "::1/128"
    case mapped = "::ffff:0:0/96"
    case compatible = "::/96"
    case translation = "64:ff9b::/96"
    case localTranslation = "64:ff9b:1::/48"
    case discardOnly = "100::/64"
    case dummyPrefix = "100:0:0:1::/64"
    case teredo = "2001::/32"
    case protocolAssignments6 = "2001::/23"
    case documentation6 = "2001:db8::/32"
    case sixToFour = "2002::/16"
    case directDelegationAS112v6 = "2620:4f:8000::/48"
    case documentation6b = "3fff::/20"
    case segmentRouting = "5f00::/16"
    case uniqueLocal = "fc00::/7"
    case linkLocal6 = "fe80::/10"
    case siteLocal = "fec0::/10"
    case multicast6 = "ff00::/8"
    /// Whatever else is not global unicast.
    case outsideGlobalUnicast = "not 2000::/3"
}

/// One row: the first bits of an address and the block they mean. The first matching row counts.
struct AddressPrefix4 {
    let network: UInt32
    let length: UInt32
    let block: AddressBlock

    func contains(_ address: UInt32) -> Bool { (address ^ network) >> (32 - length) == 0 }

    static let all: [AddressPrefix4] = [
        .init(network: 0x0000_0000, length: 8, block: .thisNetwork),
        .init(network: 0x0a00_0000, length: 8, block: .private10),
        .init(network: 0x6440_0000, length: 10, block: .sharedAddressSpace),
        .init(network: 0x7f00_0000, length: 8, block: .loopback),
        .init(network: 0xa9fe_0000, length: 16, block: .linkLocal),
        .init(network: 0xac10_0000, length: 12, block: .private172),
        .init(network: 0xc000_0000, length: 24, block: .protocolAssignments),
        .init(network: 0xc000_0200, length: 24, block: .documentation1),
        .init(network: 0xc01f_c400, length: 24, block: .as112),
        .init(network: 0xc034_c100, length: 24, block: .amt),
        .init(network: 0xc058_6300, length: 24, block: .relay6to4),
        .init(network: 0xc0a8_0000, length: 16, block: .private192),
        .init(network: 0xc0af_3000, length: 24, block: .directDelegationAS112),
        .init(network: 0xc612_0000, length: 15, block: .benchmarking),
        .init(network: 0xc633_6400, length: 24, block: .documentation2),
        .init(network: 0xcb00_7100, length: 24, block: .documentation3),
        .init(network: 0xe000_0000, length: 4, block: .multicast),
        .init(network: 0xf000_0000, length: 4, block: .reserved),
    ]
}

/// As `AddressPrefix4`, for IPv6.
struct AddressPrefix6 {
    let high: UInt64
    var low: UInt64 = 0
    let length: UInt64
    let block: AddressBlock

    func contains(_ high: UInt64, _ low: UInt64) -> Bool {
        // Swift's smart shift by 64 or more gives 0.
        if length <= 64 { return (high ^ self.high) >> (64 - length) == 0 }
        return high == self.high && (low ^ self.low) >> (128 - length) == 0
    }

    static let all: [AddressPrefix6] = [
        .init(high: 0, low: 0, length: 128, block: .unspecified6),
        .init(high: 0, low: 1, length: 128, block: .loopback6),
        .init(high: 0, low: 0xffff_0000_0000, length: 96, block: .mapped),
        .init(high: 0, low: 0, length: 96, block: .compatible),
        .init(high: 0x0064_ff9b_0000_0000, low: 0, length: 96, block: .translation),
        .init(high: 0x0064_ff9b_0001_0000, length: 48, block: .localTranslation),
        .init(high: 0x0100_0000_0000_0000, length: 64, block: .discardOnly),
        .init(high: 0x0100_0000_0000_0001, length: 64, block: .dummyPrefix),
        .init(high: 0x2001_0000_0000_0000, length: 32, block: .teredo),
        .init(high: 0x2001_0000_0000_0000, length: 23, block: .protocolAssignments6),
        .init(high: 0x2001_0db8_0000_0000, length: 32, block: .documentation6),
        .init(high: 0x2002_0000_0000_0000, length: 16, block: .sixToFour),
        .init(high: 0x2620_004f_8000_0000, length: 48, block: .directDelegationAS112v6),
        .init(high: 0x3fff_0000_0000_0000, length: 20, block: .documentation6b),
        .init(high: 0x5f00_0000_0000_0000, length: 16, block: .segmentRouting),
        .init(high: 0xfc00_0000_0000_0000, length: 7, block: .uniqueLocal),
        .init(high: 0xfe80_0000_0000_0000, length: 10, block: .linkLocal6),
        .init(high: 0xfec0_0000_0000_0000, length: 10, block: .siteLocal),
        .init(high: 0xff00_0000_0000_0000, length: 8, block: .multicast6),
    ]
}
