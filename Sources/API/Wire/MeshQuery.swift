import Domain
import HTTPServer
import JSON

/// The query of a request in Mesh's format: names match without case, an empty value is the same as none, and a name
/// that is not asked for is passed over as Mesh does. The first wrong value is thrown in Mesh's words. Names are given
/// as Mesh spells them.
struct MeshQuery {
    private let items: QueryItems

    init(_ call: Call) { self.init(call.head.query ?? []) }

    init(_ query: ArraySlice<UInt8>) { items = QueryItems(query) }

    func uuid(_ name: String) throws(MeshProblem) -> UUIDValue? {
        guard let text = try value(name) else { return nil }
        guard let uuid = UUIDValue(text: text) else { throw .invalid(name, "must be a UUID.") }
        return uuid
    }

    func bool(_ name: String) throws(MeshProblem) -> Bool? {
        guard let text = try value(name) else { return nil }
        if MeshQuery.equal(text, "true") { return true }
        if MeshQuery.equal(text, "false") { return false }
        throw .invalid(name, "must be true or false.")
    }

    /// In plain digits.
    func integer(_ name: String, _ range: ClosedRange<Int64>) throws(MeshProblem) -> Int64? {
        guard let text = try value(name) else { return nil }
        guard let integer = MeshQuery.number(text)?.integer, range.contains(integer) else {
            throw .invalid(name, "must be an integer between \(range.lowerBound) and \(range.upperBound).")
        }
        return integer
    }

    /// A decimal that is not negative, in plain digits.
    func amount(_ name: String) throws(MeshProblem) -> [UInt8]? {
        guard let text = try value(name) else { return nil }
        guard let plain = MeshQuery.number(text)?.canonicalDecimalBytes, plain.first != UInt8(ascii: "-") else {
            throw .invalid(name, "must be a number that is not negative.")
        }
        return plain
    }

    func text(_ name: String, _ characters: ClosedRange<Int>) throws(MeshProblem) -> [UInt8]? {
        guard let text = try value(name) else { return nil }
        guard TextRule.isUTF8(text) else { throw .invalid(name, "must be UTF-8.") }
        if let objection = TextRule.objection(to: text, characters) { throw .invalid(name, "\(objection).") }
        return text
    }

    /// One of a vocabulary's words, in any case.
    func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Word.Type
    ) throws(MeshProblem) -> Word? {
        guard let text = try value(name) else { return nil }
        guard let word = MeshQuery.word(text, type) else {
            throw .invalid(name, "must be one of \(Rule<Never>.words(type)).")
        }
        return word
    }

    // MARK: Repeated parameters

    /// Nil if absent, as below.
    func uuids(_ name: String, atMost limit: Int) throws(MeshProblem) -> [UUIDValue]? {
        try list(name, atMost: limit, "must hold UUIDs only.") { UUIDValue(text: $0) }
    }

    func words<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Word.Type, atMost limit: Int
    ) throws(MeshProblem) -> [Word]? {
        try list(name, atMost: limit, "must hold \(Rule<Never>.words(type)) only.") { MeshQuery.word($0, type) }
    }

    private func list<Element>(
        _ name: String, atMost limit: Int, _ rule: String, _ read: ([UInt8]) -> Element?
    ) throws(MeshProblem) -> [Element]? {
        let texts = values(name)
        if texts.isEmpty { return nil }
        if texts.count > limit { throw .invalid(name, "must be given at most \(limit) times.") }
        var elements: [Element] = []
        for text in texts {
            guard let element = read(text) else { throw .invalid(name, rule) }
            elements.append(element)
        }
        return elements
    }

    // MARK: Values

    private func values(_ name: String) -> [[UInt8]] {
        items.all.filter { !$0.value.isEmpty && MeshQuery.equal($0.name, name) }.map(\.value)
    }

    /// Of two values choosing one in silence would be a guess.
    private func value(_ name: String) throws(MeshProblem) -> [UInt8]? {
        let values = values(name)
        if values.count > 1 { throw .invalid(name, "must be given once.") }
        return values.first
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: [UInt8], _ type: Word.Type
    ) -> Word? {
        type.allCases.first { equal(text, $0.rawValue) }
    }

    /// A number in the spelling of JSON, and nothing around it.
    private static func number(_ text: [UInt8]) -> JSONNumber? {
        guard let number = try? JSONDocument.parse(text).root.number, number.raw.count == text.count else { return nil }
        return number
    }

    private static func equal(_ text: [UInt8], _ word: String) -> Bool {
        func lower(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }
        return text.count == word.utf8.count && zip(text, word.utf8).allSatisfy { lower($0) == lower($1) }
    }
}
