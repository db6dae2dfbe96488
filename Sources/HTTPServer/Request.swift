package import Runtime

/// One request: its head, whole, and its body, which nobody has read yet.
package struct Request: Sendable {
    package let head: RequestHead
    package let body: RequestBody
}

/// The head of a request: what it asks for, and by whom.
package struct RequestHead: Sendable {
    let parsed: ParsedHead
    /// Names this request in `X-Request-Id`, which the server puts on every response.
    package let requestId: [UInt8]
    /// The other end of the connection: a proxy, if one is in front.
    package let peer: PeerAddress
    /// Whether it came through a reserved connection, while all others are taken.
    package let isCrowded: Bool
    /// How long it was left waiting, because its connection rested.
    package let waited: Duration

    package var method: Method { parsed.method }
    package var headers: HeaderFields { parsed.fields }

    /// Whether the target is `*` (OPTIONS only), which names the server itself. The path is then `*`.
    package var isAsterisk: Bool { parsed.isAsterisk }

    /// The path as sent, percent-encoding included. It starts with a slash and has no dot segments, no empty segments,
    /// no encoded slashes, backslashes or control bytes, and is UTF-8 once decoded.
    package var path: ArraySlice<UInt8> { parsed.pathBytes }

    /// The query as sent, without its question mark; nil where there is none. See `QueryItems`.
    package var query: ArraySlice<UInt8>? { parsed.query.map { parsed.fields.bytes[$0.range] } }

    /// Host and port the request is meant for. The client chose them: never build a URL from them.
    package var host: ArraySlice<UInt8> { parsed.fields.bytes[parsed.host.range] }

    /// Whether the request has a body that is not known to be empty.
    package var hasBody: Bool { parsed.framing != .none }
}
