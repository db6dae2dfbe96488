import HTTPServer

/// The content types Mesh reads as JSON: `application/json`, `text/json` and `application/*+json`, in UTF-8.
enum MediaType {
    /// Whether the request's only `Content-Type` is one of them.
    static func isJSON(_ headers: HeaderFields) -> Bool { headers["content-type"].map(isJSON) ?? false }

    static func isJSON(_ value: ArraySlice<UInt8>) -> Bool {
        var parts = value.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(trimmed)
        let type = parts.removeFirst()
        let isKnown =
            equalsIgnoringASCIICase(type, "application/json") || equalsIgnoringASCIICase(type, "text/json")
            || isStructured(type)
        return isKnown && parts.allSatisfy(isAcceptable)
    }

    /// `application/` something `+json`.
    private static func isStructured(_ type: ArraySlice<UInt8>) -> Bool {
        let (prefix, suffix) = ("application/", "+json")
        return type.count > prefix.utf8.count + suffix.utf8.count
            && equalsIgnoringASCIICase(type.prefix(prefix.utf8.count), prefix)
            && equalsIgnoringASCIICase(type.suffix(suffix.utf8.count), suffix)
            && type.dropFirst(prefix.utf8.count).allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
    }

    /// A charset other than UTF-8 would make other text of the bytes; other parameters say nothing to us.
    private static func isAcceptable(_ parameter: ArraySlice<UInt8>) -> Bool {
        let name = "charset="
        guard equalsIgnoringASCIICase(parameter.prefix(name.utf8.count), name) else { return true }
        let charset = parameter.dropFirst(name.utf8.count)
        return equalsIgnoringASCIICase(charset, "utf-8") || equalsIgnoringASCIICase(charset, "\"utf-8\"")
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }
}
