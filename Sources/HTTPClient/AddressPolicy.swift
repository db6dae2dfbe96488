package import Runtime

/// Where we may connect to: judges URLs before a name is looked up and every address before and while connecting. Pure.
package struct AddressPolicy: Sendable, Hashable {
    private enum Reach: Sendable, Hashable { case publicOnly, privateToo }

    private let reach: Reach
    private let admittedPorts: Set<UInt16>

    /// https to port 443 of global unicast addresses.
    package static let publicOnly = AddressPolicy(reach: .publicOnly, admittedPorts: [443])

    /// As `publicOnly`, but to these ports.
    package static func publicOnly(ports: Set<UInt16>) -> AddressPolicy {
        AddressPolicy(reach: .publicOnly, admittedPorts: ports)
    }

    /// For development: http too, any port, and loopback and private addresses. Link-local addresses, where clouds keep
    /// their credentials service, multicast and reserved blocks stay closed.
    package static let allowPrivate = AddressPolicy(reach: .privateToo, admittedPorts: [])

    /// The grammar options that go with this policy.
    package var urlOptions: TargetURL.Options { reach == .publicOnly ? .publicNames : .development }

    /// Whether names are looked up in the DNS alone, without search domains and the hosts file.
    var looksUpAbsoluteNames: Bool { reach == .publicOnly }

    /// What forbids this URL, whatever its host resolves to; nil when nothing does.
    package func objection(to url: TargetURL) -> URLObjection? {
        if case .literal(let address) = url.host {
            if reach == .publicOnly { return .addressLiteral }
            if objection(to: address) != nil { return .address }
        }
        guard reach == .publicOnly else { return nil }
        if url.scheme != .https { return .notHTTPS }
        return admittedPorts.contains(url.port) ? nil : .port
    }

    /// The ports a public target may have, in order; nil when any will do.
    package var ports: [UInt16]? { reach == .publicOnly ? admittedPorts.sorted() : nil }

    package enum URLObjection: Sendable, Equatable { case notHTTPS, port, addressLiteral, address }

    /// The block that forbids this address; nil when we may connect to it.
    package func objection(to address: IPAddress) -> AddressBlock? {
        guard let block = AddressPolicy.block(of: address) else { return nil }
        guard reach == .privateToo else { return block }
        switch block {
        case .loopback, .loopback6, .private10, .private172, .private192, .sharedAddressSpace, .uniqueLocal: return nil
        case .mapped:
            guard case .v6(_, let low) = address else { return block }
            return objection(to: .v4(UInt32(truncatingIfNeeded: low)))
        default: return block
        }
    }

    /// All addresses of a name must pass: one bad answer among good ones is an attack or a mistake, and which of them
    /// would be used is chance. No address at all does not pass either.
    package func admits(all addresses: [IPAddress]) -> Bool { objection(toAll: addresses) == nil }

    /// The first address that does not pass; nil when `admits(all:)`.
    package func objection(toAll addresses: [IPAddress]) -> AddressRefusal? {
        if addresses.isEmpty { return AddressRefusal(address: nil, rule: .noAddress) }
        for address in addresses {
            if let block = objection(to: address) { return AddressRefusal(address: address, rule: .block(block)) }
        }
        return nil
    }

    /// The special-purpose block an address lies in; nil for a global unicast one.
    package static func block(of address: IPAddress) -> AddressBlock? {
        guard AddressBlock.mayContain(address) else { return nil }
        if let block = AddressBlock.first(containing: address) { return block }
        guard case .v6(let high, let low) = address else { return nil }
        if high >> 61 != 1 { return .outsideGlobalUnicast }
        return AddressBlock.isISATAP(low: low) ? .isatap : nil
    }
}
