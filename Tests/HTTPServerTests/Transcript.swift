#if !FUZZING
    @testable import HTTPServer
#endif

/// What a parser said about some input, in a form that does not depend on how the input was cut: the fuzzer and the
/// tests compare transcripts.
struct Transcript: Equatable, CustomStringConvertible {
    enum Event: Equatable {
        case head(Head)
        case body([UInt8])
        case bodyEnd
        case reject(Rejection)
    }

    struct Head: Equatable {
        let version: RequestLine.Version
        let method: Method
        let isAsterisk: Bool
        let path: String
        let query: String?
        let host: String
        let fields: [String]
        let framing: HeadFacts.Framing
        let expectsContinue: Bool
        let wantsClose: Bool
        let isLast: Bool
    }

    private(set) var events: [Event] = []
    /// Whether input ended within a head.
    private(set) var isInsideHead = false

    /// Parses `pieces` one after the other, as reads from a socket would bring them.
    init(_ pieces: [[UInt8]]) {
        var parser = RequestParser()
        for piece in pieces {
            var cursor = 0
            while let action = parser.next(piece.span, &cursor) {
                note(action, piece)
                precondition(cursor <= piece.count)
            }
            if case .reject = events.last { break }
            precondition(cursor == piece.count, "input was neither used nor refused")
        }
        isInsideHead = parser.isInsideHead
    }

    private mutating func note(_ action: RequestParser.Action, _ piece: [UInt8]) {
        switch action {
        case .head(let head): events.append(.head(Head(head)))
        case .body(let range):
            precondition(!range.isEmpty, "empty body actions could repeat for ever")
            if case .body(let earlier) = events.last {
                events[events.count - 1] = .body(earlier + piece[range])
            } else {
                events.append(.body(Array(piece[range])))
            }
        case .bodyEnd: events.append(.bodyEnd)
        case .reject(let rejection): events.append(.reject(rejection))
        }
    }

    var rejection: Rejection? { if case .reject(let rejection) = events.last { rejection } else { nil } }
    var heads: [Head] { events.compactMap { if case .head(let head) = $0 { head } else { nil } } }
    var bodies: [[UInt8]] { events.compactMap { if case .body(let body) = $0 { body } else { nil } } }
    var description: String { events.map { "\($0)" }.joined(separator: "\n") }
}

extension Transcript.Head {
    init(_ head: ParsedHead) {
        let bytes = head.fields.bytes
        func text(_ range: ByteRange) -> String { String(decoding: bytes[range.range], as: UTF8.self) }
        version = head.version
        method = head.method
        isAsterisk = head.isAsterisk
        path = text(head.path)
        query = head.query.map(text)
        host = text(head.host)
        fields = head.fields.entries.map { text($0.name) + "=" + text($0.value) }
        framing = head.framing
        expectsContinue = head.expectsContinue
        wantsClose = head.wantsClose
        isLast = head.isLast
    }
}
