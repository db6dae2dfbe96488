/// Where pages come from: scheme, host and port, of which host and port may be wildcards in what an account allows.
struct WebOrigin: Sendable, Equatable {
    enum Port: Sendable, Equatable {
        case number(UInt16)
        case any
    }

    let isSecure: Bool
    /// In small letters; `*`, or `*.` and a name, stands for any host, or any below that name.
    let host: [UInt8]
    let port: Port

    /// Bytes of a host name: RFC 1035 section 2.3.4.
    private static let hostBytes = 1...253

    /// Reads the origin of a URL in which Mesh takes wildcards, such as `https://*.example.net/shop`; nil for none. No
    /// byte passes that could end a source or a directive of a Content-Security-Policy.
    init?(url: some Collection<UInt8>) {
        let url = url.map(lowercaseASCII)
        let (secure, plain) = (Array("https://".utf8), Array("http://".utf8))
        isSecure = url.starts(with: secure)
        guard isSecure || url.starts(with: plain) else { return nil }
        let rest = url.dropFirst(isSecure ? secure.count : plain.count)
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        let parts = authority.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let host = parts.first, WebOrigin.isHost(host), parts.count <= 2 else { return nil }
        self.host = Array(host)
        guard parts.count == 2 else {
            port = .number(isSecure ? 443 : 80)
            return
        }
        if parts[1].elementsEqual("*".utf8) {
            port = .any
        } else {
            let isDigits = parts[1].allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard isDigits, let number = UInt16(String(decoding: parts[1], as: UTF8.self)) else { return nil }
            port = .number(number)
        }
    }

    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        if host.elementsEqual("*".utf8) { return true }
        let name = host.starts(with: "*.".utf8) ? host.dropFirst(2) : host
        guard hostBytes.contains(host.count), !name.isEmpty else { return false }
        return name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
            default: false
            }
        }
    }

    /// Whether `origin`, which a browser stated, is this one or one of those it stands for.
    func allows(_ origin: WebOrigin) -> Bool {
        guard isSecure == origin.isSecure, port == .any || port == origin.port else { return false }
        if host.first != UInt8(ascii: "*") { return host == origin.host }
        let suffix = host.dropFirst()
        return origin.host.count > suffix.count && origin.host.suffix(suffix.count).elementsEqual(suffix)
    }

    /// As a source of a Content-Security-Policy.
    var source: [UInt8] {
        let start = Array((isSecure ? "https://" : "http://").utf8) + host
        switch port {
        case .any: return start + ":*".utf8
        case .number(let number): return number == (isSecure ? 443 : 80) ? start : start + ":\(number)".utf8
        }
    }
}

/// Which pages may frame the Link page of a token: the callback URLs of its sub-client, or else of its account.
struct AllowedOrigins: Sendable {
    /// Nil where nothing was listed: then every page may.
    private let listed: [WebOrigin]?

    /// An entry that names no origin allows none.
    init(callbackUrls: [[UInt8]]) {
        listed = callbackUrls.isEmpty ? nil : callbackUrls.compactMap { WebOrigin(url: $0) }
    }

    /// Whether a page that states `origin` may; `own` is the stand-in's, whose payment page may always.
    func allows(_ origin: [UInt8], own: WebOrigin?) -> Bool {
        guard let listed else { return true }
        guard let origin = WebOrigin(url: origin) else { return false }
        return origin == own || listed.contains { $0.allows(origin) }
    }

    /// The value of `frame-ancestors`.
    var frameAncestors: [UInt8] {
        guard let listed else { return Array("*".utf8) }
        return listed.reduce(into: Array("'self'".utf8)) { $0 += [UInt8(ascii: " ")] + $1.source }
    }
}
