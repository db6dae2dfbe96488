import Crypto
import Domain
import HTTPServer
import Store

/// Reads a request's query strictly: each parameter once, none that is not known, all errors together.
struct QueryParameters {
    private let items: QueryItems
    private var known: [StaticString] = []
    private var errors: [Problem.FieldError] = []

    init(_ call: Call) { self.init(call.head.query ?? []) }

    init(_ query: ArraySlice<UInt8>) { items = QueryItems(query) }

    /// `cursor` alone: the length of the page is the caller's.
    mutating func page(of rows: Int) -> PageRequest { PageRequest(limit: rows, cursor: cursor()) }

    /// `limit` and `cursor`.
    mutating func page() -> PageRequest {
        let limit = value("limit").flatMap { text -> Int? in
            let number = QueryParameters.number(text)
            if number == nil { fail("limit", "must be a number from 1 to \(PageRequest.maximumLimit)") }
            return number
        }
        return PageRequest(limit: limit ?? PageRequest.standardLimit, cursor: cursor())
    }

    private mutating func cursor() -> Cursor? {
        value("cursor").flatMap { text -> Cursor? in
            let cursor = Cursor(text: text)
            if cursor == nil { fail("cursor", "must be a nextCursor of this list") }
            return cursor
        }
    }

    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: StaticString, as: Word.Type = Word.self
    ) -> Word? {
        value(name).flatMap { text -> Word? in
            let word = Word.allCases.first { text.elementsEqual($0.rawValue.utf8) }
            if word == nil { fail(name, "must be one of \(Rule.words(Word.self))") }
            return word
        }
    }

    mutating func text(_ name: StaticString, _ characters: ClosedRange<Int>) -> [UInt8]? {
        value(name).flatMap { text -> [UInt8]? in
            guard TextRule.isUTF8(text) else {
                fail(name, "must be UTF-8")
                return nil
            }
            if let message = TextRule.objection(to: text, characters) {
                fail(name, message)
                return nil
            }
            return text
        }
    }

    /// A whole number in plain digits.
    mutating func integer(_ name: StaticString, _ range: ClosedRange<Int>) -> Int? {
        value(name).flatMap { text -> Int? in
            let isPlain = (1...10).contains(text.count) && text.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
            let number = isPlain ? text.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } : -1
            if range.contains(number) { return number }
            fail(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
    }

    mutating func time(_ name: StaticString) -> Timestamp? {
        value(name).flatMap { text -> Timestamp? in
            let time = Timestamp(rfc3339: text)
            if time == nil { fail(name, "must be an RFC 3339 time") }
            return time
        }
    }

    mutating func identifier<Kind>(_ name: StaticString, _ kind: Identifier<Kind>.Type) -> Identifier<Kind>? {
        value(name).flatMap { text -> Identifier<Kind>? in
            let id = Identifier<Kind>(text: text)
            if id == nil {
                fail(name, "must be an identifier that starts with \(String(decoding: Kind.prefix, as: UTF8.self))")
            }
            return id
        }
    }

    /// `createdAfter` and `createdBefore`.
    mutating func window() -> TimeWindow {
        TimeWindow(from: time("createdAfter"), before: time("createdBefore"))
    }

    /// An HTTP status such as `404`, or a class of them such as `5xx`.
    mutating func statusCodes(_ name: StaticString) -> ClosedRange<Int32>? {
        value(name).flatMap { text -> ClosedRange<Int32>? in
            let digits = text.prefix { $0 &- UInt8(ascii: "0") < 10 }
            let number = digits.prefix(3).reduce(Int32(0)) { $0 * 10 + Int32($1 - UInt8(ascii: "0")) }
            let isClass = digits.count == 1 && text.dropFirst().elementsEqual("xx".utf8)
            let range = isClass ? number * 100...number * 100 + 99 : number...number
            if text.count == 3, isClass || digits.count == 3, (100...999).contains(range.lowerBound) { return range }
            fail(name, "must be an HTTP status such as 404 or a class such as 5xx")
            return nil
        }
    }

    /// ISO 3166-1 alpha-2, by form.
    mutating func country(_ name: StaticString) -> [UInt8]? {
        value(name).flatMap { text -> [UInt8]? in
            if Rule<[UInt8]>.isCountry(text) { return text }
            fail(name, "must be an ISO 3166-1 alpha-2 code")
            return nil
        }
    }

    /// SHA-256 in hex.
    mutating func hash(_ name: StaticString) -> [UInt8]? {
        value(name).flatMap { text -> [UInt8]? in
            if let bytes = Hex.decode(text), bytes.count == 32 { return bytes }
            fail(name, "must be 64 hexadecimal digits")
            return nil
        }
    }

    /// A parameter as it came, to show it again: it is judged elsewhere.
    func given(_ name: StaticString) -> [UInt8]? {
        if case .once(let value) = items.lookup(name) { value } else { nil }
    }

    /// The value as it came.
    mutating func raw(_ name: StaticString) -> [UInt8]? { value(name) }

    /// Throws all that was wrong.
    func finish() throws(Problem) {
        var errors = errors
        for item in items.all where !known.contains(where: { item.name == Array("\($0)".utf8) }) {
            errors.append(Problem.FieldError(field: FieldName.shown(item.name), message: "is not known"))
        }
        if !errors.isEmpty { throw .invalid(errors) }
    }

    private mutating func value(_ name: StaticString) -> [UInt8]? {
        known.append(name)
        switch items.lookup(name) {
        case .absent: return nil
        case .once(let value): return value
        case .repeated:
            fail(name, "must be given once")
            return nil
        }
    }

    /// Adds an error that no single parameter's reading finds.
    mutating func fail(_ name: StaticString, _ message: String) {
        errors.append(Problem.FieldError(field: "\(name)", message: message))
    }

    /// 1 to the maximum, in plain digits without leading zeros.
    private static func number(_ text: [UInt8]) -> Int? {
        guard (1...3).contains(text.count), text[0] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value <= PageRequest.maximumLimit ? value : nil
    }
}
