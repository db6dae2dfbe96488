import Domain

/// One blockchain of Mesh's catalogue.
struct CatalogueNetwork: Sendable {
    let id: UUIDValue
    let name: String
    /// Decimal digits; nil where a chain has no number.
    let chainId: String?
    /// Mesh's `NetworkType`.
    let type: String
    let nativeSymbol: String
    /// Tickers, the native one first.
    let tokens: [String]
    let style: Network.Style

    private init(
        _ id: String, _ name: String, _ chainId: String?, _ type: String, _ tokens: String, _ style: Network.Style
    ) {
        guard let id = UUIDValue(text: id.utf8) else { preconditionFailure("a network id is not a UUID") }
        self.id = id
        self.name = name
        self.chainId = chainId
        self.type = type
        self.tokens = tokens.split(separator: " ").map { String($0) }
        nativeSymbol = self.tokens[0]
        self.style = style
    }

    /// What Mesh's documents list as supported. The ids of Ethereum, Polygon, Base, Solana, Bitcoin, Stellar, Cardano
    /// and Dogecoin are Mesh's own; Mesh publishes no others, so these are made up and stay as they are.
    static let all: [CatalogueNetwork] = [
        .init("e3c7fdd8-b1fc-4e51-85ae-bb276e075611", "Ethereum", "1", "evm", ethereum, .ethereum),
        .init("7436e9d0-ba42-4d2b-b4c0-8e4e606b2c12", "Polygon", "137", "evm", evm("POL"), .ethereum),
        .init("6513270e-269e-4d37-b2a7-4de452e6b438", "BSC", "56", "evm", evm("BNB"), .ethereum),
        .init("d23f0824-128b-4f33-8c5c-7fd0a6a3a450", "Arbitrum", "42161", "evm", evm("ETH"), .ethereum),
        .init("9531985d-5d9d-49f8-9818-e811892f902b", "Optimism", "10", "evm", evm("ETH"), .ethereum),
        .init("aa883b03-120d-477c-a588-37c2afd3ca71", "Base", "8453", "evm", evm("ETH") + " EURC", .ethereum),
        .init("36f675cc-81e7-4ef5-a8e2-5d940ed90475", "Avalanche C", "43114", "evm", evm("AVAX"), .ethereum),
        .init("6b0d549b-6f03-475a-9600-a35a099950d8", "Blast", "81457", "evm", "ETH", .ethereum),
        .init("8d116ece-1738-47d9-bd9c-172411e20b8f", "HyperEVM", "999", "evm", "HYPE USDC", .ethereum),
        .init("92276658-1e27-41c0-8a6a-63ec24ede6a4", "Sonic", "146", "evm", "S USDC", .ethereum),
        .init("0291810a-5947-424d-9a59-e88bb33e999d", "Solana", "101", "solana", solana, .solana),
        .init("0880db06-7c7c-4738-898f-cf74efc03c47", "Bitcoin", nil, "bitcoin", "BTC", .bitcoin),
        .init("90c192cf-d3ac-44af-8f21-ddb66cad4a26", "Tron", nil, "tron", "TRX USDT", .bitcoin),
        .init("a170b338-3926-4059-b28c-105d1fb17c23", "Litecoin", nil, "litecoin", "LTC", .bitcoin),
        .init("34b66a94-f9f9-49ef-81e8-6ebd5a866f9d", "Dogecoin", nil, "dogecoin", "DOGE", .bitcoin),
        .init("0fd630f1-f29d-4da9-953f-48f1a09f76b5", "Ripple", nil, "ripple", "XRP RLUSD", .bitcoin),
        .init("0cb1e29c-658c-4a14-95e6-0af593bd04cf", "Aptos", "1", "aptos", "APT USDC USDT", .ethereum),
        .init("f7a660cd-bac0-4ae8-8ddb-c54d321b55dc", "Cardano", nil, "cardano", "ADA", .bitcoin),
        .init("06855704-43d2-4ad2-a73c-372f0c3534e1", "Stellar", nil, "stellar", "XLM USDC", .bitcoin),
        .init("8e81973e-0bec-47b0-b898-d190f9ebdacc", "Sui", nil, "sui", "SUI USDC", .ethereum),
        .init("6b4cb242-4a23-4596-a217-beaddbc496cb", "TON", nil, "tvm", "TON USDT", .bitcoin),
        .init("ae97ba94-d0ed-482f-8f6d-05584ef8aa38", "Injective", nil, "injective", "INJ USDT", .bitcoin),
        .init("923a7369-94e3-4f91-9a61-dbe22e44158b", "Avalanche X", nil, "avalancheX", "AVAX", .bitcoin),
    ]

    private static let ethereum = "ETH USDC USDT PYUSD USDG EURC LINK"
    private static let solana = "SOL USDC USDT PYUSD USDG EURC"
    private static func evm(_ native: String) -> String { native + " USDC USDT" }
}
