/// What a request asks for (RFC 9112 section 3.2), checked so that it can be understood in one way only.
///
/// The path stays as it was sent: encoded. It is refused (400) where two readers could see two paths: dot segments,
/// empty segments, encoded slashes, backslashes and control bytes, percent signs that encode nothing, bytes that are
/// not UTF-8 once decoded, fragments, and any byte RFC 3986 does not allow there.
struct RequestTarget: Equatable {
    enum Form: Equatable { case origin, absolute, asterisk }

    let form: Form
    /// Empty for `*`, and for an absolute form without a path, which means `/`.
    let path: ByteRange
    /// Without its question mark; nil where there is none.
    let query: ByteRange?
    /// Host and port of an absolute form, which beat the `Host` field.
    let authority: ByteRange?

    static func parse(
        _ line: Span<UInt8>, _ range: ByteRange, _ method: Method
    ) throws(Rejection) -> RequestTarget {
        let start = Int(range.start)
        if line[start] == ASCII.slash {
            let (path, query) = try pathAndQuery(line, start, Int(range.end))
            return RequestTarget(form: .origin, path: path, query: query, authority: nil)
        }
        if line.equals(range, "*") {
            if method != .options { throw .badRequest }
            return RequestTarget(form: .asterisk, path: .empty, query: nil, authority: nil)
        }
        return try absolute(line, range, method)
    }

    private static func absolute(
        _ line: Span<UInt8>, _ range: ByteRange, _ method: Method
    ) throws(Rejection) -> RequestTarget {
        let start = Int(range.start)
        let end = Int(range.end)
        let schemeLength: Int
        if range.count > 7, line.equalsIgnoringCase(ByteRange(start, start + 7), "http://") {
            schemeLength = 7
        } else if range.count > 8, line.equalsIgnoringCase(ByteRange(start, start + 8), "https://") {
            schemeLength = 8
        } else {
            throw .badRequest
        }
        var authorityEnd = start + schemeLength
        while authorityEnd < end, line[authorityEnd] != ASCII.slash, line[authorityEnd] != ASCII.question {
            authorityEnd += 1
        }
        let authority = ByteRange(start + schemeLength, authorityEnd)
        if !HostField.isValid(line, authority) { throw .badRequest }
        // RFC 9112 section 3.2.4: OPTIONS on an absolute form without path and query means `*`.
        if authorityEnd == end, method == .options {
            return RequestTarget(form: .asterisk, path: .empty, query: nil, authority: authority)
        }
        let (path, query) = try pathAndQuery(line, authorityEnd, end)
        return RequestTarget(form: .absolute, path: path, query: query, authority: authority)
    }

    private static func pathAndQuery(
        _ line: Span<UInt8>, _ start: Int, _ end: Int
    ) throws(Rejection) -> (ByteRange, ByteRange?) {
        let mark = line.firstIndex(of: ASCII.question, from: start, to: end)
        let path = ByteRange(start, mark ?? end)
        guard PathRules.allow(line, path) else { throw .badRequest }
        guard let mark else { return (path, nil) }
        let query = ByteRange(mark + 1, end)
        guard PathRules.allowQuery(line, query) else { throw .badRequest }
        return (path, query)
    }
}
