/// What the Link page asks of its server: `POST /link/v1/{call}`.
enum LinkCall: String, CaseIterable, Sendable {
    case open, host, catalogue, connect, mfa, connectWallet, sign, resume, options, preview, execute, depositAddress
    case paid, close

    /// The members its body may have.
    var fields: [String] {
        switch self {
        case .open: ["authCode"]
        case .host: ["origin"]
        case .catalogue, .close: []
        case .connect: ["integrationId", "username", "password"]
        case .mfa: ["code"]
        case .connectWallet: ["integrationId", "networkType"]
        case .sign: ["accountId", "accept"]
        case .resume: ["accessTokens"]
        case .options: ["accountId"]
        case .preview: ["accountId", "symbol", "networkId", "amount", "amountInFiat"]
        case .execute: ["previewId", "mfaCode"]
        case .depositAddress, .paid: ["symbol", "networkId"]
        }
    }
}
