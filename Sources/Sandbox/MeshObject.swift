import Domain
import JSON

/// What is wrong with a request to Mesh, in Mesh's words. It never carries the caller's input.
struct RequestFault: Error, Equatable {
    /// Mesh's `errorType`.
    enum Kind: String { case missingField, invalidField }

    let kind: Kind
    let message: String

    static func missing(_ field: String) -> RequestFault {
        RequestFault(kind: .missingField, message: "The \(field) field is required")
    }

    static func invalid(_ message: String) -> RequestFault { RequestFault(kind: .invalidField, message: message) }
}

/// An object of a request to Mesh, read as Mesh reads: names match without case, null is as good as absent, unknown
/// names are passed over. Names are given as JSON spells them; messages spell them with a capital, as Mesh's do.
struct MeshObject {
    private let value: JSONValue
    private let path: String

    /// - Throws: if `value` is not an object.
    init(_ value: JSONValue, path: String = "$") throws(RequestFault) {
        self.value = value
        self.path = path
        if value.kind != .object { throw MeshObject.wrongType(path, "object") }
    }

    /// For objects whose schema allows no additional properties.
    func refuseOthers(than names: String...) throws(RequestFault) {
        for member in value.members {
            let key = member.key.bytes
            guard !names.contains(where: { equalsIgnoringASCIICase(key, $0) }) else { continue }
            throw .invalid("The request has a property that is not defined. Path: \(path)")
        }
    }

    private func field(_ name: String) -> JSONValue? {
        guard let field = value.member(ignoringASCIICase: name), !field.isNull else { return nil }
        return field
    }

    private static func wrongType(_ path: String, _ type: String) -> RequestFault {
        .invalid("The JSON value could not be converted to \(type). Path: \(path)")
    }

    private func read<Result>(
        _ name: String, as type: String, _ convert: (JSONValue) -> Result?
    ) throws(RequestFault) -> Result? {
        guard let field = field(name) else { return nil }
        guard let result = convert(field) else { throw MeshObject.wrongType("\(path).\(name)", type) }
        return result
    }

    // MARK: Values

    func bool(_ name: String) throws(RequestFault) -> Bool? { try read(name, as: "Boolean") { $0.bool } }

    func uuid(_ name: String) throws(RequestFault) -> UUIDValue? {
        try read(name, as: "Guid") { $0.string.flatMap { UUIDValue(text: $0) } }
    }

    /// The UTF-8 of a string whose length in UTF-16 units, as Mesh counts, lies in `units`.
    func text(_ name: String, units: ClosedRange<Int>) throws(RequestFault) -> [UInt8]? {
        guard let text = try read(name, as: "String", { $0.string }) else { return nil }
        if MeshObject.isLength(of: text, in: units) { return text }
        let bounds =
            units.lowerBound == 0
            ? "a maximum length of \(units.upperBound)"
            : "a minimum length of \(units.lowerBound) and a maximum length of \(units.upperBound)"
        throw .invalid("The field \(MeshObject.label(name)) must be a string with \(bounds)")
    }

    /// A number, or the text of one in a string as Mesh's own samples have it, from zero to `largest`.
    func amount(_ name: String, largest: Amount = .largest) throws(RequestFault) -> Amount? {
        let number = try read(name, as: "Double") { value in value.number ?? MeshObject.number(in: value.string) }
        guard let number else { return nil }
        if let amount = Amount(number), amount <= largest { return amount }
        let bound = String(decoding: largest.text, as: UTF8.self)
        throw .invalid("The field \(MeshObject.label(name)) must be between 0 and \(bound)")
    }

    /// One of the words of an enumeration, without regard to case.
    func choice<Choice>(_ name: String, _ choices: Choice.Type) throws(RequestFault) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        try read(name, as: "\(Choice.self)") { value in value.string.flatMap { MeshObject.choice(of: $0, choices) } }
    }

    // MARK: What contains more

    func object(_ name: String) throws(RequestFault) -> MeshObject? {
        guard let field = field(name) else { return nil }
        return try MeshObject(field, path: "\(path).\(name)")
    }

    func objects(_ name: String) throws(RequestFault) -> [MeshObject]? {
        guard let elements = try elements(name) else { return nil }
        var objects: [MeshObject] = []
        for (index, element) in elements.enumerated() {
            objects.append(try MeshObject(element, path: "\(path).\(name)[\(index)]"))
        }
        return objects
    }

    func choices<Choice>(
        _ name: String, _ choices: Choice.Type, atMost limit: Int = SandboxLimits.listElements
    ) throws(RequestFault) -> [Choice]? where Choice: RawRepresentable<String> & CaseIterable {
        try strings(name, as: "\(Choice.self)", atMost: limit) { MeshObject.choice(of: $0, choices) }
    }

    func texts(
        _ name: String, units: ClosedRange<Int>, atMost limit: Int = SandboxLimits.listElements
    ) throws(RequestFault) -> [[UInt8]]? {
        try strings(name, as: "String", atMost: limit) { MeshObject.isLength(of: $0, in: units) ? $0 : nil }
    }

    func uuids(_ name: String, atMost limit: Int) throws(RequestFault) -> [UUIDValue]? {
        try strings(name, as: "Guid", atMost: limit) { UUIDValue(text: $0) }
    }

    private func strings<Result>(
        _ name: String, as type: String, atMost limit: Int, _ convert: ([UInt8]) -> Result?
    ) throws(RequestFault) -> [Result]? {
        guard let elements = try elements(name, atMost: limit) else { return nil }
        var results: [Result] = []
        for (index, element) in elements.enumerated() {
            guard let result = element.string.flatMap(convert) else {
                throw MeshObject.wrongType("\(path).\(name)[\(index)]", type)
            }
            results.append(result)
        }
        return results
    }

    private func elements(
        _ name: String, atMost limit: Int = SandboxLimits.listElements
    ) throws(RequestFault) -> [JSONValue]? {
        guard let elements = try read(name, as: "array", { $0.kind == .array ? Array($0.elements) : nil }) else {
            return nil
        }
        if elements.count <= limit { return elements }
        throw .invalid("The field \(MeshObject.label(name)) must be an array with a maximum length of \(limit)")
    }

    // MARK: Helpers

    /// `userId` in Mesh's messages is `UserId`.
    static func label(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

    private static func isLength(of text: [UInt8], in units: ClosedRange<Int>) -> Bool {
        units.contains(String(decoding: text, as: UTF8.self).utf16.count)
    }

    private static func number(in text: [UInt8]?) -> JSONNumber? {
        guard let text, let document = try? JSONDocument.parse(text) else { return nil }
        return document.root.number
    }

    private static func choice<Choice>(of text: [UInt8], _ choices: Choice.Type) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        choices.allCases.first { equalsIgnoringASCIICase(text, $0.rawValue) }
    }
}
