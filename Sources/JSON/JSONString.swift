/// A member's name, or the text of a string value: a view, compared by its bytes after unescaping.
package struct JSONString: Sendable {
    let storage: Storage
    let index: Int

    private var token: Token { storage.tape[index] }

    /// The exact bytes, with quotes and escapes.
    package var raw: ArraySlice<UInt8> { storage.bytes[Int(token.start)..<Int(token.end)] }

    /// `raw` without the quotes.
    private var inside: ArraySlice<UInt8> { storage.bytes[Int(token.start) + 1..<Int(token.end) - 1] }

    /// The UTF-8 bytes the string stands for: unescaped, valid, without NUL.
    package var bytes: [UInt8] {
        let token = token
        guard token.isMarked else { return Array(inside) }
        var unescaped: [UInt8] = []
        unescaped.reserveCapacity(Int(token.end - token.start))
        var walk = UnescapedBytes(token)
        let document = storage.bytes
        let bytes = document.span
        while let byte = walk.next(bytes) { unescaped.append(byte) }
        return unescaped
    }

    /// For people and for libraries; not for comparing.
    package var text: String {
        token.isMarked
            ? String(decoding: bytes, as: UTF8.self) : String(decoding: inside, as: UTF8.self)
    }

    /// Whether the bytes are those of `name`.
    package static func == (string: JSONString, name: String) -> Bool { string.equals(name, ignoringCase: false) }
    package static func == (string: JSONString, name: StaticString) -> Bool { string == name.description }
    package static func != (string: JSONString, name: String) -> Bool { !(string == name) }

    /// Lets a name be the subject of a `switch` over literals.
    package static func ~= (name: String, string: JSONString) -> Bool { string == name }

    /// Whether the bytes are those of `name`, but for the case of A to Z.
    package func equals(ignoringASCIICase name: String) -> Bool { equals(name, ignoringCase: true) }

    private func equals(_ name: String, ignoringCase: Bool) -> Bool {
        let document = storage.bytes
        return token.spells(name.utf8.span, ignoringCase: ignoringCase, in: document.span)
    }
}
