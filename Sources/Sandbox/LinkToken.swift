import Crypto
import Domain

/// A link token as Mesh makes it: the base64 of a URL on the Link page's origin, in which only the auth code is secret.
struct LinkToken: Sendable {
    /// 32 random bytes in 43 URL-safe characters.
    let authCode: [UInt8]

    /// Makes a new one.
    init() { authCode = Base64.encodeURLSafe(Random.bytes(32)) }

    /// Nil for a text that is no auth code by its form.
    init?(authCode: [UInt8]) {
        guard authCode.count == 43, Base64.decodeURLSafe(authCode) != nil else { return nil }
        self.authCode = authCode
    }

    /// Finds the auth code in a link token, whoever added parameters to its URL since.
    ///
    /// Nil where there is none: not base64, not a URL with a query, or no auth code of our form in it.
    init?(text: some Collection<UInt8>) {
        guard let url = Base64.decode(Array(text)), let query = LinkToken.query(of: url),
            let authCode = PercentCoding.parameter("auth_code", of: query)
        else { return nil }
        self.init(authCode: authCode)
    }

    /// Finds the auth code in a payment link: a URL with a `linkToken` parameter, on whatever host.
    init?(paymentLink: [UInt8]) {
        guard let query = LinkToken.query(of: paymentLink),
            let text = PercentCoding.parameter("linkToken", of: query)
        else { return nil }
        self.init(text: text)
    }

    /// What the database knows the token by.
    var digest: [UInt8] { Digest.sha256(authCode) }

    /// The token's text: standard base64 with padding, as the SDK's `atob` wants.
    func text(baseURL: String, clientId: UUIDValue, restrictMultipleAccounts: Bool) -> [UInt8] {
        var url = Array("\(baseURL)/b2b-iframe/\(clientId)/broker-connect?auth_code=".utf8)
        url += authCode
        url += "&restrictMultipleAccounts=\(restrictMultipleAccounts)&link_style=".utf8
        url += LinkToken.style
        return Base64.encode(url)
    }

    static func paymentLink(baseURL: String, token: [UInt8]) -> [UInt8] {
        Array("\(baseURL)/paylink?linkToken=".utf8) + PercentCoding.encode(token)
    }

    /// Colours, the corner radius of the frame (`ir`), the opacity of the overlay (`io`) and the theme.
    private static let style = PercentCoding.encode(
        Base64.encode(Array(##"{"pc":"#1f6feb","pt":"#ffffff","ir":24,"io":0.6,"th":"light"}"##.utf8)))

    private static func query(of url: [UInt8]) -> ArraySlice<UInt8>? {
        guard let mark = url.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return url[(mark + 1)...].prefix { $0 != UInt8(ascii: "#") }
    }
}
