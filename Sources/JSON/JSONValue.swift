/// One value of a document: a view, which keeps the document alive.
package struct JSONValue: Sendable {
    let storage: Storage
    let index: Int

    /// What a value can be (RFC 8259 section 3).
    package enum Kind: UInt8, Sendable { case object, array, string, number, bool, null }

    var token: Token { storage.tape[index] }

    package var kind: Kind { token.kind }
    package var isNull: Bool { kind == .null }

    /// The exact bytes of the value, without the white space around it.
    package var raw: ArraySlice<UInt8> { storage.bytes[Int(token.start)..<Int(token.end)] }

    /// The offset of the value's first byte in the document.
    package var offset: Int { Int(token.start) }

    /// The member of an object whose name is `key`, byte for byte; nil if there is none, or this is no object.
    package subscript(_ key: String) -> JSONValue? {
        member(named: key, ignoringCase: false)
    }

    package subscript(_ key: StaticString) -> JSONValue? { self[key.description] }

    /// The first member of an object whose name is `key` but for the case of A to Z.
    ///
    /// Parse with `JSONLimits.ignoringKeyCase` first, so that there is no second one.
    package func member(ignoringASCIICase key: String) -> JSONValue? {
        member(named: key, ignoringCase: true)
    }

    package func member(ignoringASCIICase key: StaticString) -> JSONValue? {
        member(ignoringASCIICase: key.description)
    }

    /// The members in the order of the document; none if this is no object.
    package var members: JSONMembers { JSONMembers(self) }

    /// The elements of an array in order; none if this is no array.
    package var elements: JSONElements { JSONElements(self) }

    /// The UTF-8 bytes a string stands for: unescaped, valid, without NUL. Nil if this is no string.
    package var string: [UInt8]? { kind == .string ? JSONString(storage: storage, index: index).bytes : nil }

    /// As `string`, for people and for libraries; not for comparing (`String` takes U+212A for a K).
    package var text: String? { kind == .string ? JSONString(storage: storage, index: index).text : nil }

    package var bool: Bool? { kind == .bool ? token.end - token.start == 4 : nil }

    package var number: JSONNumber? { kind == .number ? JSONNumber(raw: raw, isInteger: token.isMarked) : nil }

    /// A number without fraction or exponent that fits; nil otherwise.
    package var integer: Int64? { number?.integer }

    private func member(named name: String, ignoringCase: Bool) -> JSONValue? {
        let (tape, document) = (storage.tape, storage.bytes)
        let (tokens, bytes, wanted) = (tape.span, document.span, name.utf8.span)
        guard tokens[index].kind == .object else { return nil }
        let end = Int(tokens[index].next)
        var key = index + 1
        while key < end {
            if tokens[key].maySpell(wanted.count), tokens[key].spells(wanted, ignoringCase: ignoringCase, in: bytes) {
                return JSONValue(storage: storage, index: key + 1)
            }
            key = Int(tokens[key + 1].next)
        }
        return nil
    }
}
