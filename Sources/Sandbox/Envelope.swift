import HTTPServer
import JSON

/// Mesh's answer envelope, `ApiResult`: on success too it carries a hash, a team and two empty strings.
struct Envelope: Sendable {
    /// Mesh's status words that the stand-in uses.
    enum Status: String, Sendable {
        case ok, serverFailure, badRequest, permissionDenied, notFound, tooManyRequest
    }

    let status: Status
    let message: String
    let errorType: String
    /// 8 hexadecimal digits, new for each answer: what Mesh's support asks for.
    let errorHash: [UInt8]
    /// The JSON of `content`; nil in an error, and where there is nothing to say.
    let content: [UInt8]?
    /// The JSON of `errorData`; nil where there is nothing to add.
    var errorData: [UInt8]?

    /// The routing code of Mesh's support.
    private static let teamCode = "P4"

    /// `content` is an object of strings.
    static func success(_ content: [(name: StaticString, value: [UInt8]?)], hash: UInt64) -> Envelope {
        var writer = JSONWriter(reservingCapacity: 1_024)
        writer.beginObject()
        for (name, value) in content { writer.member(name, value) }
        writer.endObject()
        return success(json: writer.bytes, hash: hash)
    }

    static func success(json content: [UInt8]?, hash: UInt64) -> Envelope {
        Envelope(status: .ok, message: "", errorType: "", errorHash: hexadecimal(hash), content: content)
    }

    static func failure(
        _ status: Status, _ message: String, errorType: String, hash: UInt64
    ) -> Envelope {
        Envelope(status: status, message: message, errorType: errorType, errorHash: hexadecimal(hash), content: nil)
    }

    var body: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 256 + (content?.count ?? 0))
        writer.beginObject()
        if let content {
            writer.key("content")
            writer.raw(content)
        }
        writer.key("status")
        writer.string(status.rawValue)
        writer.key("message")
        writer.string(message)
        writer.key("errorHash")
        writer.string(errorHash)
        writer.key("teamCode")
        writer.string(Envelope.teamCode)
        writer.key("errorType")
        writer.string(errorType)
        if let errorData {
            writer.key("errorData")
            writer.raw(errorData)
        }
        writer.endObject()
        return writer.bytes
    }

    func response(_ code: Int) -> Response {
        var response = Response(status: code, contentType: "application/json", body: body)
        response.headers.add("Cache-Control", "no-store")
        return response
    }

    private static func hexadecimal(_ value: UInt64) -> [UInt8] {
        (0..<8).map { place in
            let digit = UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(place))) & 15
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
        }
    }
}

/// Members of answers, one line each; nil is null.
extension JSONWriter {
    mutating func member(_ name: StaticString, _ value: [UInt8]?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    mutating func member(_ name: StaticString, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        bool(value)
    }

    mutating func member(_ name: StaticString, integer value: Int64?) {
        key(name)
        if let value { integer(value) } else { null() }
    }

    /// A value that is JSON already, such as a number in plain decimals.
    mutating func member(_ name: StaticString, json value: [UInt8]?) {
        key(name)
        if let value { raw(value) } else { null() }
    }

    mutating func members(null names: StaticString...) {
        for name in names {
            key(name)
            null()
        }
    }

    mutating func array<Element>(
        _ name: StaticString, _ elements: some Sequence<Element>, _ write: (Element, inout JSONWriter) -> Void
    ) {
        key(name)
        beginArray()
        for element in elements { write(element, &self) }
        endArray()
    }

    mutating func objects<Element>(
        _ name: StaticString, _ elements: some Sequence<Element>, _ write: (Element, inout JSONWriter) -> Void
    ) {
        array(name, elements) { element, writer in
            writer.beginObject()
            write(element, &writer)
            writer.endObject()
        }
    }
}
