import JSON
package import HTTPClient

/// One call of Mesh's API, as it is passed on.
package struct MeshCall: Sendable {
    package let method: OutgoingRequest.Method
    /// With the query, percent-encoded.
    package let path: [UInt8]
    /// JSON, or empty.
    package let body: [UInt8]
    /// Bytes of answer.
    package let answerBytes: Int
    /// Whether 404 speaks of something in the request; if not, it can only be that the account is not known.
    package let namesThing: Bool

    package init(
        _ method: OutgoingRequest.Method, _ path: [UInt8], body: [UInt8] = [],
        answerBytes: Int = UpstreamLimits.catalogueBytes, namesThing: Bool = false
    ) {
        self.method = method
        self.path = path
        self.body = body
        self.answerBytes = answerBytes
        self.namesThing = namesThing
    }

    /// `path` with the parameters that have a value.
    package static func path(_ path: String, _ parameters: [(name: String, value: [UInt8]?)]) -> [UInt8] {
        var text = Array(path.utf8)
        var separator = UInt8(ascii: "?")
        for (name, value) in parameters {
            guard let value else { continue }
            text.append(separator)
            text += name.utf8
            text.append(UInt8(ascii: "="))
            for byte in value { append(byte, to: &text) }
            separator = UInt8(ascii: "&")
        }
        return text
    }

    /// Everything but the unreserved bytes is encoded (RFC 3986 section 2.3).
    private static func append(_ byte: UInt8, to text: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            text.append(byte)
        default:
            let digits = Array("0123456789ABCDEF".utf8)
            text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}

/// What an upstream answered, out of its envelope.
package struct MeshAnswer: Equatable, Sendable {
    /// One JSON value, byte for byte as it came; `null` if there was none.
    package let content: [UInt8]
    package let errorHash: [UInt8]?
    package let teamCode: [UInt8]?

    package init(content: [UInt8], errorHash: [UInt8]? = nil, teamCode: [UInt8]? = nil) {
        self.content = content
        self.errorHash = errorHash
        self.teamCode = teamCode
    }

    /// Reads an answer to `call`.
    package init(
        to call: MeshCall, status: Int, retryAfter: [UInt8]?, body: [UInt8]
    ) throws(UpstreamFailure) {
        switch status {
        case 200:
            guard let answer = MeshAnswer(envelope: body) else { throw .failed(reason: "unreadableAnswer") }
            self = answer
        case 400, 404:
            if status == 404, !call.namesThing { throw .keysRefused(status: status) }
            guard let refusal = UpstreamRefusal(body) else { throw .failed(reason: "unreadableRefusal") }
            throw .refused(status: status, refusal)
        case 401, 403: throw .keysRefused(status: status)
        case 429: throw .tooManyRequests(retryAfter: retryAfter.flatMap(retrySeconds))
        default: throw .failed(reason: "status\(status)")
        }
    }

    private init?(envelope body: [UInt8]) {
        guard let root = try? JSONDocument.parse(body, limits: .catalogue).root, root.kind == .object else {
            return nil
        }
        content = root["content"].map { Array($0.raw) } ?? Array("null".utf8)
        errorHash = root["errorHash"]?.words
        teamCode = root["teamCode"]?.words
    }
}
