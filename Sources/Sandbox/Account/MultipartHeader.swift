/// The header lines of one part of a multipart body.
struct MultipartHeader {
    let name: [UInt8]
    let fileName: [UInt8]?
    let contentType: [UInt8]?
    /// Where the part's content begins.
    let end: Int

    /// Reads lines that end with CRLF up to the empty one.
    static func parse(_ body: [UInt8], from start: Int) throws(Multipart.Fault) -> MultipartHeader {
        var disposition: ParameterizedValue?
        var contentType: [UInt8]?
        var position = start
        while true {
            guard let line = line(body, from: position, limit: start + SandboxLimits.multipartHeaderBytes) else {
                throw .header
            }
            position = line.endIndex + 2
            if line.isEmpty { break }
            let (name, value) = try field(line)
            if equalsIgnoringASCIICase(name, "content-disposition") {
                guard disposition == nil, let parsed = ParameterizedValue(value) else { throw .header }
                disposition = parsed
            } else if equalsIgnoringASCIICase(name, "content-type") {
                guard contentType == nil else { throw .header }
                contentType = Array(value)
            } else if equalsIgnoringASCIICase(name, "content-transfer-encoding") {
                // RFC 7578 section 4.7: senders do not; whoever did would mean other bytes than these.
                throw .header
            }
        }
        guard let disposition, equalsIgnoringASCIICase(disposition.value, "form-data"),
            case .once(let name) = disposition.parameter("name"), !name.isEmpty
        else { throw .header }
        let fileName: [UInt8]?
        switch disposition.parameter("filename") {
        case .absent: fileName = nil
        case .once(let name): fileName = name
        case .repeated: throw .header
        }
        return MultipartHeader(name: name, fileName: fileName, contentType: contentType, end: position)
    }

    /// The line at `start` without its CRLF; nil if none ends before `limit`, or a bare CR or LF stands in it.
    private static func line(_ body: [UInt8], from start: Int, limit: Int) -> ArraySlice<UInt8>? {
        var end = start
        while end + 1 < body.count, end < limit {
            if body[end] == Multipart.CR { return body[end + 1] == Multipart.LF ? body[start..<end] : nil }
            if body[end] == Multipart.LF { return nil }
            end += 1
        }
        return nil
    }

    /// A token, a colon, and a value without control bytes; folded lines have no name and are refused.
    private static func field(
        _ line: ArraySlice<UInt8>
    ) throws(Multipart.Fault) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(ParameterizedValue.isTokenByte),
            line[(colon + 1)...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
        else { throw .header }
        return (line[..<colon], ParameterizedValue.trimmed(line[(colon + 1)...]))
    }
}

/// A header value with parameters: `form-data; name="logoFile"; filename="a.png"` (RFC 9110 section 5.6.6).
struct ParameterizedValue {
    let value: [UInt8]
    private let parameters: [(name: [UInt8], value: [UInt8])]

    enum Parameter: Equatable {
        case absent
        case once([UInt8])
        case repeated
    }

    /// Nil for anything that is not a value and `name=token` or `name="text"` after semicolons.
    init?(_ text: ArraySlice<UInt8>) {
        let value = text.prefix { $0 != UInt8(ascii: ";") }
        self.value = Array(ParameterizedValue.trimmed(value))
        guard !self.value.isEmpty,
            self.value.allSatisfy({ ParameterizedValue.isTokenByte($0) || $0 == UInt8(ascii: "/") })
        else { return nil }
        var parameters: [(name: [UInt8], value: [UInt8])] = []
        var rest = text[value.endIndex...]
        while !rest.isEmpty {
            rest = ParameterizedValue.withoutBlanks(rest.dropFirst())
            let name = rest.prefix(while: ParameterizedValue.isTokenByte)
            rest = rest[name.endIndex...]
            guard !name.isEmpty, rest.first == UInt8(ascii: "="),
                let (value, end) = ParameterizedValue.parameterValue(rest.dropFirst())
            else { return nil }
            parameters.append((Array(name), value))
            rest = ParameterizedValue.withoutBlanks(rest[end...])
            guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return nil }
        }
        self.parameters = parameters
    }

    func parameter(_ name: String) -> Parameter {
        let found = parameters.filter { equalsIgnoringASCIICase($0.name, name) }
        switch found.count {
        case 0: return .absent
        case 1: return .once(found[0].value)
        default: return .repeated
        }
    }

    /// A token or a quoted string, and where it ends.
    private static func parameterValue(_ text: ArraySlice<UInt8>) -> (value: [UInt8], end: Int)? {
        guard text.first == UInt8(ascii: "\"") else {
            let token = text.prefix(while: isTokenByte)
            return token.isEmpty ? nil : (Array(token), token.endIndex)
        }
        var value: [UInt8] = []
        var position = text.startIndex + 1
        while position < text.endIndex {
            switch text[position] {
            case UInt8(ascii: "\""): return (value, position + 1)
            case UInt8(ascii: "\\"):
                position += 1
                guard position < text.endIndex else { return nil }
                value.append(text[position])
            default: value.append(text[position])
            }
            position += 1
        }
        return nil
    }

    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = withoutBlanks(text)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    private static func withoutBlanks(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> { text.drop(while: isBlank) }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// RFC 9110 section 5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
