/// Bytes of anybody's as text of HTML, good in an element and in a value between double quotes.
enum HTMLEscape {
    private static let replacement = Array("\u{FFFD}".utf8)

    /// What is not UTF-8 becomes U+FFFD, as do control characters but tab and line feed, and those that turn the
    /// direction of what follows them: nobody's name may rearrange the words beside it.
    static func append(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        var decoder = UTF8()
        var rest = text.makeIterator()
        while true {
            switch decoder.decode(&rest) {
            case .scalarValue(let scalar): append(scalar, to: &bytes)
            case .error: bytes += replacement
            case .emptyInput: return
            }
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        switch scalar {
        case "&": bytes += "&amp;".utf8
        case "<": bytes += "&lt;".utf8
        case ">": bytes += "&gt;".utf8
        case "\"": bytes += "&quot;".utf8
        case "'": bytes += "&#39;".utf8
        case "\t", "\n": bytes.append(UInt8(scalar.value))
        case _ where isHarmful(scalar): bytes += replacement
        default: bytes += UTF8.encode(scalar).map { Array($0) } ?? replacement
        }
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}
