/// The first line of a request (RFC 9112 section 3): `method SP target SP version`, with exactly these two spaces.
struct RequestLine {
    /// HTTP/1.0 is what proxies and their health checks say until they are told otherwise.
    enum Version {
        case http10
        case http11
    }

    let version: Version
    let method: Method
    let target: RequestTarget

    /// Reads `line`, which is the start of the head and has no control bytes and no line end.
    ///
    /// The verdicts come in this order, so that a client of another protocol learns what is wrong first: shape (400),
    /// version (505), method (501), target (400).
    static func parse(_ line: Span<UInt8>) throws(Rejection) -> RequestLine {
        guard let methodEnd = line.firstIndex(of: ASCII.space, from: 0, to: line.count), methodEnd > 0,
            let targetEnd = line.firstIndex(of: ASCII.space, from: methodEnd + 1, to: line.count),
            targetEnd > methodEnd + 1
        else { throw .badRequest }
        for index in 0..<methodEnd where !ByteSet.token.contains(line[index]) { throw .badRequest }
        let version = try readVersion(line, ByteRange(targetEnd + 1, line.count))
        guard let method = Method(line, ByteRange(0, methodEnd)) else { throw .unknownMethod }
        let target = try RequestTarget.parse(line, ByteRange(methodEnd + 1, targetEnd), method)
        return RequestLine(version: version, method: method, target: target)
    }

    private static func readVersion(_ line: Span<UInt8>, _ range: ByteRange) throws(Rejection) -> Version {
        if line.equals(range, "HTTP/1.1") { return .http11 }
        if line.equals(range, "HTTP/1.0") { return .http10 }
        let start = Int(range.start)
        let isVersion =
            range.count == 8 && line.equals(ByteRange(start, start + 5), "HTTP/") && ASCII.isDigit(line[start + 5])
            && line[start + 6] == ASCII.dot && ASCII.isDigit(line[start + 7])
        throw isVersion ? .unsupportedVersion : .badRequest
    }
}
