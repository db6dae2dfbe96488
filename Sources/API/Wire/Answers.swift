import HTTPServer
import Store

// The answers of success.

extension ResponseHeaders {
    /// Adds a field of our own making, which holds no control characters.
    mutating func add(_ name: StaticString, text: String) { add(name, Array(text.utf8)) }
}

extension Response {
    static func json(_ status: Int, _ body: [UInt8]) -> Response {
        Response(status: status, contentType: "application/json", body: body)
    }

    static let noContent = Response(status: 204)

    /// With the version as `ETag`.
    func tagged(_ version: Int32) -> Response {
        var response = self
        response.headers.add("ETag", text: "\"\(version)\"")
        return response
    }

    func located(_ location: [UInt8]) -> Response {
        var response = self
        response.headers.add("Location", location)
        return response
    }
}

/// The answer to a creation, in a form that can be kept and repeated byte for byte.
struct CreatedAnswer: Sendable {
    /// The path of what was made.
    let location: [UInt8]
    let version: Int32?
    let body: [UInt8]

    init(location: [UInt8], version: Int32? = nil, body: [UInt8]) {
        self.location = location
        self.version = version
        self.body = body
    }

    var response: Response {
        let response = Response.json(201, body).located(location)
        return version.map { response.tagged($0) } ?? response
    }

    // MARK: Kept form: length of the location (2 bytes), location, version (4 bytes, 0 for none), body

    var encoded: [UInt8] {
        let version = UInt32(bitPattern: version ?? 0)
        return [UInt8(truncatingIfNeeded: location.count >> 8), UInt8(truncatingIfNeeded: location.count)] + location
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: version >> $0) } + body
    }

    init?(encoded: [UInt8]) {
        guard encoded.count >= 2 else { return nil }
        let locationEnd = 2 + Int(encoded[0]) << 8 + Int(encoded[1])
        guard encoded.count >= locationEnd + 4 else { return nil }
        location = Array(encoded[2..<locationEnd])
        let number = encoded[locationEnd..<(locationEnd + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        version = number == 0 ? nil : Int32(bitPattern: number)
        body = Array(encoded[(locationEnd + 4)...])
    }
}
