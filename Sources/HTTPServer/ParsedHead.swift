/// A request's head once it is complete and has been judged sound.
struct ParsedHead: Sendable {
    let version: RequestLine.Version
    let method: Method
    let fields: HeaderFields
    let isAsterisk: Bool
    let path: ByteRange
    let query: ByteRange?
    /// Of the target if it has an authority, of the `Host` field otherwise; empty where HTTP/1.0 has neither.
    let host: ByteRange
    let framing: HeadFacts.Framing
    /// The client waits for `100 Continue` before it sends the body. Never with HTTP/1.0 (RFC 9110 section 10.1.1).
    let expectsContinue: Bool
    /// The client says that it will send nothing after this request.
    let wantsClose: Bool

    /// Nothing is read after this request, whether the client sends it or not.
    var isLast: Bool { wantsClose || version == .http10 }

    /// See `RequestHead.path`.
    var pathBytes: ArraySlice<UInt8> {
        if !path.isEmpty { return fields.bytes[path.range] }
        return isAsterisk ? [ASCII.asterisk] : [ASCII.slash]
    }
}
