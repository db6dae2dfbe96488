import Domain
import Runtime
import Testing

@testable import Sandbox

@Suite struct TransferPreviewTests {
    private let coinbase = Exchanged.source("Coinbase")
    private let metaMask = Exchanged.source("MetaMask", networkType: "evm")
    private let amount = Exchanged.amount
    private let rich = Exchanged.portfolio([("USDC", "10000"), ("ETH", "5"), ("BTC", "1")], cash: "1000")

    private func quote(
        _ terms: TransferTerms, of symbol: String = "USDC", from source: Source? = nil, _ portfolio: Portfolio? = nil
    ) throws -> TransferQuote {
        try TransferPreview.quote(
            Exchanged.request(symbol, terms), from: source ?? coinbase, portfolio ?? rich)
    }

    private func code(
        _ change: (inout PreviewRequest) -> Void, from source: Source? = nil, _ portfolio: Portfolio? = nil
    )
        -> PreviewCode?
    {
        var request = Exchanged.request("USDC", Exchanged.terms(tokens: "50"))
        change(&request)
        do throws(PreviewFault) {
            _ = try TransferPreview.quote(request, from: source ?? coinbase, portfolio ?? rich)
            return nil
        } catch { return error.code }
    }

    // MARK: Amounts

    @Test func addsTheFeesOnTop() throws {
        let quote = try quote(Exchanged.terms(tokens: "50", clientFee: "0.025"))
        #expect(quote.amounts.arriving == amount("50") && quote.amounts.leaving == amount("51.26"))
        #expect(quote.amounts.institutionFee == amount("0.01") && quote.amounts.clientFee == amount("1.25"))
        #expect(quote.totalInFiat == amount("51.26"))
        #expect(quote.debits == [Portfolio.Leg(symbol: Exchanged.bytes("USDC"), amount: amount("51.26"))])
    }

    @Test func takesInclusiveFeesOut() throws {
        let quote = try quote(Exchanged.terms(tokens: "50", clientFee: "0.025", isInclusive: true))
        #expect(quote.amounts.leaving == amount("50") && quote.amounts.arriving == amount("48.74"))
    }

    @Test func turnsMoneyIntoTokens() throws {
        #expect(try quote(Exchanged.terms(fiat: "100"), of: "ETH").amounts.asked == amount("0.025"))
        var terms = Exchanged.terms(fiat: "100")
        terms.currency = .eur
        let quote = try quote(terms)
        // 100 euros are 110 dollars; the price of a dollar in euros is rounded down.
        #expect(quote.amounts.asked >= amount("110") && quote.amounts.asked < amount("110.000000000000001"))
        #expect(quote.worth(quote.amounts.asked) > amount("99.999999999999") && quote.totalInFiat > amount("100"))
    }

    @Test func letsWalletsPayGasInTheNativeToken() throws {
        let quote = try quote(Exchanged.terms(tokens: "50"), from: metaMask)
        #expect(quote.amounts.institutionFee == .zero && quote.amounts.leaving == amount("50"))
        #expect(quote.amounts.gas == TransferFee(amount: amount("0.0003"), symbol: Exchanged.bytes("ETH")))
        #expect(quote.debits.map(\.symbol) == [Exchanged.bytes("USDC"), Exchanged.bytes("ETH")])
        #expect(quote.totalInFiat == amount("51.2"))
        let native = try self.quote(Exchanged.terms(tokens: "1"), of: "ETH", from: metaMask)
        #expect(native.amounts.leaving == amount("1.0003") && native.debits.count == 1)
    }

