import Domain
import Runtime
import Testing

@testable import Sandbox

@Suite struct TransferConfigurationTests {
    private let coinbase = Exchanged.source("Coinbase")
    private let full = TestUser.all[0].portfolio

    private func configure(
        _ portfolio: Portfolio, _ terms: TransferTerms, to targets: [TransferTarget]? = nil, from source: Source? = nil,
        symbol: String? = nil
    ) -> [String: TransferConfiguration.Holding] {
        let configuration = TransferConfiguration(
            portfolio, from: source ?? coinbase, to: targets ?? [Exchanged.target()],
            symbol: symbol.map(Exchanged.bytes), terms)
        return Dictionary(
            uniqueKeysWithValues: configuration.holdings.map { (String(decoding: $0.symbol, as: UTF8.self), $0) })
    }

    private func reason(
        _ portfolio: Portfolio, _ terms: TransferTerms, _ target: TransferTarget = Exchanged.target(),
        from source: Source? = nil
    ) -> NetworkReason? {
        configure(portfolio, terms, to: [target], from: source)["USDC"]?.networks
            .first { $0.network.id == target.networkId }?.reason
    }

    @Test func tellsWhatCanGoWhere() throws {
        let holdings = configure(full, Exchanged.terms(tokens: "50"))
        let usdc = try #require(holdings["USDC"])
        #expect(usdc.isEligible && usdc.reason == nil && !usdc.isEligibleWithFunding)
        #expect(usdc.networks.filter(\.isEligible).map(\.network.name) == ["Ethereum"])
        #expect(usdc.networks.contains { $0.network.name == "Solana" && $0.reason == .noTargetNetworkFound })
        #expect(holdings["BTC"]?.reason == .notSupportedForTransferByTarget && holdings["BTC"]?.isEligible == false)
        #expect(configure(full, Exchanged.terms(), symbol: "USDC")["BTC"]?.reason == .symbolDoesNotMatch)
        let solana = Exchanged.source("Phantom", networkType: "solana")
        #expect(configure(full, Exchanged.terms(), from: solana)["USDC"]?.reason == .noEligibleNetworks)
        let bitcoin = Exchanged.target("BTC", on: Exchanged.network("Bitcoin"))
        let wallet = configure(full, Exchanged.terms(), to: [bitcoin], from: solana)["BTC"]
        #expect(wallet?.reason == .notSupportedForTransferBySource)
    }

    @Test func offersOnlyWhatTheClientTakes() {
        let configuration = TransferConfiguration(
            full, from: coinbase, to: [Exchanged.target(), Exchanged.target(on: Exchanged.solana)], Exchanged.terms())
        let offered = configuration.offered()
        #expect(offered.map(\.symbol) == [Exchanged.bytes("USDC")])
        #expect(offered[0].networks.map(\.network.name) == ["Ethereum", "Solana"])
    }

    @Test func listsWhatIsTakenThoughNoneIsHeld() throws {
        let bitcoin = Exchanged.portfolio([("BTC", "1")])
        let plain = try #require(configure(bitcoin, Exchanged.terms(tokens: "50"))["USDC"])
        #expect(!plain.isEligible && plain.balance == .zero && plain.reason == .amountNotSufficient)
        let funded = try #require(configure(bitcoin, Exchanged.terms(tokens: "50", isFunded: true))["USDC"])
        #expect(funded.isEligibleWithFunding && funded.reason == .eligibleWithFunding)
        let nothing = configure(Exchanged.portfolio([]), Exchanged.terms(tokens: "50", isFunded: true))
        #expect(nothing["USDC"]?.isEligibleWithFunding == false && nothing.count == 1)
    }

    @Test func saysWhyANetworkCannotBeUsed() {
        let usdc = Exchanged.portfolio([("USDC", "50")])
        let wallet = Exchanged.source("MetaMask", networkType: "evm")
        #expect(reason(usdc, Exchanged.terms(tokens: "49")) == nil)
        #expect(reason(usdc, Exchanged.terms(tokens: "50")) == .amountNotSufficient)
        #expect(reason(usdc, Exchanged.terms(tokens: "51")) == .balanceBelowRequestedAmount)
        #expect(reason(usdc, Exchanged.terms(tokens: "0.5")) == .requestedAmountBelowMinimum)
        #expect(reason(usdc, Exchanged.terms(tokens: "1000001")) == .refusedByInstitution)
        #expect(
            reason(usdc, Exchanged.terms(fiat: "9"), Exchanged.target(minAmount: "10"))
                == .requestedAmountBelowClientMinimum)
        #expect(
            reason(usdc, Exchanged.terms(fiat: "9"), Exchanged.target(minAmountInFiat: "10"))
                == .requestedAmountBelowClientMinimum)
        let greedy = Exchanged.terms(tokens: "1", clientFee: "1", isInclusive: true)
        #expect(reason(usdc, greedy) == .requestedAmountBelowFees)
        #expect(reason(Exchanged.portfolio([("USDC", "1")]), Exchanged.terms()) == .balanceBelowMinimum)
        #expect(reason(usdc, Exchanged.terms(tokens: "9"), from: wallet) == .gasFeeAssetBalanceNotEnough)
        #expect(reason(usdc, Exchanged.terms(tokens: "60"), from: wallet) == .gasFeeAssetAndBalanceNotEnough)
    }

    /// What configure calls eligible, preview accepts, and what it does not, preview refuses.
    @Test func agreesWithThePreview() {
        var random = RandomSource.seeded(5)
        var accepted = 0
        for _ in 0..<2_000 {
            let balance = { Amount(units: UInt128.random(in: 0...(Amount.one * 200), using: &random)) }
            let portfolio = Portfolio(
                balances: ["USDC", "ETH", "USDT"].map { .init(symbol: Exchanged.bytes($0), amount: balance()) },
                cash: balance())
            let source =
                Bool.random(using: &random) ? coinbase : Exchanged.source("MetaMask", networkType: "evm")
            let terms = TransferTerms(
                ask: .tokens(balance()), clientFee: Amount(units: Amount.one / 10),
                feeIsInclusive: Bool.random(using: &random), isFundingEnabled: Bool.random(using: &random))
            let target = Exchanged.target(minAmount: "5")
            let holding = TransferConfiguration(portfolio, from: source, to: [target], terms).offered()
                .first { $0.symbol == Exchanged.bytes("USDC") }!
            var request = Exchanged.request("USDC", terms)
            request.targets = [target]
            let quote = try? TransferPreview.quote(request, from: source, portfolio)
            #expect((holding.isEligible || holding.isEligibleWithFunding) == (quote != nil))
            if let quote { #expect(quote.isSmartFunded == holding.isEligibleWithFunding) }
            accepted += quote == nil ? 0 : 1
        }
        #expect(accepted > 200)
    }
}
