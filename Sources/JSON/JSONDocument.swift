/// A JSON text that passed: its bytes as they came, and a tape that says what stands where.
///
/// Never changed after parsing, shared by all the values taken from it, cheap to copy.
package struct JSONDocument: Sendable {
    let storage: Storage

    /// Judges `bytes` by RFC 8259 to the letter, in time linear in their number.
    ///
    /// Stricter where the RFC leaves a choice: no byte order mark, no invalid UTF-8, no `\u0000`, no lone surrogates,
    /// no two members of one name (compared as bytes after unescaping), and nothing beyond `limits`.
    ///
    /// Throws `JSONError` with the offset of the first byte that cannot be accepted.
    package static func parse(
        _ bytes: [UInt8], limits: JSONLimits = .standard
    ) throws(JSONError) -> JSONDocument {
        var scanner = Scanner(limits: limits)
        try scanner.scan(bytes.span)
        return JSONDocument(storage: Storage(bytes: bytes, tape: scanner.tape))
    }

    /// The whole text, white space around the value included.
    package var bytes: [UInt8] { storage.bytes }

    package var root: JSONValue { JSONValue(storage: storage, index: 0) }
}
