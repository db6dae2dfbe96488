import Domain
import JSON

/// The fields of one object in Mesh's format: names without case, null the same as absent, the first wrong one thrown
/// in Mesh's words.
struct MeshFields {
    let object: JSONValue

    init(_ object: JSONValue) { self.object = object }

    /// A body that is one object. Throws 400 for any other.
    static func document(_ body: [UInt8]) throws(MeshProblem) -> JSONDocument {
        let document: JSONDocument
        do {
            document = try JSONDocument.parse(body, limits: .ignoringKeyCase)
        } catch {
            throw MeshProblem(400, .badRequest, "The request body is \(error).", errorType: "badRequest")
        }
        guard document.root.kind == .object else {
            throw MeshProblem(400, .badRequest, "The request body must be a JSON object.", errorType: "badRequest")
        }
        return document
    }

    /// Nil if absent or null.
    func value(_ name: String) -> JSONValue? {
        object.member(ignoringASCIICase: name).flatMap { $0.isNull ? nil : $0 }
    }

    func string(_ name: String, _ characters: ClosedRange<Int>) throws(MeshProblem) -> [UInt8]? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw .invalid(title(name), "must be a string.") }
        if let objection = TextRule.objection(to: text, characters) { throw .invalid(title(name), "\(objection).") }
        return text
    }

    @discardableResult
    func bool(_ name: String) throws(MeshProblem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.bool else { throw .invalid(title(name), "must be true or false.") }
        return flag
    }

    @discardableResult
    func uuid(_ name: String) throws(MeshProblem) -> UUIDValue? {
        guard let value = value(name) else { return nil }
        guard let uuid = value.string.flatMap({ UUIDValue(text: $0) }) else {
            throw .invalid(title(name), "must be a UUID.")
        }
        return uuid
    }

    /// A decimal that is not negative, as a number or the same in a string, in plain digits.
    func amount(_ name: String) throws(MeshProblem) -> [UInt8]? {
        guard let value = value(name) else { return nil }
        let number = value.number ?? value.string.flatMap { try? JSONDocument.parse($0).root.number }
        // White space around a number in a string would survive the parser above.
        if let text = value.string, let number, number.raw.count != text.count {
            throw .invalid(title(name), "must be a number.")
        }
        guard let number, let plain = number.canonicalDecimalBytes else {
            throw .invalid(title(name), "must be a number.")
        }
        if plain.first == UInt8(ascii: "-") { throw .invalid(title(name), "must not be negative.") }
        return plain
    }

    /// An amount that rules can judge: one of no more digits than we count exactly.
    func decimal(_ name: String) throws(MeshProblem) -> ExactDecimal? {
        guard let plain = try amount(name) else { return nil }
        guard let decimal = ExactDecimal(text: plain) else {
            throw .invalid(title(name), "must have at most \(ExactDecimal.maximumDigits) digits.")
        }
        return decimal
    }

    /// Refuses names beyond ASCII. Ours match without the case of A to Z; whoever reads on might take more for the same
    /// letter (U+017F is an s without case), and so see another property than we judged.
    func checkNames() throws(MeshProblem) {
        for member in object.members where !member.key.bytes.allSatisfy({ $0 < 0x80 }) {
            throw MeshProblem(
                400, .badRequest, "The request body has a property name beyond ASCII.", errorType: "invalidField")
        }
    }

    func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Word.Type
    ) throws(MeshProblem) -> Word? {
        guard let value = value(name) else { return nil }
        let word = value.string.flatMap { text in Word.allCases.first { text.elementsEqual($0.rawValue.utf8) } }
        guard let word else { throw .invalid(title(name), "must be one of \(Rule<Never>.words(type)).") }
        return word
    }

    func object(_ name: String) throws(MeshProblem) -> MeshFields? {
        guard let value = value(name) else { return nil }
        guard value.kind == .object else { throw .invalid(title(name), "must be an object.") }
        return MeshFields(value)
    }

    func objects(_ name: String) throws(MeshProblem) -> [MeshFields] {
        guard let value = value(name) else { return [] }
        guard value.kind == .array, value.elements.allSatisfy({ $0.kind == .object }) else {
            throw .invalid(title(name), "must be an array of objects.")
        }
        return value.elements.map(MeshFields.init)
    }

    @discardableResult
    func strings(_ name: String, oneOf words: [String]?) throws(MeshProblem) -> [[UInt8]] {
        guard let value = value(name) else { return [] }
        guard value.kind == .array, value.elements.allSatisfy({ $0.kind == .string }) else {
            throw .invalid(title(name), "must be an array of strings.")
        }
        let strings = value.elements.compactMap(\.string)
        guard let words else { return strings }
        for string in strings where !words.contains(where: { string == Array($0.utf8) }) {
            throw .invalid(title(name), "must hold \(words.joined(separator: ", ")) only.")
        }
        return strings
    }

    /// Mesh names fields in errors with a capital: `ClientFee`.
    private func title(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }
}
