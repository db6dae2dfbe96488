// Compiled together with the module's sources, so there is nothing to import: `run`, beside it, does so.

/// One run of libFuzzer: whatever the bytes, the parser gives a verdict, and what it accepts keeps its promises.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let document: JSONDocument
    do throws(JSONError) {
        document = try JSONDocument.parse(bytes)
    } catch {
        precondition((0...bytes.count).contains(error.offset), "the offset lies in the document")
        precondition(error.description.utf8.count <= 80, "an error never grows with its input")
        return 0
    }
    precondition(String(validating: bytes, as: UTF8.self) != nil, "accepted text is valid UTF-8")
    precondition(!bytes.contains(0), "accepted text has no NUL")
    let first = rewritten(document.root)
    let second = rewritten(reparsed(first).root)
    precondition(first == second, "what is written reads back as the same")
    checkReplacement(document)
    return 0
}

private func reparsed(_ bytes: [UInt8], _ limits: JSONLimits = JSONLimits()) -> JSONDocument {
    do throws(JSONError) {
        return try JSONDocument.parse(bytes, limits: limits)
    } catch {
        fatalError("our own output was refused: \(error)")
    }
}

/// The value without white space and with each string in the writer's spelling.
private func rewritten(_ value: JSONValue) -> [UInt8] {
    var writer = JSONWriter()
    write(value, to: &writer)
    return writer.bytes
}

private func write(_ value: JSONValue, to writer: inout JSONWriter) {
    switch value.kind {
    case .object:
        writer.beginObject()
        for member in value.members {
            let name = member.key.text
            precondition(!member.key.bytes.contains(0), "no string holds a NUL")
            precondition(value[name]?.offset == member.value.offset, "a member is found by its name")
            writer.key(member.key.bytes)
            write(member.value, to: &writer)
        }
        writer.endObject()
    case .array:
        writer.beginArray()
        for element in value.elements { write(element, to: &writer) }
        writer.endArray()
    case .string:
        guard let string = value.string, let text = value.text else { fatalError("a string has no text") }
        precondition(text.utf8.elementsEqual(string), "text and bytes are one")
        writer.string(string)
    case .number:
        guard let number = value.number else { fatalError("a number has no number") }
        if let integer = number.integer { precondition(number.canonicalDecimal == String(integer), "spellings agree") }
        if let plain = number.canonicalDecimalBytes {
            precondition(plain.count <= 130, "a plain decimal is bounded")
            // With its sign and point it may be two bytes longer than a number of 128 bytes that is read.
            let again = reparsed(plain, JSONLimits(numberBytes: 130)).root.number
            precondition(again?.canonicalDecimalBytes == plain, "a plain decimal is final")
        }
        writer.raw(value.raw)
    case .bool: writer.bool(value.bool == true)
    case .null: writer.null()
    }
}

/// Replacing values, then putting the old ones back, gives the document byte for byte.
private func checkReplacement(_ document: JSONDocument) {
    let names: [StaticString] = ["Id", "a", ""]
    let marked = document.replacingMembers(names.map { name in (name, Array("{\"new\":[1]}".utf8)) })
    let changed = reparsed(marked)
    let old = names.compactMap { name in document.root[name].map { value in (name, Array(value.raw)) } }
    precondition(changed.replacingMembers(old) == document.bytes, "every other byte stays")
    let grown = reparsed(document.replacingMembers(names.map { name in (name, [0x30]) }, insertingAbsent: true))
    for name in names where document.root.kind == .object {
        precondition(grown.root[name]?.integer == 0, "an absent member is there afterwards")
    }
}
