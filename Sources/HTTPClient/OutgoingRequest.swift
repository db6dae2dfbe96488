/// One HTTP request to send.
package struct OutgoingRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    package var url: TargetURL
    /// Sent as they stand, names included. The framing and connection headers are the client's own: see
    /// `RequestHeaders`.
    package var headers: [(name: String, value: [UInt8])]
    package var body: [UInt8]
    /// From the start of connecting until TCP and TLS are up.
    package var connectTimeout: Duration
    /// From `send` to the last byte read: waiting for a place, name lookup and connecting included.
    package var totalTimeout: Duration
    /// Bytes of response body that are read; the rest is cut and the connection closed.
    package var responseLimit: Int
    package var policy: AddressPolicy
    /// Connections are shared only between requests of the same partition: an endpoint's or an upstream's identity.
    package var partition: UInt64
    /// Sends the request once more, on a new connection, if a reused one turns out closed before a byte of answer. Set
    /// it for requests that may arrive twice; without it the error says that the connection was a reused one.
    package var resendsOnStaleConnection: Bool

    package init(
        method: Method, url: TargetURL, headers: [(name: String, value: [UInt8])] = [], body: [UInt8] = [],
        connectTimeout: Duration = .seconds(5), totalTimeout: Duration = .seconds(15), responseLimit: Int = 64 * 1_024,
        policy: AddressPolicy = .publicOnly, partition: UInt64, resendsOnStaleConnection: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.responseLimit = responseLimit
        self.policy = policy
        self.partition = partition
        self.resendsOnStaleConnection = resendsOnStaleConnection
    }
}

/// What callers may put into a request's headers.
enum RequestHeaders {
    /// Names that belong to the client: two voices on framing or on the connection are how requests get smuggled.
    private static let reserved: [[UInt8]] = [
        "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ].map { (name: String) in Array(name.utf8) }

    private static func isReserved(_ name: String.UTF8View) -> Bool {
        let count = name.count
        guard let first = name.first.map(lowerCased) else { return false }
        for candidate in reserved where candidate.count == count && candidate[0] == first {
            if zip(candidate, name).allSatisfy({ $0 == lowerCased($1) }) { return true }
        }
        return false
    }

    /// Whether every name is a token (RFC 9110 section 5.1) that is not reserved, every value is visible ASCII, spaces
    /// and tabs inside or bytes above (section 5.5), and all of it stays within the limit.
    static func areValid(_ headers: [(name: String, value: [UInt8])]) -> Bool {
        var total = 0
        for (name, value) in headers {
            total += name.utf8.count + value.count + 4
            guard !name.utf8.isEmpty else { return false }
            for byte in name.utf8 where !isTokenByte(byte) { return false }
            for byte in value where !isValueByte(byte) { return false }
            if let first = value.first, let last = value.last, isBlank(first) || isBlank(last) { return false }
            if isReserved(name.utf8) { return false }
        }
        return total <= Limits.requestHeadBytes
    }

    private static func isValueByte(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == 0x09 }
}

/// A letter, a digit or one of ``!#$%&'*+-.^_`|~``: one bit for each byte below 64, and for each of the next 64.
func isTokenByte(_ byte: UInt8) -> Bool {
    let bits: UInt64 = byte < 64 ? 0x03ff_6cfa_0000_0000 : byte < 128 ? 0x57ff_ffff_c7ff_fffe : 0
    return bits >> UInt64(byte & 63) & 1 == 1
}

/// Space or tab.
func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
