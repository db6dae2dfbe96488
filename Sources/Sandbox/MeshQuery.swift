import Domain
import HTTPServer
import JSON

/// The query of a request to Mesh, read as Mesh reads: names match without case, an empty value is as good as none, and
/// names that are not asked for are passed over. Names are given as Mesh spells them.
struct MeshQuery {
    private let items: QueryItems

    init(_ query: ArraySlice<UInt8>?) { items = QueryItems(query ?? []) }

    /// The values of a parameter in order, empty ones left out.
    private func values(_ name: String) -> [[UInt8]] {
        items.all.filter { equalsIgnoringASCIICase($0.name, name) && !$0.value.isEmpty }.map(\.value)
    }

    private func read<Value>(
        _ name: String, _ rule: String, _ convert: ([UInt8]) -> Value?
    ) throws(RequestFault) -> Value? {
        let values = values(name)
        if values.count > 1 { throw .invalid("The field \(name) must be given once") }
        guard let text = values.first else { return nil }
        guard let value = convert(text) else { throw .invalid("The field \(name) \(rule)") }
        return value
    }

    func uuid(_ name: String) throws(RequestFault) -> UUIDValue? {
        try read(name, "must be a UUID") { UUIDValue(text: $0) }
    }

    func bool(_ name: String) throws(RequestFault) -> Bool? {
        try read(name, "must be true or false") { text in
            equalsIgnoringASCIICase(text, "true") ? true : equalsIgnoringASCIICase(text, "false") ? false : nil
        }
    }

    func integer(_ name: String, _ range: ClosedRange<Int64>) throws(RequestFault) -> Int64? {
        try read(name, "must be between \(range.lowerBound) and \(range.upperBound)") { text in
            MeshQuery.number(text)?.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func amount(_ name: String) throws(RequestFault) -> Amount? {
        try read(name, "must be a number that is not negative") { text in MeshQuery.number(text).flatMap(Amount.init) }
    }

    func text(_ name: String, units: ClosedRange<Int>) throws(RequestFault) -> [UInt8]? {
        try read(name, "must be a string with a maximum length of \(units.upperBound)") { text in
            guard let string = String(validating: text, as: UTF8.self), units.contains(string.utf16.count),
                !text.contains(0)
            else { return nil }
            return text
        }
    }

    func choice<Choice>(_ name: String, _ choices: Choice.Type) throws(RequestFault) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        try read(name, "has a value that is not supported") { text in
            choices.allCases.first { equalsIgnoringASCIICase(text, $0.rawValue) }
        }
    }

    /// The values of a parameter that may be repeated; nil if it is absent.
    func all<Value>(
        _ name: String, atMost limit: Int, _ rule: String, _ convert: ([UInt8]) -> Value?
    ) throws(RequestFault) -> [Value]? {
        let values = values(name)
        if values.isEmpty { return nil }
        if values.count > limit { throw .invalid("The field \(name) must have a maximum length of \(limit)") }
        var converted: [Value] = []
        for text in values {
            guard let value = convert(text) else { throw .invalid("The field \(name) \(rule)") }
            converted.append(value)
        }
        return converted
    }

    /// A number in the spelling of JSON.
    private static func number(_ text: [UInt8]) -> JSONNumber? {
        guard let document = try? JSONDocument.parse(text), let number = document.root.number,
            number.raw.count == text.count
        else { return nil }
        return number
    }
}
