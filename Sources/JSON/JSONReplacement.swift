/// Changing members of a document while every other byte stays what it was.
extension JSONDocument {
    /// The document with other values for some members of its root object; all else, white space and the spelling of
    /// names included, byte for byte as it came.
    ///
    /// Each `value` is one JSON value, as `JSONWriter` makes it. Names are compared as bytes after unescaping. A name the
    /// object does not have is passed over, or with `insertingAbsent` appended after the last member. If the root is no
    /// object, nothing changes. Of two replacements with one name the first counts.
    package func replacingMembers(
        _ replacements: [(key: StaticString, value: [UInt8])], insertingAbsent: Bool = false
    ) -> [UInt8] {
        guard root.kind == .object else { return bytes }
        let names = replacements.map { replacement in replacement.key.description }
        var isPresent = [Bool](repeating: false, count: names.count)
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + replacements.reduce(0) { sum, each in sum + each.value.count })
        var copied = 0
        var lastEnd: Int?
        for member in root.members {
            let value = member.value.token
            lastEnd = Int(value.end)
            guard let match = names.firstIndex(where: { name in member.key == name }) else { continue }
            isPresent[match] = true
            output += bytes[copied..<Int(value.start)]
            output += replacements[match].value
            copied = Int(value.end)
        }
        if insertingAbsent {
            let place = lastEnd ?? Int(root.token.start) + 1
            output += bytes[copied..<place]
            copied = place
            var writer = JSONWriter(continuing: output)
            for (index, name) in names.enumerated() where !isPresent[index] {
                let isRepeated = names[..<index].contains { earlier in earlier.utf8.elementsEqual(name.utf8) }
                if isRepeated { continue }
                writer.key(name)
                writer.raw(replacements[index].value)
            }
            output = writer.bytes
        }
        output += bytes[copied...]
        return output
    }
}
