/// A web origin that may show Mesh's Link (what Mesh calls an allowed Link URL): `https://shop.example`, with a port if
/// it is not 443, or `https://*.shop.example` for every host under a domain.
///
/// `http://localhost` and `http://127.0.0.1`, with or without a port, are for developing: they hold in the sandbox
/// alone.
package struct WebOrigin: Hashable, Sendable {
    /// In canonical form: small letters, no standard port.
    package let text: [UInt8]
    package let isForSandboxAlone: Bool

    package static let localhost = WebOrigin(canonical: [UInt8]("http://localhost".utf8), isForSandboxAlone: true)

    private init(canonical: [UInt8], isForSandboxAlone: Bool) {
        text = canonical
        self.isForSandboxAlone = isForSandboxAlone
    }

    package init?(text: [UInt8]) {
        let lower = text.map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
        for (scheme, standardPort) in [(Array("https://".utf8), "443"), (Array("http://".utf8), "80")] {
            guard lower.starts(with: scheme) else { continue }
            let authority = lower.dropFirst(scheme.count)
            let host = authority.prefix { $0 != UInt8(ascii: ":") }
            let port = authority.dropFirst(host.count)
            let isLocal = host.elementsEqual("localhost".utf8) || host.elementsEqual("127.0.0.1".utf8)
            let isSecure = standardPort == "443"
            guard isSecure ? WebOrigin.isPublic(host) : isLocal, port.isEmpty || WebOrigin.isPort(port.dropFirst())
            else { return nil }
            let isStandard = port.dropFirst().elementsEqual(standardPort.utf8)
            self.init(canonical: scheme + host + (isStandard ? [] : port), isForSandboxAlone: !isSecure)
            return
        }
        return nil
    }

    /// A name of at least two labels, the last of which is no number; behind a leading `*.` as well.
    private static func isPublic(_ host: ArraySlice<UInt8>) -> Bool {
        let name = host.starts(with: "*.".utf8) ? host.dropFirst(2) : host
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard host.count <= 253, labels.count >= 2, labels.allSatisfy(isLabel), let last = labels.last else {
            return false
        }
        return !last.allSatisfy(isDigit)
    }

    /// RFC 1123 section 2.1: letters, digits and inner hyphens.
    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard (1...63).contains(label.count), label.first != hyphen, label.last != hyphen else { return false }
        return label.allSatisfy { $0 &- UInt8(ascii: "a") < 26 || isDigit($0) || $0 == hyphen }
    }

    private static func isPort(_ digits: ArraySlice<UInt8>) -> Bool {
        guard (1...5).contains(digits.count), digits.allSatisfy(isDigit), digits.first != UInt8(ascii: "0") else {
            return false
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
