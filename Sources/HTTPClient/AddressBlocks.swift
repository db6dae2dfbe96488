import Runtime

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
    /// Not a block but a form of the last 64 bits, in any network: they carry an IPv4 address to tunnel to (RFC 5214).
    case isatap = "ISATAP"
    /// Whatever else is not global unicast.
    case outsideGlobalUnicast = "not 2000::/3"
}

extension AddressBlock {
    /// False for most of the addresses there are, quickly: it is asked of every address of every request. True only
    /// means that `first(containing:)` must look.
    static func mayContain(_ address: IPAddress) -> Bool {
        switch address {
        case .v4(let value): return firstOctets[Int(value >> 24)]
        case .v6(let high, let low):
            if high >> 61 != 1 || isISATAP(low: low) { return true }
            return firstGroups.contains(UInt16(truncatingIfNeeded: high >> 48))
        }
    }

    /// An interface identifier of 00-00-5E-FE or 02-00-5E-FE and an IPv4 address.
    static func isISATAP(low: UInt64) -> Bool { low >> 32 == 0x5efe || low >> 32 == 0x0200_5efe }

    /// The first octets in which some block begins or goes on.
    private static let firstOctets: [Bool] = {
        var marks = [Bool](repeating: false, count: 256)
        for (block, _) in blocks {
            guard case .v4(let network) = block.network else { continue }
            let first = Int(network >> 24)
            for octet in first..<first + (block.length < 8 ? 1 << (8 - block.length) : 1) { marks[octet] = true }
        }
        return marks
    }()

    /// Of the blocks within 2000::/3, the first 16 bits.
    private static let firstGroups: Set<UInt16> = {
        var groups: Set<UInt16> = []
        for (block, _) in blocks {
            guard case .v6(let high, _) = block.network, high >> 61 == 1 else { continue }
            let first = UInt16(truncatingIfNeeded: high >> 48)
            let count: UInt16 = block.length < 16 ? 1 << UInt16(16 - block.length) : 1
            for group in first..<first + count { groups.insert(group) }
        }
        return groups
    }()

    /// The block that an address lies in: the first, in the order above, that contains it.
    static func first(containing address: IPAddress) -> AddressBlock? {
        blocks.first { $0.block.contains(address) }?.name
    }

    private static let blocks: [(block: IPBlock, name: AddressBlock)] = allCases.compactMap { name in
        (try? IPBlock(text: name.rawValue.utf8)).map { ($0, name) }
    }
}
