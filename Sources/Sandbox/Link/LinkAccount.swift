import Domain
import JSON

/// A connected account as the Link page gets it, with the tokens that it hands to the merchant.
struct LinkAccount: Sendable {
    private let connection: Connection
    private let portfolio: Portfolio
    private let now: Timestamp

    init(_ connection: Connection, _ portfolio: Portfolio, now: Timestamp) {
        self.connection = connection
        self.portfolio = portfolio
        self.now = now
    }

    func write(to json: inout JSONWriter) {
        let account = connection.account
        let integration = account.source.integration
        json.beginObject()
        json.member("accountId", account.accountId)
        json.member("accountName", account.accountName)
        json.member("meshAccountId", account.id.text)
        json.member("frontAccountId", account.id.text)
        json.member("integrationId", integration.id.text)
        json.member("brokerType", integration.type)
        json.member("brokerName", integration.name)
        json.member("kind", account.source.isWallet ? "wallet" : "exchange")
        json.member("address", account.walletAddress)
        json.member("accessToken", connection.accessToken.text)
        json.member("tokenId", connection.tokenId?.text)
        // Everything that is held, and of that the cash; in dollars.
        let holdings = portfolio.balances.map { $0.amount.worth(at: Price.dollars(of: $0.symbol)) }
        json.member("fund", (holdings.sum() + portfolio.cash).text)
        json.member("cash", portfolio.cash.text)
        json.member("expiresInSeconds", integer: max(0, account.accessExpiresAt.seconds - now.seconds))
        json.member("refreshTokenExpiresInSeconds", integer: SandboxLimits.renewalLife.components.seconds)
        json.endObject()
    }
}
