import Domain
import JSON
import Runtime

/// What a field's value must be, and how it is read. Failures are told to the list, and give nil.
struct Rule<Value: Sendable>: Sendable {
    let placeholder: Value
    let read: @Sendable (JSONValue, _ path: String, inout [Problem.FieldError]) -> Value?

    init(
        placeholder: Value,
        read: @escaping @Sendable (JSONValue, _ path: String, inout [Problem.FieldError]) -> Value?
    ) {
        self.placeholder = placeholder
        self.read = read
    }

    /// A rule that has one message for all it refuses.
    init(placeholder: Value, _ message: String, _ read: @escaping @Sendable (JSONValue) -> Value?) {
        self.init(placeholder: placeholder) { value, path, errors in
            if let result = read(value) { return result }
            errors.append(Problem.FieldError(field: path, message: message))
            return nil
        }
    }
}

extension Rule where Value == Never {
    /// The raw values of a vocabulary, for a message.
    static func words<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type) -> String {
        Word.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

/// Plain text: how long, and without control characters.
enum TextRule {
    /// What is wrong with the text, or nil. Length is in characters: Unicode scalars, as PostgreSQL counts.
    static func objection(to text: [UInt8], _ characters: ClosedRange<Int>) -> String? {
        var count = 0
        var previous: UInt8 = 0
        for byte in text {
            if byte & 0xC0 != 0x80 { count += 1 }
            // C0 controls and DEL, and C1 controls, which are C2 80 to C2 9F in UTF-8.
            let isControl = byte < 0x20 || byte == 0x7F || previous == 0xC2 && byte < 0xA0
            if isControl { return "must not hold control characters" }
            previous = byte
        }
        if DeceptiveText.isReordered(text) { return "must not hold controls of the writing direction" }
        if characters.contains(count) { return nil }
        return "must have \(characters.lowerBound) to \(characters.upperBound) characters"
    }

    /// Whether the bytes are UTF-8; a query's are not checked before.
    static func isUTF8(_ text: [UInt8]) -> Bool { String(validating: text, as: UTF8.self) != nil }
}

extension Rule where Value == [UInt8] {
    static func text(_ characters: ClosedRange<Int>) -> Rule {
        Rule(placeholder: []) { value, path, errors in
            let message: String
            if let text = value.string {
                guard let objection = TextRule.objection(to: text, characters) else { return text }
                message = objection
            } else {
                message = "must be a string"
            }
            errors.append(Problem.FieldError(field: path, message: message))
            return nil
        }
    }

    /// Text that people tell things apart by: also without what deceives them.
    static func name(_ characters: ClosedRange<Int>) -> Rule {
        Rule(placeholder: []) { value, path, errors in
            guard let text = Rule.text(characters).read(value, path, &errors) else { return nil }
            let message: String
            switch DeceptiveText.find(inName: text) {
            case nil: return text
            case .invisible: message = "must not hold characters that cannot be seen"
            case .disguised: message = "must not hold letters in another form of themselves, such as full-width ones"
            case .mixedScripts: message = "must not mix letters of several scripts in one word"
            }
            errors.append(Problem.FieldError(field: path, message: message))
            return nil
        }
    }

    /// A JSON object of strings, as compact JSON.
    static let metadata = Rule(placeholder: []) { value, path, errors in
        guard value.kind == .object else {
            errors.append(Problem.FieldError(field: path, message: "must be an object of strings"))
            return nil
        }
        let before = errors.count
        var json = JSONWriter()
        var count = 0
        json.beginObject()
        for member in value.members {
            count += 1
            if TextRule.objection(to: member.key.bytes, APILimits.metadataKeyCharacters) != nil {
                errors.append(
                    Problem.FieldError(field: path, message: "must have names of 1 to 40 characters without controls"))
            } else if let text = member.value.string {
                if let objection = TextRule.objection(to: text, APILimits.metadataValueCharacters) {
                    errors.append(Problem.FieldError(field: path, message: "has a value that \(objection)"))
                }
                json.key(member.key.bytes)
                json.string(text)
            } else {
                errors.append(Problem.FieldError(field: path, message: "must have strings as values"))
            }
        }
        json.endObject()
        if count > APILimits.metadataEntries {
            errors.append(
                Problem.FieldError(field: path, message: "must have at most \(APILimits.metadataEntries) entries"))
        }
        return errors.count == before ? json.bytes : nil
    }

    /// An address of mail, by the shape that all have: one @ with something on both sides, no spaces.
    static let email = Rule(placeholder: [], "must be an email address") { value in
        value.string.flatMap { text in
            let parts = text.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
            let isPlain = TextRule.objection(to: text, APILimits.emailCharacters) == nil
            return isPlain && !text.contains(UInt8(ascii: " ")) && parts.count == 2
                && parts.allSatisfy { !$0.isEmpty } ? text : nil
        }
    }

    /// ISO 3166-1 alpha-2, by form.
    static let country = Rule(placeholder: [], "must be an ISO 3166-1 alpha-2 code") { value in
        value.string.flatMap { isCountry($0) ? $0 : nil }
    }

    static func isCountry(_ text: [UInt8]) -> Bool {
        text.count == 2 && text.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}

extension Rule where Value == [Secret] {
    static let webhookSecrets = Rule<Secret>.list(
        of: .secret(APILimits.upstreamSecretCharacters), APILimits.webhookSecrets, distinctBy: { $0.exposed })
}

extension Rule where Value == Secret {
    static func secret(_ characters: ClosedRange<Int>) -> Rule {
        Rule(placeholder: Secret([])) { value, path, errors in
            Rule<[UInt8]>.text(characters).read(value, path, &errors).map { Secret($0) }
        }
    }
}

extension Rule where Value == [IPBlock] {
    /// Blocks in CIDR notation and addresses; IPv4 in IPv6 clothes is read as IPv4.
    static let ipBlocks = Rule<IPBlock>.list(
        of: Rule<IPBlock>(placeholder: IPBlock(.v4(0))) { value, path, errors in
            let message: String
            do throws(IPBlock.Malformed) {
                if let text = value.string { return try IPBlock(text: text).unmapped }
                message = "must be a string"
            } catch {
                message =
                    switch error {
                    case .text: "must be an IPv4 or IPv6 address or a block of them in CIDR notation"
                    case .hostBits: "must have no bits set after the prefix"
                    }
            }
            errors.append(Problem.FieldError(field: path, message: message))
            return nil
        }, APILimits.allowedIPs, distinctBy: { Array($0.description.utf8) })
}

extension Rule where Value == UUIDValue {
    static let uuid = Rule(placeholder: UUIDValue(high: 0, low: 0), "must be a UUID") { value in
        value.string.flatMap { UUIDValue(text: $0) }
    }
}

extension Rule where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Rule {
        Rule(
            placeholder: range.lowerBound,
            "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        ) { value in
            value.integer.map { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Rule where Value == Bool {
    static let bool = Rule(placeholder: false, "must be true or false") { $0.bool }
}

extension Rule where Value == Timestamp {
    /// A moment after `now`.
    static func future(after now: Timestamp) -> Rule {
        Rule(placeholder: now, "must be an RFC 3339 time in the future") { value in
            value.string.flatMap { Timestamp(rfc3339: $0) }.flatMap { $0 > now ? $0 : nil }
        }
    }

    /// A moment that is not after `now`.
    static func past(before now: Timestamp) -> Rule {
        Rule(placeholder: now, "must be an RFC 3339 time that is not in the future") { value in
            value.string.flatMap { Timestamp(rfc3339: $0) }.flatMap { $0 <= now ? $0 : nil }
        }
    }
}

extension Rule where Value: RawRepresentable<String> & CaseIterable & Sendable {
    /// One of a vocabulary's words.
    static var word: Rule {
        Rule(placeholder: Value.allCases.first!, "must be one of \(Rule<Never>.words(Value.self))") { value in
            value.string.flatMap { text in Value.allCases.first { text.elementsEqual($0.rawValue.utf8) } }
        }
    }
}

extension Rule {
    /// An array, each element by `rule`; differing elements, told apart by `key`.
    static func list<Element: Sendable>(
        of rule: Rule<Element>, _ count: ClosedRange<Int>, distinctBy key: @escaping @Sendable (Element) -> [UInt8]
    ) -> Rule<[Element]> {
        Rule<[Element]>(placeholder: []) { value, path, errors in
            guard value.kind == .array else {
                errors.append(Problem.FieldError(field: path, message: "must be an array"))
                return nil
            }
            let before = errors.count
            var elements: [Element] = []
            for (index, element) in value.elements.enumerated() {
                guard index < count.upperBound else { break }
                if let read = rule.read(element, "\(path)[\(index)]", &errors) { elements.append(read) }
            }
            let length = value.elements.reduce(0) { total, _ in total + 1 }
            if !count.contains(length) {
                errors.append(
                    Problem.FieldError(
                        field: path, message: "must have \(count.lowerBound) to \(count.upperBound) elements"))
            } else if Set(elements.map(key)).count != elements.count {
                errors.append(Problem.FieldError(field: path, message: "must not repeat an element"))
            }
            return errors.count == before ? elements : nil
        }
    }
}
