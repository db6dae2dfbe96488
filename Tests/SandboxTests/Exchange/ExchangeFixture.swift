import Domain
import Runtime

@testable import Sandbox

/// Values of exchange tests.
enum Exchanged {
    static let now = Timestamp(milliseconds: 1_715_175_519_038)
    static let clientId = UUIDValue(high: 1, low: 2)
    static let address = bytes("0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0")
    static let ethereum = network("Ethereum")
    static let solana = network("Solana")

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    static func amount(_ text: String) -> Amount { Amount(plain: bytes(text))! }
    static func network(_ name: String) -> CatalogueNetwork { CatalogueNetwork.all.first { $0.name == name }! }

    static func source(_ integration: String, networkType: String? = nil) -> Source {
        Source(
            integration: CatalogueIntegration.all.first { $0.name == integration }!, networkType: networkType)
    }

    static func portfolio(_ balances: [(String, String)], cash: String = "0") -> Portfolio {
        Portfolio(
            balances: balances.map { Portfolio.Balance(symbol: bytes($0.0), amount: amount($0.1)) },
            cash: amount(cash))
    }

    static func target(
        _ symbol: String = "USDC", on network: CatalogueNetwork = ethereum, minAmount: String? = nil,
        minAmountInFiat: String? = nil
    ) -> TransferTarget {
        TransferTarget(
            networkId: network.id, symbol: bytes(symbol), address: address, minAmount: minAmount.map(amount),
            minAmountInFiat: minAmountInFiat.map(amount))
    }

    static func terms(
        tokens: String? = nil, fiat: String? = nil, clientFee: String = "0", isInclusive: Bool = false,
        isFunded: Bool = false
    ) -> TransferTerms {
        TransferTerms(
            ask: tokens.map { .tokens(amount($0)) } ?? fiat.map { .fiat(amount($0)) }, clientFee: amount(clientFee),
            feeIsInclusive: isInclusive, isFundingEnabled: isFunded)
    }

    static func request(_ symbol: String = "USDC", _ terms: TransferTerms) -> PreviewRequest {
        PreviewRequest(networkId: ethereum.id, symbol: bytes(symbol), toAddress: address, terms: terms)
    }

    static func account(_ holder: Holder, _ source: Source) -> ConnectedAccount {
        ConnectedAccount(
            id: UUIDValue(high: 7, low: 7), clientId: clientId, userId: bytes("u"), source: source, holder: holder,
            accessExpiresAt: now + .seconds(60))
    }

    static let exchangeAccount = account(.user(name: "Mesh"), source("Coinbase"))
}

extension Portfolio {
    /// In dollars, cash and all tokens.
    var worth: Amount { cash + balances.map { $0.amount.worth(at: Price.dollars(of: $0.symbol)) }.sum() }
}
