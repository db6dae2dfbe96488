import Crypto
import Domain
import JSON
import Upstream

/// Writes a sub-client's style into what the upstream minted. A link token is the base 64 of a URL whose parameters
/// tell the page how to look: `link_style`, base 64 of a JSON object, and `th`, `lng` and `fiatCur`.
///
/// Only these parameters change, of `link_style` only the members that are set, and what cannot be read is left alone:
/// a token that works unbranded is better than none.
enum LinkTokenStyle {
    static func apply(_ style: LinkStyle, to minted: MintedLinkToken) -> MintedLinkToken {
        if style.isEmpty { return minted }
        return MintedLinkToken(
            linkToken: apply(style, toToken: minted.linkToken),
            paymentLink: minted.paymentLink.map { apply(style, toPaymentLink: $0) }, errorHash: minted.errorHash,
            teamCode: minted.teamCode)
    }

    static func apply(_ style: LinkStyle, toToken token: [UInt8]) -> [UInt8] {
        guard !style.isEmpty, MintedLinkToken.isLinkToken(token), let url = Base64.decode(token) else { return token }
        var query = RawQuery(of: url)
        if let object = object(style, over: query.value(of: "link_style")) {
            query.set("link_style", PercentCoding.encode(Base64.encode(object)))
        }
        if let theme = style.theme { query.set("th", Array(theme.rawValue.utf8)) }
        if let language = style.language { query.set("lng", Array(language.rawValue.utf8)) }
        if let currency = style.fiatCurrency { query.set("fiatCur", Array(currency.rawValue.utf8)) }
        let styled = Base64.encode(query.url)
        return MintedLinkToken.isLinkToken(styled) ? styled : token
    }

    /// A payment link carries the token as its parameter `linkToken`, spelled with or without percent signs: so is the
    /// new one.
    static func apply(_ style: LinkStyle, toPaymentLink link: [UInt8]) -> [UInt8] {
        var query = RawQuery(of: link)
        guard let raw = query.value(of: "linkToken"), let token = PercentCoding.decode(raw) else { return link }
        let styled = apply(style, toToken: token)
        if styled == token { return link }
        let isPlain = raw.elementsEqual(token) && token.contains { Array("+/=".utf8).contains($0) }
        query.set("linkToken", isPlain ? styled : PercentCoding.encode(styled))
        return MintedLinkToken.isPaymentLink(query.url) ? query.url : link
    }

    /// The members that are set, in a new object.
    static func object(_ style: LinkStyle) -> [UInt8]? { object(style, over: nil) }

    /// The members of `old`, the value of a parameter, with those that are set in their place. Nil if none is set, and
    /// if `old` is no such object.
    private static func object(_ style: LinkStyle, over old: ArraySlice<UInt8>?) -> [UInt8]? {
        let members = members(style)
        guard !members.isEmpty, let json = old.map(decoded) ?? Array("{}".utf8),
            let document = try? JSONDocument.parse(json), document.root.kind == .object
        else { return nil }
        return document.replacingMembers(members, insertingAbsent: true)
    }

    /// The JSON in a parameter's value: base 64, with its padding or without.
    private static func decoded(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        guard var text = PercentCoding.decode(value) else { return nil }
        while !text.count.isMultiple(of: 4) { text.append(UInt8(ascii: "=")) }
        return Base64.decode(text)
    }

    private static func members(_ style: LinkStyle) -> [(key: StaticString, value: [UInt8])] {
        var members: [(key: StaticString, value: [UInt8])] = []
        func add(_ key: StaticString, _ value: [UInt8]?, isText: Bool = true) {
            let quote = isText ? [UInt8(ascii: "\"")] : []
            if let value { members.append((key, quote + value + quote)) }
        }
        add("pc", style.primaryColor?.text)
        add("pt", style.primaryTextColor?.text)
        add("sc", style.secondaryColor?.text)
        add("st", style.secondaryTextColor?.text)
        add("br", style.buttonRadius.map { Array("\($0)".utf8) }, isText: false)
        add("ir", style.cornerRadius.map { Array("\($0)".utf8) }, isText: false)
        add("io", style.overlayOpacity?.text, isText: false)
        add("th", style.theme.map { Array($0.rawValue.utf8) })
        return members
    }
}
