/// The addresses that money may go to.
///
/// An address of EVM's form, `0x` and 40 hexadecimal digits, is the same in any case of its letters: case is only a
/// checksum there. Every other address is the same byte for byte alone.
struct DestinationBook: Hashable, Sendable {
    private let table: FoldedTable

    init(_ destinations: [ComplianceRules.Destination]) {
        table = FoldedTable(
            destinations.map {
                FoldedTable.Key(
                    network: $0.network, text: $0.address, ignoresCase: Self.isEVM($0.address), tag: $0.addressTag)
            })
    }

    /// Whether an entry without a tag has this address, or one with just this tag.
    func contains(_ network: UUIDValue, _ address: [UInt8], tag: [UInt8]?) -> Bool {
        let isEVM = Self.isEVM(address)
        if table.contains(network, address, ignoringCase: isEVM) { return true }
        guard table.hasTags, let tag else { return false }
        return table.contains(network, address, ignoringCase: isEVM, tag: tag)
    }

    static func isEVM(_ address: [UInt8]) -> Bool {
        let bytes = address.span
        guard bytes.count == 42, bytes[0] == UInt8(ascii: "0"), bytes[1] == UInt8(ascii: "x") else { return false }
        for place in 2..<42 {
            let byte = bytes[place]
            guard byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6 else { return false }
        }
        return true
    }
}

/// What may be sent on which network. Symbols are the same in any case.
struct AssetList: Hashable, Sendable {
    /// The networks there are, and whether all of each is allowed.
    private let networks: [UUIDValue: Bool]
    private let symbols: FoldedTable

    init(_ rules: [ComplianceRules.AssetRule]) {
        networks = Dictionary(rules.map { ($0.network, $0.symbols == nil) }) { first, _ in first }
        symbols = FoldedTable(
            rules.flatMap { rule in
                (rule.symbols ?? []).map {
                    FoldedTable.Key(network: rule.network, text: $0, ignoresCase: true, tag: nil)
                }
            })
    }

    /// Whether all of the network is allowed; nil if the network is not.
    func allowsAll(of network: UUIDValue) -> Bool? { networks[network] }

    func allows(_ symbol: [UInt8], on network: UUIDValue) -> Bool {
        symbols.contains(network, symbol, ignoringCase: true)
    }
}
