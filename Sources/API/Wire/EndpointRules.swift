import Crypto
import Domain
import JSON

/// Rules for what only webhook endpoints have.
extension Rule where Value == [[UInt8]] {
    static let eventTypes = Rule<[UInt8]>.list(
        of: Rule<[UInt8]>(placeholder: [], "must be *, transfer.* or an event type") { value in
            value.string.flatMap { EventFilter.isValid($0) ? $0 : nil }
        }, 1...EventFilter.maximumPatterns, distinctBy: { $0 })

    static let operatorEventTypes = Rule<[UInt8]>.list(
        of: Rule<[UInt8]>(placeholder: [], "must be *, an operator event type or a family such as endpoint.*") {
            value in
            value.string.flatMap { EventFilter.isValidForOperator($0) ? $0 : nil }
        }, 1...EventFilter.maximumPatterns, distinctBy: { $0 })
}

extension Rule where Value == [UInt8] {
    /// `whsec_` and canonical base 64 of 24 to 64 bytes (Standard Webhooks).
    static let signingSecret = Rule(placeholder: [], "must be whsec_ and base64 of 24 to 64 bytes") { value in
        value.string.flatMap { WebhookSecretText.secretBytes(of: $0) == nil ? nil : $0 }
    }

    /// A JSON object of strings, as compact JSON: names are tokens (RFC 9110 section 5.6.2) that are not reserved and
    /// differ without case, values visible ASCII with blanks inside.
    static let endpointHeaders = Rule(placeholder: []) { value, path, errors in
        guard value.kind == .object else {
            errors.append(Problem.FieldError(field: path, message: "must be an object of strings"))
            return nil
        }
        var json = JSONWriter()
        var names: Set<[UInt8]> = []
        var messages: [String] = []
        json.beginObject()
        for member in value.members {
            let name = member.key.bytes
            if let message = EndpointHeader.objection(toName: name) {
                messages.append(message)
            } else if !names.insert(name.map(EndpointHeader.lowercase)).inserted {
                messages.append("must not repeat a name")
            } else if let text = member.value.string, EndpointHeader.isValue(text) {
                json.key(name)
                json.string(text)
            } else {
                messages.append("must have values of 1 to 500 visible ASCII characters, blanks inside")
            }
        }
        json.endObject()
        if value.members.reduce(0, { count, _ in count + 1 }) > APILimits.endpointHeaders {
            messages.append("must have at most \(APILimits.endpointHeaders) entries")
        }
        for message in messages { errors.append(Problem.FieldError(field: path, message: message)) }
        return messages.isEmpty ? json.bytes : nil
    }
}

/// Which headers an endpoint may have sent.
enum EndpointHeader {
    private static let reserved: Set<[UInt8]> = Set(
        [
            "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection",
            "keep-alive", "te", "trailer", "upgrade", "expect", "user-agent", "accept", "accept-encoding", "cookie",
        ].map { (name: String) in Array(name.utf8) })
    private static let reservedPrefixes = ["proxy-", "webhook-", "x-mesh-"].map { (name: String) in Array(name.utf8) }

    static func objection(toName name: [UInt8]) -> String? {
        let isToken = name.allSatisfy { byte in
            lowercase(byte) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
                || "!#$%&'*+.^_`|~-".utf8.contains(byte)
        }
        guard isToken, APILimits.endpointHeaderNameBytes.contains(name.count) else {
            return "must have names of 1 to 64 token characters"
        }
        let lowered = name.map(lowercase)
        if reserved.contains(lowered) || reservedPrefixes.contains(where: { lowered.starts(with: $0) }) {
            return "must not have a reserved name"
        }
        return nil
    }

    /// Visible ASCII, blanks inside.
    static func isValue(_ text: [UInt8]) -> Bool {
        APILimits.endpointHeaderValueBytes.contains(text.count) && text.allSatisfy { (0x20...0x7e).contains($0) }
            && text.first != 0x20 && text.last != 0x20
    }

    static func lowercase(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }
}
