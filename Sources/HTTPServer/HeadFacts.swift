/// What the fields of a head say about the message itself: its host, where its body ends, what becomes of the
/// connection.
struct HeadFacts: Equatable {
    /// How the end of the body is found (RFC 9112 section 6.3).
    enum Framing: Equatable, Sendable {
        case none
        case length(Int)
        case chunked
    }

    private(set) var host: ByteRange?
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var expectsContinue = false
    private(set) var wantsClose = false
    private var hasUnknownExpectation = false

    /// Takes one field in. What could be read in two ways ends the request.
    mutating func note(_ entry: HeaderFields.Entry, in bytes: Span<UInt8>) throws(Rejection) {
        switch entry.name.count {
        case 4 where bytes.equalsIgnoringCase(entry.name, "host"):
            if host != nil || !HostField.isValid(bytes, entry.value) { throw .badRequest }
            host = entry.value
        case 6 where bytes.equalsIgnoringCase(entry.name, "expect"):
            if expectsContinue || !bytes.equalsIgnoringCase(entry.value, "100-continue") {
                hasUnknownExpectation = true
            }
            expectsContinue = true
        case 10 where bytes.equalsIgnoringCase(entry.name, "connection"):
            if HeadFacts.listsClose(bytes, entry.value) { wantsClose = true }
        case 14 where bytes.equalsIgnoringCase(entry.name, "content-length"):
            guard contentLength == nil, !isChunked, let length = HeadFacts.decimal(bytes, entry.value) else {
                throw .badRequest
            }
            contentLength = length
        case 17 where bytes.equalsIgnoringCase(entry.name, "transfer-encoding"):
            // Byte for byte: every other spelling of `chunked` is there because some proxy does not see it.
            guard !isChunked, contentLength == nil, bytes.equals(entry.value, "chunked") else { throw .badRequest }
            isChunked = true
        default: break
        }
    }

    /// Judges the head as a whole, at its end. HTTP/1.0 knew neither hosts nor chunks: the former may be missing, and
    /// where the latter are, some proxy may have seen another end (RFC 9112 section 6.1).
    func finish(_ version: RequestLine.Version) throws(Rejection) -> Framing {
        switch version {
        case .http10: if isChunked { throw .badRequest }
        case .http11: if host == nil { throw .badRequest }
        }
        if hasUnknownExpectation { throw .expectationFailed }
        if isChunked { return .chunked }
        guard let contentLength, contentLength > 0 else { return .none }
        return .length(contentLength)
    }

    /// `1*DIGIT` with an overflow check, and nothing else; nil otherwise.
    static func decimal(_ bytes: Span<UInt8>, _ range: ByteRange) -> Int? {
        if range.isEmpty { return nil }
        var value = 0
        for index in range.range {
            if !ASCII.isDigit(bytes[index]) { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Int(bytes[index] - ASCII.zero))
            if overflows || overflowsToo { return nil }
            value = sum
        }
        return value
    }

    /// Whether the comma-separated list at `range` has the element `close`.
    private static func listsClose(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        var start = Int(range.start)
        let end = Int(range.end)
        while start < end {
            let comma = bytes.firstIndex(of: ASCII.comma, from: start, to: end) ?? end
            var first = start
            var last = comma
            while first < last, bytes[first] == ASCII.space || bytes[first] == ASCII.tab { first += 1 }
            while first < last, bytes[last - 1] == ASCII.space || bytes[last - 1] == ASCII.tab { last -= 1 }
            if bytes.equalsIgnoringCase(ByteRange(first, last), "close") { return true }
            start = comma + 1
        }
        return false
    }
}
