/// HTTP/1.1 and HTTP/1.0 requests out of bytes (RFC 9112), strictly: what could be understood in two ways is refused.
///
/// A value that is fed input and returns what it saw, one action at a time. It gives the same actions however the
/// input is cut into pieces. After a rejection it says nothing more.
struct RequestParser {
    enum Action {
        /// A head is complete. A body follows in `body` actions and a `bodyEnd` unless its framing is `none`.
        case head(ParsedHead)
        /// Body bytes, at this range of the input.
        case body(Range<Int>)
        case bodyEnd
        case reject(Rejection)
    }

    private enum State {
        case requestLine
        case fields
        case body(remaining: Int)
        case chunks
        case rejected
    }

    private var state = State.requestLine
    private var scanner = LineScanner(allowsText: false)
    private var chunks = ChunkedDecoder()

    /// The head so far, and maybe some of what follows it.
    private var bytes: [UInt8] = []
    /// The line being read, as far as it has been looked at.
    private var lineStart = 0
    private var lineEnd = 0
    private var skippedEmptyLine = false
    private var line: RequestLine?
    private var entries: [HeaderFields.Entry] = []
    private var facts = HeadFacts()

    /// Whether a head has begun and is not complete.
    var isInsideHead: Bool {
        switch state {
        case .requestLine: !bytes.isEmpty || skippedEmptyLine
        case .fields: true
        case .body, .chunks, .rejected: false
        }
    }

    /// Memory for the head that is being read.
    var heldBytes: Int { bytes.capacity + entries.capacity * MemoryLayout<HeaderFields.Entry>.stride }

    /// The method of a head that is not complete, once its first line is.
    var method: Method? { line?.method }

    /// What is left of a body with a length; nil for one without, and between bodies.
    var remainingBody: Int? { if case .body(let remaining) = state { remaining } else { nil } }

    /// The next thing in `input` from `cursor` on, which moves past it; nil when more input is needed.
    mutating func next(_ input: Span<UInt8>, _ cursor: inout Int) -> Action? {
        while true {
            switch state {
            case .requestLine, .fields:
                do throws(Rejection) {
                    guard try takeLine(input, &cursor) else { return nil }
                    if let head = try readLine(&cursor) { return .head(head) }
                } catch {
                    state = .rejected
                    return .reject(error)
                }
            case .body(let remaining):
                if remaining == 0 {
                    state = .requestLine
                    return .bodyEnd
                }
                let taken = min(remaining, input.count - cursor)
                if taken == 0 { return nil }
                state = .body(remaining: remaining - taken)
                cursor += taken
                return .body(cursor - taken..<cursor)
            case .chunks:
                switch chunks.next(input, &cursor) {
                case nil: return nil
                case .data(let range): return .body(range)
                case .end:
                    state = .requestLine
                    return .bodyEnd
                case .reject(let rejection):
                    state = .rejected
                    return .reject(rejection)
                }
            case .rejected: return nil
            }
        }
    }

    // MARK: Lines

    /// 1 KiB holds most heads.
    private static let blockSize = 1024

    /// Takes input until `bytes[lineStart..<lineEnd]` is a whole line; false if it is not yet.
    ///
    /// Input is copied in blocks, as a copy for each line would cost more than the scanning. What is copied too much is
    /// given back at the end of the head.
    private mutating func takeLine(_ input: Span<UInt8>, _ cursor: inout Int) throws(Rejection) -> Bool {
        let inRequestLine = if case .requestLine = state { true } else { false }
        // The two bytes more are the line's end.
        let limit = inRequestLine ? Limits.requestLineBytes + 2 : Limits.headBytes
        while true {
            // Copies, because the span holds an access to the rest of the parser.
            var (scanner, end) = (self.scanner, lineEnd)
            let outcome = scanner.scan(bytes.span, &end, room: limit - end)
            (self.scanner, lineEnd) = (scanner, end)
            switch outcome {
            case .complete: return true
            case .malformed: throw .badRequest
            case .tooLong: throw inRequestLine ? .targetTooLong : .fieldsTooLarge
            case .incomplete:
                let taken = min(RequestParser.blockSize, input.count - cursor)
                if taken == 0 { return false }
                bytes.append(input, cursor..<cursor + taken)
                cursor += taken
            }
        }
    }

    /// Reads the line that `takeLine` took; a head when it was the last.
    private mutating func readLine(_ cursor: inout Int) throws(Rejection) -> ParsedHead? {
        let end = lineEnd - 2
        if case .requestLine = state {
            if end == 0, !skippedEmptyLine {
                // RFC 9112 section 2.2: some clients send an empty line after a body.
                skippedEmptyLine = true
                bytes.removeFirst(lineEnd)
                lineEnd = 0
                return nil
            }
            line = try RequestLine.parse(bytes.span.extracting(0..<end))
            state = .fields
            scanner = LineScanner(allowsText: true)
        } else if end == lineStart {
            cursor -= bytes.count - lineEnd
            bytes.removeLast(bytes.count - lineEnd)
            return try finishHead()
        } else {
            if entries.count == Limits.fieldCount { throw .fieldsTooLarge }
            if entries.isEmpty { entries.reserveCapacity(16) }
            let entry = try HeaderFields.Entry.parse(bytes.span, lineStart, end)
            entries.append(entry)
            // A copy, as above.
            var facts = self.facts
            try facts.note(entry, in: bytes.span)
            self.facts = facts
        }
        lineStart = lineEnd
        return nil
    }

    private mutating func finishHead() throws(Rejection) -> ParsedHead? {
        guard let line else { throw .badRequest }
        let framing = try facts.finish(line.version)
        let head = ParsedHead(
            version: line.version, method: line.method, fields: HeaderFields(bytes: bytes, entries: entries),
            isAsterisk: line.target.form == .asterisk, path: line.target.path, query: line.target.query,
            host: line.target.authority ?? facts.host ?? ByteRange(0, 0), framing: framing,
            expectsContinue: facts.expectsContinue && line.version == .http11, wantsClose: facts.wantsClose)
        switch framing {
        case .none: state = .requestLine
        case .length(let length): state = .body(remaining: length)
        case .chunked:
            state = .chunks
            chunks = ChunkedDecoder()
        }
        scanner = LineScanner(allowsText: false)
        bytes = []
        lineStart = 0
        lineEnd = 0
        skippedEmptyLine = false
        self.line = nil
        entries = []
        facts = HeadFacts()
        return head
    }
}