    @Test func convertsOnlyWhatIsMissingAndOnlyIfItMay() throws {
        let poor = Exchanged.portfolio([("USDC", "20"), ("USDT", "10"), ("BTC", "1")], cash: "15")
        let quote = try quote(Exchanged.terms(tokens: "50", isFunded: true), of: "USDC", from: nil, poor)
        #expect(
            quote.funding.map(\.kind) == [
                .existingCryptocurrencyBalance, .stableCoinNoFeeConversion, .buyingPowerPurchase,
                .cryptocurrencyConversion,
            ])
        #expect(quote.funding.map(\.amount).sum() == amount("50.01"))
        #expect(quote.funding[1].fee == .zero && quote.funding[2].fee > .zero && quote.funding[3].fee > .zero)
        #expect(code({ _ in }, poor) == .insufficientFunds)
    }

    // MARK: Codes

    @Test func namesWhatIsMissingOrWrong() {
        #expect(code { _ in } == nil)
        #expect(code { $0.networkId = nil } == .networkIdMissing)
        #expect(code { $0.symbol = nil } == .noSymbol)
        #expect(code { $0.toAddress = nil } == .addressMissing)
        #expect(code { $0.networkId = UUIDValue(high: 9, low: 9) } == .networkNotFound)
        #expect(code { $0.symbol = Exchanged.bytes("DOGE") } == .unsupportedSymbolByNetwork)
        #expect(code { $0.toAddress = Exchanged.bytes("0x0Ff0") } == .invalidAddressPattern)
        #expect(code { $0.terms.ask = nil } == .noAmount)
        #expect(code { $0.targets = [Exchanged.target("USDT")] } == .unsupportedSymbolByTarget)
        #expect(code({ _ in }, from: Exchanged.source("Phantom", networkType: "solana")) == .network)
        #expect(code { $0.terms.ask = .tokens(Exchanged.amount("0.99")) } == .amountLessThanWithdrawMinimum)
        #expect(code { $0.terms.ask = .tokens(Exchanged.amount("1000001")) } == .amountMoreThanWithdrawMaximum)
        #expect(code { $0.targets = [Exchanged.target(minAmount: "51")] } == .depositAmountTooLow)
        #expect(code { $0.targets = [Exchanged.target(minAmountInFiat: "51")] } == .depositAmountTooLow)
    }

    @Test func tellsTheBalancesApart() {
        #expect(code({ _ in }, Exchanged.portfolio([])) == .emptyWalletSymbolBalance)
        #expect(code({ _ in }, Exchanged.portfolio([("USDC", "49.99")])) == .insufficientFunds)
        #expect(code({ _ in }, Exchanged.portfolio([("USDC", "50")])) == .insufficientFeeFunds)
        #expect(code({ _ in }, Exchanged.portfolio([("USDC", "50.01")])) == nil)
        #expect(code({ _ in }, from: metaMask, Exchanged.portfolio([("USDC", "50")])) == .insufficientFeeFunds)
        let wallet = Exchanged.portfolio([("USDC", "49"), ("ETH", "1"), ("USDT", "100")])
        #expect(code({ $0.terms.isFundingEnabled = true }, from: metaMask, wallet) == .insufficientFunds)
        #expect(code({ $0.terms.isFundingEnabled = true }, from: coinbase, wallet) == nil)
    }

    @Test(arguments: PreviewCode.allCases)
    func failsAsItIsToldTo(code: PreviewCode) throws {
        let request = Exchanged.request("USDC", Exchanged.terms(tokens: "50"))
        let fault = try #require(throws: PreviewFault.self) {
            try TransferPreview.quote(request, from: coinbase, rich, OutcomePlan(previewFailure: code))
        }
        #expect(fault.code == code && !fault.message.isEmpty && !fault.message.contains("''"))
    }

    // MARK: Whatever the numbers

    @Test func addsUpExactlyWhateverTheNumbers() throws {
        var random = RandomSource.seeded(11)
        var quotes = 0
        for _ in 0..<3_000 {
            let portfolio = Self.portfolio(&random)
            let symbol = ["USDC", "ETH", "LINK", "USDT"].randomElement(using: &random)!
            let source = Bool.random(using: &random) ? coinbase : metaMask
            let terms = TransferTerms(
                ask: Bool.random(using: &random) ? .tokens(Self.amount(&random)) : .fiat(Self.amount(&random)),
                clientFee: Amount(units: UInt128.random(in: 0...Amount.one, using: &random)),
                feeIsInclusive: Bool.random(using: &random), isFundingEnabled: Bool.random(using: &random))
            guard let quote = try? quote(terms, of: symbol, from: source, portfolio) else { continue }
            quotes += 1
            let amounts = quote.amounts
            #expect(amounts.leaving == amounts.arriving + amounts.fees)
            #expect((terms.feeIsInclusive ? amounts.leaving : amounts.arriving) == amounts.asked)
            #expect(amounts.fees <= amounts.leaving && amounts.arriving > .zero)
            #expect(quote.funding.map(\.amount).sum() == amounts.leaving)
            for step in quote.funding { #expect(step.fee <= step.fromAmount) }
            let left = try portfolio.debited(quote.debits)
            // Nothing is made of nothing: the destination gets no more than the source lost.
            let lost = portfolio.worth.less(left.worth)
            let got = amounts.arriving.worth(at: Price.dollars(of: amounts.symbol))
            #expect(lost + Amount(units: 20) >= got)
            #expect(left.credited(quote.debits).worth == portfolio.worth)
        }
        #expect(quotes > 500)
    }

    private static func amount(_ random: inout RandomSource) -> Amount {
        Amount(
            units: UInt128.random(in: 0...(Amount.one * 20_000), using: &random)
                >> UInt128.random(in: 0...12, using: &random))
    }

    private static func portfolio(_ random: inout RandomSource) -> Portfolio {
        let symbols = ["USDC", "ETH", "BTC", "USDT", "DOGE", "EURC"]
        return Portfolio(
            balances: symbols.map { Portfolio.Balance(symbol: Exchanged.bytes($0), amount: amount(&random)) },
            cash: amount(&random))
    }
}
