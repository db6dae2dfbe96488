/// A member's name, or the text of a string value: a view, compared by its bytes after unescaping.
package struct JSONString: Sendable {
    let storage: Storage
    let index: Int

    private var token: Token { storage.tape[index] }

    /// The exact bytes, with quotes and escapes.
    package var raw: ArraySlice<UInt8> { storage.bytes[Int(token.start)..<Int(token.end)] }

    /// The UTF-8 bytes the string stands for: unescaped, valid, without NUL.
    package var bytes: [UInt8] {
        let token = token
        guard token.isMarked else { return Array(raw.dropFirst().dropLast()) }
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
            ? String(decoding: bytes, as: UTF8.self) : String(decoding: raw.dropFirst().dropLast(), as: UTF8.self)
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
        let token = token
        let expected = name.utf8.span
        let length = Int(token.end - token.start) - 2
        guard token.isMarked ? length > expected.count : length == expected.count else { return false }
        var walk = UnescapedBytes(token)
        let document = storage.bytes
        let bytes = document.span
        for place in 0..<expected.count {
            guard let byte = walk.next(bytes) else { return false }
            let other = expected[place]
            guard byte == other || ignoringCase && ASCII.lowercase(byte) == ASCII.lowercase(other) else { return false }
        }
        return walk.next(bytes) == nil
    }
}
