import Domain
import JSON

/// An object that the Link page sends, read strictly: exact names, no unknown ones; null is as good as absent.
struct LinkFields {
    private let root: JSONValue
    /// What stands before a field's name in a refusal, such as `accessTokens[0].`.
    private let path: String

    /// Reads a body that is one object with members of these names alone.
    static func parse(_ body: [UInt8], _ names: [String]) throws(LinkRefusal) -> LinkFields {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(body)
        } catch {
            throw .invalid("The body is \(error.description).")
        }
        return try object(document.root, names, path: "")
    }

    private static func object(_ value: JSONValue, _ names: [String], path: String) throws(LinkRefusal) -> LinkFields {
        guard value.kind == .object else {
            throw .invalid("An object is wanted.", field: path.isEmpty ? nil : String(path.dropLast()))
        }
        for member in value.members where !names.contains(where: { member.key.bytes.elementsEqual($0.utf8) }) {
            throw .invalid("There is a field that is not defined; defined are \(names.joined(separator: ", ")).")
        }
        return LinkFields(root: value, path: path)
    }

    private func value(_ name: String) -> JSONValue? {
        guard let value = root[name], !value.isNull else { return nil }
        return value
    }

    private func refusal(_ name: String, _ rule: String) -> LinkRefusal {
        .invalid("\(path)\(name) must be \(rule).", field: path + name)
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(LinkRefusal) -> Value {
        if let value { return value }
        throw .invalid("\(path)\(name) is required.", field: path + name)
    }

    // MARK: Values

    /// The UTF-8 of a string of so many UTF-16 units; nil if it is absent.
    func optionalText(_ name: String, units: ClosedRange<Int>) throws(LinkRefusal) -> [UInt8]? {
        guard let value = value(name) else { return nil }
        guard let text = value.string, units.contains(String(decoding: text, as: UTF8.self).utf16.count) else {
            throw refusal(name, "a string of \(units.lowerBound) to \(units.upperBound) characters")
        }
        return text
    }

    func text(_ name: String, units: ClosedRange<Int>) throws(LinkRefusal) -> [UInt8] {
        try required(name, try optionalText(name, units: units))
    }

    func uuid(_ name: String) throws(LinkRefusal) -> UUIDValue {
        let value = try required(name, value(name))
        guard let id = value.string.flatMap({ UUIDValue(text: $0) }) else { throw refusal(name, "a UUID") }
        return id
    }

    func bool(_ name: String) throws(LinkRefusal) -> Bool {
        guard let value = try required(name, value(name)).bool else { throw refusal(name, "true or false") }
        return value
    }

    /// A decimal in a string, not negative; nil if it is absent.
    func amount(_ name: String) throws(LinkRefusal) -> Amount? {
        guard let value = value(name) else { return nil }
        guard let text = value.string, text.count <= SandboxLimits.amountBytes, text.first != UInt8(ascii: "."),
            text.last != UInt8(ascii: "."), let amount = Amount(plain: text)
        else { throw refusal(name, "a decimal in a string, such as \"25.5\"") }
        return amount
    }

    func objects(_ name: String, _ names: [String], atMost limit: Int) throws(LinkRefusal) -> [LinkFields] {
        let value = try required(name, value(name))
        let elements = Array(value.elements)
        guard value.kind == .array, elements.count <= limit else {
            throw refusal(name, "an array of at most \(limit) objects")
        }
        var objects: [LinkFields] = []
        for (index, element) in elements.enumerated() {
            objects.append(try LinkFields.object(element, names, path: "\(path)\(name)[\(index)]."))
        }
        return objects
    }
}
