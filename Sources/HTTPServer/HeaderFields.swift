/// What a look for a name found. Repetition is for the caller to judge: choosing one in silence is how two readers come
/// to see two requests.
package enum Lookup<Value: Sendable>: Sendable {
    case absent
    case once(Value)
    case repeated
}

/// The fields of one request: its head's bytes, in one piece, and where names and values stand in them.
///
/// Names are looked up without regard to ASCII case; repeated fields stay visible.
package struct HeaderFields: Sendable {
    let bytes: [UInt8]
    let entries: [Entry]

    struct Entry: Equatable, Sendable {
        let name: ByteRange
        /// Without the blanks around it.
        let value: ByteRange
    }

    package var count: Int { entries.count }

    /// The name and value of a field, in the order of the request.
    package subscript(_ index: Int) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        (bytes[entries[index].name.range], bytes[entries[index].value.range])
    }

    /// The value of the field `name`, given in small letters, if the request has exactly one of it.
    package subscript(_ name: StaticString) -> ArraySlice<UInt8>? {
        if case .once(let value) = lookup(name) { value } else { nil }
    }

    /// Tells no field `name`, given in small letters, from one and from several.
    package func lookup(_ name: StaticString) -> Lookup<ArraySlice<UInt8>> {
        var found: Entry?
        let head = bytes.span
        for entry in entries where head.equalsIgnoringCase(entry.name, name) {
            if found != nil { return .repeated }
            found = entry
        }
        return found.map { .once(bytes[$0.value.range]) } ?? .absent
    }

    /// Every value of the field `name`, given in small letters.
    package func all(_ name: StaticString) -> [ArraySlice<UInt8>] {
        let head = bytes.span
        var values: [ArraySlice<UInt8>] = []
        for entry in entries where head.equalsIgnoringCase(entry.name, name) { values.append(bytes[entry.value.range]) }
        return values
    }
}

extension HeaderFields.Entry {
    /// Reads one field line (RFC 9112 section 5), which has no control bytes but tabs, and no line end.
    ///
    /// Refused: a line that starts with a blank (a folded line), an empty name, a blank before the colon.
    static func parse(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) throws(Rejection) -> HeaderFields.Entry {
        precondition(start >= 0 && start <= end && end <= bytes.count)
        var colon = start
        while colon < end, unsafe ByteSet.isToken(bytes[unchecked: colon]) { colon += 1 }
        if colon == start || colon == end || bytes[colon] != ASCII.colon { throw .badRequest }
        var valueStart = colon + 1
        var valueEnd = end
        while valueStart < valueEnd, isBlank(bytes[valueStart]) { valueStart += 1 }
        while valueStart < valueEnd, isBlank(bytes[valueEnd - 1]) { valueEnd -= 1 }
        return HeaderFields.Entry(name: ByteRange(start, colon), value: ByteRange(valueStart, valueEnd))
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}
