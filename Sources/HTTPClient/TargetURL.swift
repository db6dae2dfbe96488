package import Runtime

/// An absolute http or https URL that passed our one grammar: used when an address is registered and when it is called.
///
/// The grammar is RFC 3986's, cut down to what has one reading everywhere: no user information, no fragment, ASCII host
/// names of letters, digits and hyphens, no numeric spelling of a host other than a plain literal.
package struct TargetURL: Sendable, Hashable {
    package enum Scheme: Sendable, Hashable {
        case http, https
        /// The port when the URL names none.
        package var defaultPort: UInt16 { self == .https ? 443 : 80 }
        var text: String { self == .https ? "https" : "http" }
    }

    package enum Host: Sendable, Hashable {
        /// Lower-cased, without a trailing dot.
        case name([UInt8])
        case literal(IPAddress)
    }

    /// What a caller may allow beyond a public host name.
    package struct Options: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        /// `127.0.0.1` and `[::1]`.
        package static let addressLiterals = Options(rawValue: 1)
        /// Names without a dot and top-level labels that are not alphabetic: `localhost`, `receiver-1`.
        package static let localNames = Options(rawValue: 2)

        /// Names in the public DNS only.
        package static let publicNames: Options = []
        package static let development: Options = [.addressLiterals, .localNames]
    }

    /// Bytes a URL's text may have.
    package static let maximumBytes = Limits.urlBytes

    package let scheme: Scheme
    package let host: Host
    package let port: UInt16
    /// The path, from its slash, and the query if there is one: what goes into the request line.
    package let pathAndQuery: [UInt8]

    /// - Throws: the first rule the text breaks.
    package init(_ text: some Collection<UInt8>, options: Options = .publicNames) throws(TargetURLError) {
        var parser = TargetURLParser(bytes: Array(text.prefix(Limits.urlBytes + 1)))
        let parts = try parser.parse(options)
        scheme = parts.scheme
        host = parts.host
        port = parts.port
        pathAndQuery = parts.pathAndQuery
    }

    /// The canonical text: lower-case scheme and host, no default port, at least `/` as path.
    package var asciiText: String {
        var text = scheme.text + "://" + hostText
        if port != scheme.defaultPort { text += ":\(port)" }
        return text + String(decoding: pathAndQuery, as: UTF8.self)
    }

    /// The host as a URL spells it: an IPv6 literal stands in brackets.
    package var hostText: String {
        switch host {
        case .name(let name): String(decoding: name, as: UTF8.self)
        case .literal(.v4(let value)): IPAddress.v4(value).description
        case .literal(let address): "[\(address)]"
        }
    }
}

/// The rule a URL's text breaks. It never carries the text.
package enum TargetURLError: Error, Sendable, Equatable, CaseIterable {
    case tooLong
    /// A byte outside visible ASCII, or a backslash.
    case forbiddenByte
    /// Not `http://` or `https://`.
    case scheme
    case userInformation
    case emptyHost
    case hostTooLong
    /// An empty label: two dots in a row, or a leading dot.
    case emptyLabel
    case labelTooLong
    /// A byte that is not a letter, a digit or a hyphen, or a hyphen at a label's end.
    case hostByte
    case trailingDot
    /// A host that some resolver reads as a number, such as `2130706433`, `0x7f.1` or `127.1`.
    case numericHost
    case addressLiteral
    /// A bracketed host that is not an IPv6 address.
    case malformedLiteral
    /// A name without a dot, or without an alphabetic top-level label.
    case notPublicName
    /// Not 1…65535 in plain digits without leading zeros.
    case port
    case percentEncoding
    /// A byte that must be percent-encoded in a path or a query.
    case pathByte
    case fragment
}
