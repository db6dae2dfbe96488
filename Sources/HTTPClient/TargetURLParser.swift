import Runtime

/// Reads a `TargetURL` from bytes, left to right, once.
struct TargetURLParser {
    struct Parts {
        let scheme: TargetURL.Scheme
        let host: TargetURL.Host
        let port: UInt16
        let pathAndQuery: [UInt8]
    }

    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func parse(_ options: TargetURL.Options) throws(TargetURLError) -> Parts {
        guard bytes.count <= Limits.urlBytes else { throw .tooLong }
        for byte in bytes where !(0x21...0x7e).contains(byte) || byte == UInt8(ascii: "\\") { throw .forbiddenByte }
        let scheme = try takeScheme()
        let authorityEnd = bytes[position...].firstIndex { "/?#".utf8.contains($0) } ?? bytes.endIndex
        let authority = bytes[position..<authorityEnd]
        position = authorityEnd
        if authority.contains(UInt8(ascii: "@")) { throw .userInformation }
        let (hostText, portText) = try TargetURLParser.split(authority)
        let host = try HostGrammar.parse(hostText, options)
        let port = try TargetURLParser.port(portText) ?? scheme.defaultPort
        return Parts(scheme: scheme, host: host, port: port, pathAndQuery: try takePathAndQuery())
    }

    private mutating func takeScheme() throws(TargetURLError) -> TargetURL.Scheme {
        if takeIgnoringCase("https://") { return .https }
        if takeIgnoringCase("http://") { return .http }
        throw .scheme
    }

    private mutating func takeIgnoringCase(_ prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        for index in 0..<count {
            guard lowerCased(bytes[index]) == (unsafe prefix.utf8Start[index]) else { return false }
        }
        position = count
        return true
    }

    /// The host and the text after its colon, which is nil when there is no colon.
    private static func split(
        _ authority: ArraySlice<UInt8>
    ) throws(TargetURLError) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?) {
        let colon = UInt8(ascii: ":")
        if authority.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { throw .malformedLiteral }
            let rest = authority[(end + 1)...]
            if rest.isEmpty { return (authority, nil) }
            guard rest.first == colon else { throw .malformedLiteral }
            return (authority[...end], rest.dropFirst())
        }
        guard let index = authority.firstIndex(of: colon) else { return (authority, nil) }
        return (authority[..<index], authority[(index + 1)...])
    }

    private static func port(_ text: ArraySlice<UInt8>?) throws(TargetURLError) -> UInt16? {
        guard let text else { return nil }
        guard (1...5).contains(text.count), text.first != UInt8(ascii: "0") else { throw .port }
        var value: UInt32 = 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { throw .port }
            value = value * 10 + UInt32(byte - 0x30)
        }
        guard let port = UInt16(exactly: value) else { throw .port }
        return port
    }

    /// RFC 3986 section 3.3 and 3.4: `pchar`, `/`, and in the query `?`.
    private mutating func takePathAndQuery() throws(TargetURLError) -> [UInt8] {
        let rest = bytes[position...]
        var index = rest.startIndex
        while index < rest.endIndex {
            let byte = rest[index]
            switch byte {
            case UInt8(ascii: "#"): throw .fragment
            case UInt8(ascii: "%"):
                guard index + 2 < rest.endIndex, isHexDigit(rest[index + 1]), isHexDigit(rest[index + 2]) else {
                    throw .percentEncoding
                }
                index += 2
            case UInt8(ascii: "?"): break
            default:
                guard TargetURLParser.isPathByte(byte) else { throw .pathByte }
            }
            index += 1
        }
        position = rest.endIndex
        // An empty path is sent as `/` (RFC 9112 section 3.2.1), also in front of a query.
        return rest.first == UInt8(ascii: "/") ? Array(rest) : [UInt8(ascii: "/")] + rest
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "-._~!$&'()*+,;=:@/".utf8.contains(byte)
    }
}

func lowerCased(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || (0x30...0x39).contains(byte) }

func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }

func isHexDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20) }
