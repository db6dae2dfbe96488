import Domain
import Runtime
import Testing

@testable import Sandbox

@Suite struct PortfolioTests {
    private func leg(_ symbol: String, _ amount: String) -> Portfolio.Leg {
        Portfolio.Leg(symbol: Exchanged.bytes(symbol), amount: Exchanged.amount(amount))
    }

    @Test func debitsAllOrNothing() throws {
        let portfolio = Exchanged.portfolio([("USDC", "10"), ("ETH", "1")], cash: "5")
        let left = try portfolio.debited([leg("usdc", "4"), leg("USD", "5"), leg("ETH", "1")])
        #expect(left == Exchanged.portfolio([("USDC", "6"), ("ETH", "0")]))
        #expect(throws: Portfolio.Short(symbol: Exchanged.bytes("ETH"))) {
            try portfolio.debited([self.leg("USDC", "4"), self.leg("ETH", "1.000000000000000001")])
        }
        #expect(throws: Portfolio.Short(symbol: Exchanged.bytes("BTC"))) { try portfolio.debited([leg("BTC", "1")]) }
        // The same token twice counts twice.
        #expect(throws: Portfolio.Short(symbol: Exchanged.bytes("USDC"))) {
            try portfolio.debited([leg("USDC", "6"), leg("USDC", "6")])
        }
    }

    @Test func paysCreditsInOnceTheyAreDue() throws {
        let now = Exchanged.now
        let promised = try Exchanged.portfolio([("USDC", "10")]).debited([leg("USDC", "10")])
            .promising([leg("USDC", "10"), leg("BTC", "1")], at: now)
        #expect(promised.settled(at: now + .microseconds(-1)) == promised)
        let settled = promised.settled(at: now)
        #expect(settled == Exchanged.portfolio([("USDC", "10"), ("BTC", "1")]))
        #expect(settled.settled(at: now + .seconds(9)) == settled)
    }

    @Test func knowsTheTestUsersByPasswordAndNotOtherwise() {
        let password = Exchanged.bytes("Pass123")
        for name in ["Mesh", "Mesh2", "Mesh3", "Mesh4", "MeshBTC", "MeshUSDC", "MeshUSDT", "MeshETH", "MeshSOL"] {
            #expect(TestUser.find(name: Exchanged.bytes(name), password: password)?.name == name)
        }
        #expect(TestUser.find(name: Exchanged.bytes("meshbtc"), password: password)?.name == "MeshBTC")
        #expect(TestUser.find(name: Exchanged.bytes("Mesh"), password: Exchanged.bytes("pass123")) == nil)
        #expect(TestUser.find(name: Exchanged.bytes("Nobody"), password: password) == nil)
    }

    @Test func givesEachTestUserWhatMeshDoes() throws {
        let users = Dictionary(uniqueKeysWithValues: TestUser.all.map { ($0.name, $0.portfolio) })
        #expect(users["Mesh"]?.balances.count == 14 && users["Mesh"]?.cash == Amount(whole: 10_000_000))
        #expect(users["Mesh2"] == Exchanged.portfolio([]))
        #expect(users["Mesh3"] == Exchanged.portfolio([], cash: "10000000"))
        #expect(users["Mesh4"]?.cash == Amount(whole: 100_000_000))
        for symbol in ["BTC", "USDC", "USDT", "ETH", "SOL"] {
            let portfolio = try #require(users["Mesh\(symbol)"])
            #expect(portfolio.balances.map(\.symbol) == [Exchanged.bytes(symbol)] && portfolio.cash == .zero)
        }
        // Whatever is held can be sent somewhere.
        for balance in users["Mesh"]!.balances {
            #expect(CatalogueNetwork.all.contains { $0.has(balance.symbol) }, "\(balance.symbol)")
        }
    }
}
