import Crypto
import JSON

/// A link token as the upstream gave it.
package struct MintedLinkToken: Equatable, Sendable {
    /// Base 64 of an http or https URL.
    package let linkToken: [UInt8]
    package let paymentLink: [UInt8]?
    package let errorHash: [UInt8]?
    package let teamCode: [UInt8]?

    package init(linkToken: [UInt8], paymentLink: [UInt8]?, errorHash: [UInt8]?, teamCode: [UInt8]?) {
        self.linkToken = linkToken
        self.paymentLink = paymentLink
        self.errorHash = errorHash
        self.teamCode = teamCode
    }

    /// Whether the text may be given to a merchant as a link token: base 64 of a web address.
    ///
    /// A `javascript:` token once ran script in pages (CVE-2025-59430): only web addresses are passed on.
    package static func isLinkToken(_ token: [UInt8]) -> Bool {
        token.count <= UpstreamLimits.linkBytes && Base64.decode(token).map(isWebURL) == true
    }

    /// Whether the text may be given to a merchant as a payment link: a web address.
    package static func isPaymentLink(_ link: [UInt8]) -> Bool {
        link.count <= UpstreamLimits.linkBytes && isWebURL(link)
    }

    private static func isWebURL(_ text: [UInt8]) -> Bool {
        let isClean = text.allSatisfy { (0x21...0x7e).contains($0) }
        return isClean && (text.starts(with: "https://".utf8) || text.starts(with: "http://".utf8))
    }
}

/// Why the upstream refused, in its own words.
package struct UpstreamRefusal: Equatable, Sendable {
    package let message: [UInt8]
    package let displayMessage: [UInt8]?
    package let errorType: [UInt8]?
    package let errorHash: [UInt8]?
    package let teamCode: [UInt8]?
}

/// What came of asking for a link token.
package enum LinkTokenOutcome: Equatable, Sendable {
    case minted(MintedLinkToken)
    /// The request was not right: the merchant's to mend.
    case refused(UpstreamRefusal)
    /// Seconds to wait, if it said.
    case tooManyRequests(retryAfter: Int?)
    /// It refused the PSP's own keys: the PSP's to mend, and no merchant's business.
    case keysRefused(status: Int)
    /// It failed, or answered what cannot be understood.
    case failed(reason: String)
    /// It cannot be reached, or not in time.
    case unreachable(reason: String)

    /// Reads an answer.
    package init(status: Int, retryAfter: [UInt8]?, body: [UInt8]) {
        switch status {
        case 200:
            self = LinkTokenOutcome.minted(body) ?? .failed(reason: "unreadableAnswer")
        case 400:
            self = UpstreamRefusal(body).map { .refused($0) } ?? .failed(reason: "unreadableRefusal")
        case 401, 403, 404:
            self = .keysRefused(status: status)
        case 429:
            self = .tooManyRequests(retryAfter: retryAfter.flatMap(retrySeconds))
        default:
            self = .failed(reason: "status\(status)")
        }
    }

    /// What went wrong, if it was not minted.
    package var failure: UpstreamFailure? {
        switch self {
        case .minted: nil
        case .refused(let refusal): .refused(status: 400, refusal)
        case .tooManyRequests(let retryAfter): .tooManyRequests(retryAfter: retryAfter)
        case .keysRefused(let status): .keysRefused(status: status)
        case .failed(let reason): .failed(reason: reason)
        case .unreachable(let reason): .unreachable(reason: reason)
        }
    }

    private static func minted(_ body: [UInt8]) -> LinkTokenOutcome? {
        guard let root = try? JSONDocument.parse(body).root, let content = root["content"],
            let linkToken = content["linkToken"]?.string, MintedLinkToken.isLinkToken(linkToken)
        else { return nil }
        let paymentLink = content["paymentLink"]?.string
        if let paymentLink, !MintedLinkToken.isPaymentLink(paymentLink) { return nil }
        return .minted(
            MintedLinkToken(
                linkToken: linkToken, paymentLink: paymentLink, errorHash: root["errorHash"]?.words,
                teamCode: root["teamCode"]?.words))
    }
}

/// The seconds of a `Retry-After`, if we pass them on.
func retrySeconds(_ text: [UInt8]) -> Int? {
    guard (1...5).contains(text.count) else { return nil }
    var value = 0
    for byte in text {
        guard byte &- UInt8(ascii: "0") < 10 else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return UpstreamLimits.retryAfterSeconds.contains(value) ? value : nil
}

extension UpstreamRefusal {
    /// Nil for a body that is not Mesh's envelope with a message.
    init?(_ body: [UInt8]) {
        guard let root = try? JSONDocument.parse(body).root, let message = root["message"]?.words else { return nil }
        self.init(
            message: message, displayMessage: root["displayMessage"]?.words, errorType: root["errorType"]?.words,
            errorHash: root["errorHash"]?.words, teamCode: root["teamCode"]?.words)
    }
}

extension JSONValue {
    /// A string of a length that is fit to be passed on.
    var words: [UInt8]? { string.flatMap { $0.count <= UpstreamLimits.messageBytes ? $0 : nil } }
}
