import Domain

/// Where a transfer comes from: an integration, and for a wallet the type of network it was connected on.
struct Source: Sendable {
    let integration: CatalogueIntegration
    /// Mesh's `NetworkType`; nil for an exchange.
    let networkType: String?

    var isWallet: Bool { integration.category == .deFiWallet }

    func sends(_ symbol: [UInt8], on network: CatalogueNetwork) -> Bool {
        sends(on: network) && network.has(symbol)
    }

    func sends(on network: CatalogueNetwork) -> Bool {
        integration.sends(on: network) && networkType.map { $0 == network.type } ?? true
    }

    // MARK: What it charges and allows

    /// What an exchange takes for a withdrawal, in dollars: Mesh's own sandbox takes a cent. It pays for the gas.
    private static let withdrawalFee = Amount(units: Amount.one / 100)
    /// The least and the most an exchange sends at once, in dollars.
    private static let withdrawalMinimum = Amount(whole: 1)
    private static let withdrawalMaximum = Amount(whole: 1_000_000)

    /// The exchange's fee, in the token that is sent.
    func institutionFee(for symbol: [UInt8]) -> Amount {
        isWallet ? .zero : Source.withdrawalFee.dividedUp(by: Price.dollars(of: symbol))
    }

    /// The network's fee, in its native token.
    func gasFee(on network: CatalogueNetwork) -> Amount {
        isWallet ? network.gasInDollars.dividedUp(by: Price.dollars(of: Array(network.nativeSymbol.utf8))) : .zero
    }

    /// The least that can be sent, in the token.
    func minimum(for symbol: [UInt8]) -> Amount {
        isWallet ? .zero : Source.withdrawalMinimum.dividedUp(by: Price.dollars(of: symbol))
    }

    /// The most that can be sent at once, in the token; nil where there is no bound.
    func maximum(for symbol: [UInt8]) -> Amount? {
        isWallet ? nil : Source.withdrawalMaximum.divided(by: Price.dollars(of: symbol))
    }
}

extension CatalogueNetwork {
    func has(_ symbol: [UInt8]) -> Bool { tokens.contains { equalsIgnoringASCIICase(symbol, $0) } }

    /// What a transfer costs on the chain: a dollar and a bit on Ethereum, two cents on others.
    fileprivate var gasInDollars: Amount {
        Amount(units: (name == "Ethereum" ? 120 : 2) * (Amount.one / 100))
    }

    var addressPattern: AddressPattern { .of(networkType: type) }

    static func find(_ id: UUIDValue) -> CatalogueNetwork? { byId[id] }

    private static let byId = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
}

extension CatalogueIntegration {
    static func find(_ id: UUIDValue) -> CatalogueIntegration? { byId[id] }

    private static let byId = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
}
