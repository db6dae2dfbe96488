import Domain

/// The people of Mesh's sandbox, who sign in at any exchange with the same password and code.
struct TestUser: Sendable, Equatable {
    let name: String
    let portfolio: Portfolio

    static let password = "Pass123"
    static let code = "123456"

    /// - Returns: nil for a name or a password nobody has. Names match without ASCII case.
    static func find(name: [UInt8], password: [UInt8]) -> TestUser? {
        guard password == Array(TestUser.password.utf8) else { return nil }
        return all.first { equalsIgnoringASCIICase(name, $0.name) }
    }

    static let all: [TestUser] = [
        TestUser("Mesh", full, cash: 10_000_000),
        TestUser("Mesh2", [], cash: 0),
        TestUser("Mesh3", [], cash: 10_000_000),
        TestUser("Mesh4", full.map { ($0.0, $0.1 * 10) }, cash: 100_000_000),
        TestUser("MeshBTC", [("BTC", 1)], cash: 0),
        TestUser("MeshUSDC", [("USDC", 10_000)], cash: 0),
        TestUser("MeshUSDT", [("USDT", 10_000)], cash: 0),
        TestUser("MeshETH", [("ETH", 10)], cash: 0),
        TestUser("MeshSOL", [("SOL", 100)], cash: 0),
    ]

    private static let full: [(String, UInt64)] = [
        ("BTC", 2), ("ETH", 25), ("SOL", 200), ("USDC", 10_000), ("USDT", 10_000), ("PYUSD", 5_000), ("EURC", 2_000),
        ("BNB", 10), ("XRP", 5_000), ("ADA", 5_000), ("DOGE", 20_000), ("LTC", 50), ("AVAX", 200), ("POL", 10_000),
    ]

    private init(_ name: String, _ balances: [(String, UInt64)], cash: UInt64) {
        self.name = name
        portfolio = Portfolio(balances, cash: cash)
    }
}

extension Portfolio {
    fileprivate init(_ balances: [(String, UInt64)], cash: UInt64) {
        self.init(
            balances: balances.map { Balance(symbol: Array($0.0.utf8), amount: Amount(whole: $0.1)) },
            cash: Amount(whole: cash))
    }

    /// What a wallet holds on the networks of one type when it is first connected: nothing on types no wallet here has.
    static func ofWallet(networkType: String) -> Portfolio {
        switch networkType {
        case "evm":
            Portfolio(
                [("ETH", 5), ("USDC", 5_000), ("USDT", 5_000), ("POL", 1_000), ("BNB", 5), ("AVAX", 50)], cash: 0)
        case "solana": Portfolio([("SOL", 50), ("USDC", 5_000), ("USDT", 5_000)], cash: 0)
        default: Portfolio([], cash: 0)
        }
    }
}
