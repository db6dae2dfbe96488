/// Writes responses as bytes (RFC 9112 section 4), and keeps the `Date` line of the current second.
struct ResponseWriter {
    private var second = Int64.min
    private var dateLine: [UInt8] = []

    /// What the connection knows and the response does not.
    struct Context {
        let requestId: [UInt8]
        /// The request's method is HEAD: the body is left out, its length is told.
        let isHead: Bool
        /// This is the connection's last response.
        let closes: Bool
        /// Seconds since 1970.
        let now: Int64
    }

    static func hasContent(_ response: Response) -> Bool { response.status != 204 && response.status != 304 }

    /// Appends `response` to `out`.
    mutating func write(_ response: Response, _ context: Context, to out: inout [UInt8]) {
        let hasContent = ResponseWriter.hasContent(response)
        if let line = StatusLine.known(response.status) {
            out.append(line)
        } else {
            out.append("HTTP/1.1 ")
            out.appendDecimal(response.status)
            out.append(" \r\n")
        }
        if context.now != second {
            second = context.now
            dateLine = HTTPDate.line(second)
        }
        out.append(contentsOf: dateLine)
        if hasContent {
            out.append("Content-Length: ")
            out.appendDecimal(response.body.count)
            if let contentType = response.headers.contentType {
                out.append("\r\nContent-Type: ")
                out.append(contentType)
            }
            out.append("\r\n")
        }
        if context.closes { out.append("Connection: close\r\n") }
        out.append("X-Request-Id: ")
        out.append(contentsOf: context.requestId)
        out.append("\r\n")
        out.append(contentsOf: response.headers.bytes)
        out.append("\r\n")
        if hasContent, !context.isHead { out.append(contentsOf: response.body) }
    }
}

extension [UInt8] {
    /// Appends a number that is not negative, in decimal.
    mutating func appendDecimal(_ number: Int) {
        if number >= 10 { appendDecimal(number / 10) }
        append(ASCII.zero + UInt8(number % 10))
    }
}
