import JSON
import TestSupport

/// An answer that was not what the test needs to go on.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension HTTPAnswer {
    /// The body as JSON, if the status is the one expected.
    func json(_ expected: Int) throws -> JSONValue {
        guard status == expected else { throw Unexpected("\(status) and not \(expected): \(text.prefix(500))") }
        return try JSONDocument.parse(body).root
    }
}

extension JSONValue {
    /// The text at a path such as `content.linkToken`.
    func text(at path: String) throws -> String {
        var value = self
        for name in path.split(separator: ".") {
            guard let member = value[String(name)] else { throw Unexpected("no member \(path)") }
            value = member
        }
        guard let text = value.text else { throw Unexpected("\(path) is no text") }
        return text
    }

    /// The elements of a list's `data`.
    var data: [JSONValue] { self["data"].map { Array($0.elements) } ?? [] }
}
