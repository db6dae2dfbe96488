import JSON
import Store

/// Reads the body of a write strictly: every field by its rule, none that is not known, all errors together.
///
/// A field that fails gives its rule's placeholder, and `finish()` then throws: so readers ask for all fields first,
/// finish, and only then use what they got.
struct Fields {
    private let object: JSONValue
    /// What stands before the names in errors: nothing for the body itself, `rules.` for an object inside.
    private let prefix: String
    private var known: [StaticString] = []
    private(set) var errors: [Problem.FieldError] = []

    /// Throws 400 if the body is no object.
    init(_ body: JSONValue) throws(Problem) {
        guard body.kind == .object else { throw Problem(.invalid, "The body must be a JSON object.") }
        self.init(body, in: "")
    }

    fileprivate init(_ object: JSONValue, in prefix: String) {
        self.object = object
        self.prefix = prefix
    }

    /// A field that must be there.
    mutating func required<Value: Sendable>(_ name: StaticString, _ rule: Rule<Value>) -> Value {
        guard let value = take(name) else {
            fail(name, "is required")
            return rule.placeholder
        }
        return read(name, value, rule) ?? rule.placeholder
    }

    /// A field that may be absent, but not null.
    mutating func optional<Value: Sendable>(_ name: StaticString, _ rule: Rule<Value>) -> Value? {
        take(name).flatMap { read(name, $0, rule) }
    }

    /// A field that may be absent or null, which is the same.
    mutating func nullable<Value: Sendable>(_ name: StaticString, _ rule: Rule<Value>) -> Value? {
        take(name).flatMap { $0.isNull ? nil : read(name, $0, rule) }
    }

    /// A field of a change: absent keeps, null clears.
    mutating func change<Value: Sendable>(_ name: StaticString, _ rule: Rule<Value>) -> Change<Value> {
        guard let value = take(name) else { return .keep }
        return .set(value.isNull ? nil : read(name, value, rule))
    }

    /// Adds an error that no single rule finds.
    mutating func fail(_ name: StaticString, _ message: String) {
        errors.append(Problem.FieldError(field: "\(prefix)\(name)", message: message))
    }

    /// Throws all that was wrong, unknown fields included. A change needs at least one field.
    func finish(needsOne: Bool = false) throws(Problem) {
        let errors = allErrors
        if !errors.isEmpty { throw .invalid(errors) }
        if needsOne, object.members.first(where: { _ in true }) == nil {
            throw Problem(.invalid, "The body must name at least one field.")
        }
    }

    /// All that was wrong, unknown fields included.
    fileprivate var allErrors: [Problem.FieldError] {
        var errors = errors
        for member in object.members where !known.contains(where: { member.key == $0 }) {
            errors.append(
                Problem.FieldError(field: prefix + FieldName.shown(member.key.bytes), message: "is not known"))
        }
        return errors
    }

    private mutating func take(_ name: StaticString) -> JSONValue? {
        known.append(name)
        return object[name]
    }

    private mutating func read<Value: Sendable>(_ name: StaticString, _ value: JSONValue, _ rule: Rule<Value>) -> Value?
    {
        rule.read(value, "\(prefix)\(name)", &errors)
    }
}

extension Rule {
    /// An object inside the body, as strict as the body: `read` asks for all its fields, and tells by `fail` what no
    /// single rule finds.
    static func object(_ placeholder: Value, _ read: @escaping @Sendable (inout Fields) -> Value) -> Rule {
        Rule(placeholder: placeholder) { value, path, errors in
            guard value.kind == .object else {
                errors.append(Problem.FieldError(field: path, message: "must be an object"))
                return nil
            }
            var fields = Fields(value, in: path + ".")
            let result = read(&fields)
            let found = fields.allErrors
            errors += found
            return found.isEmpty ? result : nil
        }
    }
}

/// The name of a field or parameter of the caller's choosing, as an error repeats it.
enum FieldName {
    /// A plain name as it is; anything else could hold a secret or a trick, and is not repeated.
    static func shown(_ name: [UInt8]) -> String {
        let isPlain = name.allSatisfy { byte in
            (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
        return isPlain && (1...APILimits.echoedNameBytes).contains(name.count)
            ? String(decoding: name, as: UTF8.self) : "(a name)"
    }
}
