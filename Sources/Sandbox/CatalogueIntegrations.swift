import Domain

/// One exchange or wallet of Mesh's catalogue.
struct CatalogueIntegration: Sendable {
    /// Mesh's categories that occur here.
    enum Category: String { case exchange, deFiWallet }

    let id: UUIDValue
    /// Mesh's `BrokerType`.
    let type: String
    let name: String
    let category: Category
    /// Only wallets have one.
    let walletProviderId: UUIDValue?
    /// Whether transfers from it could settle: then it is in the managed list too.
    let isManaged: Bool
    /// Which networks it sends on: nil is all.
    let networks: [String]?

    private init(
        _ id: String, _ type: String, _ name: String, _ category: Category, isManaged: Bool = false,
        _ networks: [String]? = nil
    ) {
        guard let id = UUIDValue(text: id.utf8) else { preconditionFailure("an integration id is not a UUID") }
        self.id = id
        self.type = type
        self.name = name
        self.category = category
        walletProviderId = category == .deFiWallet ? id : nil
        self.isManaged = isManaged
        self.networks = networks
    }

    func sends(on network: CatalogueNetwork) -> Bool { networks?.contains(network.name) ?? true }

    /// What Mesh's sandbox offers, 13 of which 5 are managed. The id of Coinbase is Mesh's own; the others are made up
    /// and stay as they are.
    static let all: [CatalogueIntegration] = [
        .init("721a5035-029f-4e05-bf3c-009da2fe381b", "sandboxCoinbase", "Coinbase", .exchange, isManaged: true),
        .init("907a70c3-1012-4037-b64c-e4228c38fb29", "sandbox", "Binance", .exchange, isManaged: true),
        .init("7f150524-34b9-45df-9e77-69b10f4205b4", "deFiWallet", "MetaMask", .deFiWallet, isManaged: true, evm),
        .init("c6f87718-6d76-407e-881e-d162ae2eb154", "deFiWallet", "Rainbow", .deFiWallet, isManaged: true, evm),
        .init(
            "ec66a787-95e7-41d1-b731-af10506bf2ef", "deFiWallet", "Phantom", .deFiWallet, isManaged: true,
            ["Solana", "Ethereum", "Base", "Polygon"]),
        .init("3f98e277-4cbd-47ad-9c90-a9587403e430", "robinhoodConnect", "Robinhood", .exchange),
        .init("c7a2ea20-b2f1-4c94-ae05-319acb5c7427", "krakenDirect", "Kraken", .exchange),
        .init("4cdd2055-930d-4eaf-94f4-733f3e7d1bfb", "okxOAuth", "OKX", .exchange),
        .init("57ee05cd-e009-42c7-bebf-f20686734721", "bybitDirect", "Bybit", .exchange),
        .init("9be4bcfc-49b6-4a08-b2e6-cc3ababced20", "gemini", "Gemini", .exchange),
        .init("830e07bc-1e39-4f10-92bd-4acefaecbd38", "cryptoComPay", "Crypto.com", .exchange),
        .init("5790f82e-c1d3-4cff-aa3a-f4d46b0a18e8", "deFiWallet", "Trust Wallet", .deFiWallet, evm),
        .init("6bf46c69-7d2c-4f82-aeea-cbe226e87555", "deFiWallet", "Coinbase Wallet", .deFiWallet, evm),
    ]

    static let managed = all.filter(\.isManaged)

    /// The integration that plays the users' transfers.
    static let playing = all[0]

    private static let evm = CatalogueNetwork.all.filter { $0.type == "evm" }.map(\.name)
}
