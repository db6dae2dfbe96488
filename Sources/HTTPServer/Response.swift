/// What a handler answers. The server adds `Date`, `Content-Length`, `Connection` where it has to, and `X-Request-Id`.
///
/// A response to HEAD is written as the one to GET would be, without its body: handlers need not tell them apart.
package struct Response: Sendable {
    /// 200 to 599.
    package var status: Int
    package var headers: ResponseHeaders
    package var body: [UInt8]
    /// Where the connection ends before the answer does, for servers that play failing ones; nil nowhere.
    package var breaking: Breaking?
    /// Whether the connection's next request is left waiting for a while: for refusals, so that a client that comes
    /// again at once costs next to nothing.
    package var rests = false
    /// Whether the connection ends with this answer.
    package var closes = false
    /// Whether further connections from the same address go before others', where many wait for theirs: for callers
    /// who proved to be those that must be heard.
    package var welcomes = false

    package enum Breaking: Sendable {
        /// Nothing is sent.
        case beforeHead
        /// The head and the first half of the body it announces are sent.
        case insideBody
    }

    package init(status: Int, headers: ResponseHeaders = ResponseHeaders(), body: [UInt8] = []) {
        precondition((200...599).contains(status), "not a final status")
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(status: Int, contentType: StaticString, body: [UInt8]) {
        self.init(status: status, headers: ResponseHeaders(contentType: contentType), body: body)
    }
}

/// The fields of a response, written out as they are added: one buffer for all of them.
package struct ResponseHeaders: Sendable {
    /// Kept apart because nearly every response has one and it costs nothing this way.
    let contentType: StaticString?
    private(set) var bytes: [UInt8] = []

    package init(contentType: StaticString? = nil) {
        self.contentType = contentType
        if let contentType { precondition(ResponseHeaders.isValid(contentType), "malformed field value") }
    }

    /// Adds a field that is known at build time.
    package mutating func add(_ name: StaticString, _ value: StaticString) {
        precondition(ResponseHeaders.isValid(value), "malformed field value")
        begin(name)
        bytes.append(value)
        end()
    }

    /// Adds a field, unless `value` holds a control byte (RFC 9110 section 5.5): a value that could end its line would
    /// write fields of somebody else's choosing. Then nothing is added and the result is false. A `String` gives its
    /// `utf8`.
    @discardableResult
    package mutating func add(_ name: StaticString, _ value: some Collection<UInt8>) -> Bool {
        if !value.allSatisfy(ResponseHeaders.isAllowed) { return false }
        begin(name)
        bytes.append(contentsOf: value)
        end()
        return true
    }

    private mutating func begin(_ name: StaticString) {
        precondition(ResponseHeaders.isFree(name), "malformed field name, or one that the server writes")
        bytes.append(name)
        bytes.append(": ")
    }

    private mutating func end() { bytes.append("\r\n") }

    // MARK: Rules

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte == ASCII.tab || (byte >= ASCII.space && byte != ASCII.delete)
    }

    private static func isValid(_ value: StaticString) -> Bool {
        value.withUTF8Buffer { unsafe $0.allSatisfy(isAllowed) }
    }

    /// Whether `name` is a token and not the name of a field that the server itself writes.
    private static func isFree(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { buffer in
            if unsafe buffer.isEmpty || !buffer.allSatisfy(ByteSet.token.contains) { return false }
            let span = unsafe Span(_unsafeElements: buffer)
            let all = ByteRange(0, span.count)
            return !span.equalsIgnoringCase(all, "content-length") && !span.equalsIgnoringCase(all, "transfer-encoding")
                && !span.equalsIgnoringCase(all, "connection") && !span.equalsIgnoringCase(all, "date")
                && !span.equalsIgnoringCase(all, "x-request-id")
        }
    }
}
