/// A request's head once it is complete and has been judged sound.
struct ParsedHead: Sendable {
    let method: Method
    let fields: HeaderFields
    let isAsterisk: Bool
    let path: ByteRange
    let query: ByteRange?
    /// Of the target if it has an authority, of the `Host` field otherwise.
    let host: ByteRange
    let framing: HeadFacts.Framing
    /// The client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool
    /// The client will send nothing after this request.
    let wantsClose: Bool

    /// See `RequestHead.path`.
    var pathBytes: ArraySlice<UInt8> {
        if !path.isEmpty { return fields.bytes[path.range] }
        return isAsterisk ? [ASCII.asterisk] : [ASCII.slash]
    }
}
