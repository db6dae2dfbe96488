import Domain
import JSON

/// An object of a control call, read strictly: exact names, no unknown field, and null is no value.
struct StrictObject {
    private let value: JSONValue
    /// Nil for the body itself.
    private let path: String?

    /// Reads a body that is one object of these fields.
    static func parse(_ body: [UInt8], names: [String]) throws(Completion.Fault) -> StrictObject {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(body)
        } catch {
            throw Completion.Fault(field: nil, message: "The body is \(error.description).")
        }
        return try StrictObject(document.root, path: nil, names: names)
    }

    /// - Throws: if `value` is no object, or has a field of another name; the message does not repeat that name.
    init(_ value: JSONValue, path: String?, names: [String]) throws(Completion.Fault) {
        self.value = value
        self.path = path
        guard value.kind == .object else {
            let message = path == nil ? "The body must be a JSON object." : "must be an object"
            throw Completion.Fault(field: path, message: message)
        }
        for member in value.members where !names.contains(where: { member.key == $0 }) {
            let list = names.joined(separator: ", ")
            let message = path == nil ? "A field is not one of \(list)." : "has a field that is not one of \(list)"
            throw Completion.Fault(field: path, message: message)
        }
    }

    subscript(name: String) -> JSONValue? { value[name] }

    /// What is wrong with the object as a whole.
    func fault(_ message: String) -> Completion.Fault { Completion.Fault(field: path, message: message) }

    /// What is wrong with one of its fields.
    func fault(_ name: String, _ message: String) -> Completion.Fault {
        Completion.Fault(field: self.name(of: name), message: message)
    }

    private func name(of field: String) -> String { path.map { "\($0).\(field)" } ?? field }

    private func read<Result>(
        _ name: String, _ rule: @autoclosure () -> String, _ convert: (JSONValue) -> Result?
    ) throws(Completion.Fault) -> Result? {
        guard let field = value[name] else { return nil }
        guard let result = convert(field) else { throw fault(name, rule()) }
        return result
    }

    // MARK: Values

    func bool(_ name: String) throws(Completion.Fault) -> Bool? { try read(name, "must be true or false") { $0.bool } }

    func uuid(_ name: String) throws(Completion.Fault) -> UUIDValue? {
        try read(name, "must be a UUID") { $0.string.flatMap { UUIDValue(text: $0) } }
    }

    func moment(_ name: String) throws(Completion.Fault) -> Timestamp? {
        try read(name, "must be a time as RFC 3339 writes it") { $0.string.flatMap { Timestamp(rfc3339: $0) } }
    }

    func integer(_ name: String, _ range: ClosedRange<Int64>) throws(Completion.Fault) -> Int64? {
        try read(name, "must be an integer from \(range.lowerBound) to \(range.upperBound)") { value in
            value.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// An amount in a string of digits and a point.
    func amount(_ name: String) throws(Completion.Fault) -> Amount? {
        try read(name, "must be a string that is a decimal such as 25.5, not negative") { value in
            value.string.flatMap { StrictObject.amount($0) }
        }
    }

    private static func amount(_ text: [UInt8]) -> Amount? {
        let isPlain = text.allSatisfy { $0 == UInt8(ascii: ".") || $0 &- UInt8(ascii: "0") < 10 }
        guard isPlain, let number = (try? JSONDocument.parse(text))?.root.number else { return nil }
        return Amount(number)
    }

    /// A string whose length in UTF-16 units lies in `units`.
    func text(_ name: String, units: ClosedRange<Int>) throws(Completion.Fault) -> [UInt8]? {
        try read(name, "must be a string of \(units.lowerBound) to \(units.upperBound) characters") { value in
            StrictObject.text(value, units)
        }
    }

    private static func text(_ value: JSONValue, _ units: ClosedRange<Int>) -> [UInt8]? {
        value.text.flatMap { units.contains($0.utf16.count) ? Array($0.utf8) : nil }
    }

    /// One of the words of an enumeration, exactly.
    func word<Word>(_ name: String, _ words: Word.Type) throws(Completion.Fault) -> Word?
    where Word: RawRepresentable<String> & CaseIterable {
        try read(name, "must be one of \(StrictObject.list(words))") { $0.text.flatMap { Word(rawValue: $0) } }
    }

    private static func list<Word>(_ words: Word.Type) -> String
    where Word: RawRepresentable<String> & CaseIterable {
        words.allCases.map(\.rawValue).joined(separator: ", ")
    }

    // MARK: Lists and objects

    func texts(
        _ name: String, units: ClosedRange<Int>, count: ClosedRange<Int>
    ) throws(Completion.Fault) -> [[UInt8]]? {
        let rule =
            "must be an array of \(count.lowerBound) to \(count.upperBound) strings, each of \(units.lowerBound) to "
            + "\(units.upperBound) characters"
        return try list(name, rule, count) { StrictObject.text($0, units) }
    }

    func words<Word>(_ name: String, _ words: Word.Type) throws(Completion.Fault) -> [Word]?
    where Word: RawRepresentable<String> & CaseIterable {
        try self.words(name, of: words.allCases.map(\.rawValue))?.compactMap { Word(rawValue: $0) }
    }

    /// A list that is not empty, of some of `all`.
    func words(_ name: String, of all: [String]) throws(Completion.Fault) -> [String]? {
        let rule = "must be an array of one or more of \(all.joined(separator: ", "))"
        return try list(name, rule, 1...all.count) { $0.text.flatMap { all.contains($0) ? $0 : nil } }
    }

    private func list<Result>(
        _ name: String, _ rule: String, _ count: ClosedRange<Int>, _ convert: (JSONValue) -> Result?
    ) throws(Completion.Fault) -> [Result]? {
        try read(name, rule) { value in
            let elements = Array(value.elements)
            let results = elements.compactMap(convert)
            let isList = value.kind == .array && results.count == elements.count && count.contains(elements.count)
            return isList ? results : nil
        }
    }

    func object(_ name: String, names: [String]) throws(Completion.Fault) -> StrictObject? {
        guard let field = value[name] else { return nil }
        return try StrictObject(field, path: self.name(of: name), names: names)
    }

    /// At most `limit` objects.
    func objects(_ name: String, atMost limit: Int, names: [String]) throws(Completion.Fault) -> [StrictObject]? {
        guard let field = value[name] else { return nil }
        let elements = Array(field.elements)
        guard field.kind == .array, elements.count <= limit else {
            throw fault(name, "must be an array of at most \(limit) objects")
        }
        var objects: [StrictObject] = []
        for (index, element) in elements.enumerated() {
            objects.append(try StrictObject(element, path: "\(self.name(of: name))[\(index)]", names: names))
        }
        return objects
    }
}
