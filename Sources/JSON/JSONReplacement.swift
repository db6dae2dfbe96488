/// Changing members of a document while every other byte stays what it was.
extension JSONDocument {
    /// The document with other values for some members of its root object; all else, white space and the spelling of
    /// names included, byte for byte as it came.
    ///
    /// Each `value` is one JSON value, as `JSONWriter` makes it. Names are compared as bytes after unescaping. A name
    /// the object does not have is passed over, or with `insertingAbsent` appended after the last member. If the root
    /// is no object, nothing changes. Of two replacements with one name the first counts.
    package func replacingMembers(
        _ replacements: [(key: StaticString, value: [UInt8])], insertingAbsent: Bool = false
    ) -> [UInt8] {
        guard root.kind == .object else { return bytes }
        var edits: [Edit] = []
        var absent: [(name: String, value: [UInt8])] = []
        for (key, value) in replacements {
            let name = key.description
            if let old = root[name] {
                // A second replacement of the same member finds the place taken.
                let isTaken = edits.contains { edit in edit.start == old.offset }
                if !isTaken { edits.append(Edit(start: old.offset, end: Int(old.token.end), value: value)) }
            } else if insertingAbsent, !absent.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
                absent.append((name, value))
            }
        }
        edits.sort { one, other in one.start < other.start }
        if !absent.isEmpty { edits.append(insertion(of: absent)) }
        return applying(edits)
    }

    /// Bytes `start..<end` of the document give way to `value`.
    private struct Edit {
        let start: Int
        let end: Int
        let value: [UInt8]
    }

    /// New members go right after the last one, or after the opening brace: after every other edit.
    private func insertion(of members: [(name: String, value: [UInt8])]) -> Edit {
        var last: JSONValue?
        for member in root.members { last = member.value }
        let place = last.map { value in Int(value.token.end) } ?? root.offset + 1
        var writer = JSONWriter(continuingAfterMember: last != nil)
        for member in members {
            writer.key(member.name)
            writer.raw(member.value)
        }
        return Edit(start: place, end: place, value: writer.bytes)
    }

    private func applying(_ edits: [Edit]) -> [UInt8] {
        let bytes = bytes
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + edits.reduce(0) { sum, edit in sum + edit.value.count })
        var copied = 0
        for edit in edits {
            output += bytes[copied..<edit.start]
            output += edit.value
            copied = edit.end
        }
        output += bytes[copied...]
        return output
    }
}
