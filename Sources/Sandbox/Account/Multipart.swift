/// A multipart/form-data body, taken apart (RFC 7578, RFC 2046 section 5.1).
///
/// Strict: no preamble, no epilogue, line ends are CRLF, delimiters carry no padding, each part has exactly one
/// `Content-Disposition: form-data` with exactly one name. What is unclear is refused, never guessed.
struct Multipart: Sendable, Equatable {
    struct Part: Sendable, Equatable {
        let name: [UInt8]
        /// As the sender spells it: never to be used as a path.
        let fileName: [UInt8]?
        let contentType: [UInt8]?
        let content: ArraySlice<UInt8>
    }

    let parts: [Part]

    /// Why a body is refused.
    enum Fault: Error, Equatable {
        /// The `Content-Type` is not multipart/form-data with one good boundary.
        case contentType
        /// The body does not begin with the delimiter, or does not end with the closing one.
        case framing
        /// A part's header lines are malformed, too long, or do not name the part.
        case header
        case tooManyParts
    }

    /// Judges `body` by the boundary that `contentType` announces, in time linear in its length.
    static func parse(_ body: [UInt8], contentType: ArraySlice<UInt8>) throws(Fault) -> Multipart {
        guard let boundary = boundary(of: contentType) else { throw .contentType }
        let delimiter = [CR, LF, dash, dash] + boundary
        // The first delimiter begins with the body; its line end is what the others begin with.
        guard body.starts(with: delimiter.dropFirst(2)) else { throw .framing }
        var parts: [Part] = []
        var position = delimiter.count - 2
        while true {
            switch try ending(body, at: position) {
            case .closing: return Multipart(parts: parts)
            case .part(let start):
                guard parts.count < SandboxLimits.multipartParts else { throw .tooManyParts }
                let header = try MultipartHeader.parse(body, from: start)
                // Content may be empty: then its delimiter follows the blank line, whose end it does not share.
                guard let end = find(delimiter, in: body, from: header.end) else { throw .framing }
                parts.append(
                    Part(
                        name: header.name, fileName: header.fileName, contentType: header.contentType,
                        content: body[header.end..<end]))
                position = end + delimiter.count
            }
        }
    }

    private enum Ending {
        case closing
        /// Where the next part's header lines begin.
        case part(Int)
    }

    /// What stands after a delimiter: CRLF, or two dashes and at most one CRLF up to the end.
    private static func ending(_ body: [UInt8], at position: Int) throws(Fault) -> Ending {
        let rest = body[position...]
        if rest.starts(with: [CR, LF]) { return .part(position + 2) }
        if rest.elementsEqual([dash, dash]) || rest.elementsEqual([dash, dash, CR, LF]) { return .closing }
        throw .framing
    }

    /// The offset of the first `pattern` at or after `start`.
    static func find(_ pattern: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        let (text, wanted) = (body.span, pattern.span)
        var position = start
        while position + wanted.count <= text.count {
            var matched = 0
            while matched < wanted.count, text[position + matched] == wanted[matched] { matched += 1 }
            if matched == wanted.count { return position }
            position += 1
        }
        return nil
    }

    // MARK: Boundary

    /// The one `boundary` parameter of a multipart/form-data type, without its quotes.
    static func boundary(of contentType: ArraySlice<UInt8>) -> [UInt8]? {
        guard let value = ParameterizedValue(contentType), equalsIgnoringASCIICase(value.value, "multipart/form-data"),
            case .once(let boundary) = value.parameter("boundary"),
            SandboxLimits.multipartBoundaryBytes.contains(boundary.count), boundary.allSatisfy(isBoundaryByte),
            boundary.last != UInt8(ascii: " ")
        else { return nil }
        return boundary
    }

    /// RFC 2046 section 5.1.1, `bchars`.
    private static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "'()+_,-./:=? ".utf8.contains(byte)
        }
    }

    static let CR = UInt8(ascii: "\r")
    static let LF = UInt8(ascii: "\n")
    private static let dash = UInt8(ascii: "-")
}
