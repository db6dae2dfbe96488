import Runtime
import TLS

/// One client's connection: moves bytes between its stream, the parser and the tasks that answer. Loop-bound.
///
/// This file reads; `Exchange.swift` answers a request, `Ending.swift` ends the connection.
final class Connection: SecureStreamDelegate, @unchecked Sendable {
    enum Phase {
        /// TLS is being agreed on.
        case securing
        /// Between requests.
        case idle
        /// A head has begun.
        case head
        /// A task answers.
        case handling
        /// A request has been answered and the rest of its body is read away.
        case draining
        /// A request has been refused, and the next must wait a while; or its first, or TLS, waits for its turn.
        case resting
        /// The last answer is written and the kernel has not taken all of it.
        case flushing
        /// The last answer is with the kernel, and the peer is given time to read it.
        case lingering
        case closed
    }

    let stream: Transport
    let server: HTTPServer
    /// When it came, only reserved connections were left.
    let isReserve: Bool
    /// Where the server's list has this connection.
    var index: Int
    var phase = Phase.idle {
        didSet { if oldValue == .resting, phase != .resting { endRest() } }
    }
    /// When the phase has lasted too long, in the loop's milliseconds.
    var deadline = UInt64.max
    /// When what waits to be written has waited too long.
    var writeDeadline = UInt64.max

    var parser = RequestParser()
    /// Bytes that came before they could be parsed, used up to `backlogStart`.
    private var backlog: [UInt8] = []
    private var backlogStart = 0
    /// The peer will send nothing more.
    private(set) var inputEnded = false
    /// Bytes read and thrown away since the last answer.
    private var discarded = 0

    /// Answers not yet given to the stream.
    var out: [UInt8] = []
    var flushIsScheduled = false

    /// Its place among those that rest, and the request that waits for the end of it, since when, in the loop's
    /// milliseconds.
    var restPlace: Int?
    var held: (head: ParsedHead, since: UInt64)?

    /// Whether its first request, or TLS before it, has not had its turn yet.
    var isNewcomer = true
    /// When it began without anybody having left a place for it, until it is known whether there is one.
    var askedAt: UInt64?
    /// When the handshake began, as long as it counts as one that is under way.
    private(set) var handshakeBegan: UInt64?
    /// How many times as much as a request of its own it costs to refuse the next.
    var weight: Int {
        if exchange.number > 1 { return 1 }
        return stream.secure == nil ? Limits.newcomerWeight : Limits.handshakeWeight
    }

    /// The request being answered.
    var exchange = Exchange()
    var task: Task<Void, Never>?
    /// There from when the handler asks for the body until it has it, or will not have it.
    var collection: BodyCollection?
    /// Whether the peer is given time to read the last answer.
    var lingers = false

    init(_ stream: Transport, of server: HTTPServer, index: Int, isReserve: Bool) {
        self.isReserve = isReserve
        self.stream = stream
        self.server = server
        self.index = index
    }

    var now: UInt64 { server.loop.turnMilliseconds }
    /// Whether it may be closed to make room. Handshakes may: who begins many and ends none must not keep others out.
    var isIdle: Bool {
        phase == .securing || ((phase == .idle || phase == .resting) && !hasBacklog && stream.pendingBytes == 0)
    }
    var hasBacklog: Bool { backlogStart < backlog.count || held != nil }

    /// Memory this connection holds that grows with what its peer does, but for a body somebody asked for.
    var heldBytes: Int {
        backlog.capacity + (stream.secure?.openingBytes ?? 0) + parser.heldBytes + out.capacity + stream.copiedBytes
            + (held?.head.fields.bytes.capacity ?? 0)
    }

    func start() {
        deadline = now + server.timing.idleTimeout
        if stream.secure != nil {
            phase = .securing
            deadline = now + server.timing.handshakeDeadline
        }
        stream.setReadSize(Limits.readBytesBeforeBody)
        stream.start(self)
    }

    /// TLS waits for its turn: it costs more than most requests do, and nothing of it is of use to one that is refused.
    func streamMayBegin() -> Bool {
        if server.mayBeginHandshake(self) || server.mayOvertake(stream.peer, weight: weight) {
            beginHandshake()
            return true
        }
        phase = .resting
        restPlace = server.wait(self, weight: weight)
        return false
    }

    func beginHandshake() {
        isNewcomer = false
        phase = .securing
        deadline = now + server.timing.handshakeDeadline
        handshakeBegan = now
        server.handshaking += 1
    }

    /// It is done, or has taken so long that it is the peer who is slow.
    func endHandshake() {
        if handshakeBegan != nil { server.handshaking -= 1 }
        handshakeBegan = nil
    }

    /// If there was no place for it, that is known now.
    func endAsking() {
        if askedAt != nil { server.resting.noteAnswer(weight: weight) }
        askedAt = nil
    }

    // MARK: Input

    func streamDidRead(_ bytes: Span<UInt8>) {
        if phase == .flushing || phase == .lingering {
            discarded += bytes.count
            if discarded > Limits.lingerBytes { close() }
            return
        }
        if hasBacklog {
            backlog.append(bytes, 0..<bytes.count)
            advanceBacklog()
            return
        }
        var cursor = 0
        advance(bytes, &cursor)
        if cursor < bytes.count, acceptsInput {
            backlog.append(bytes, cursor..<bytes.count)
            pauseOrResume()
        }
    }

    private var acceptsInput: Bool {
        switch phase {
        case .idle, .head, .handling, .draining, .resting: true
        case .securing, .flushing, .lingering, .closed: false
        }
    }

    /// Parses what waited, as far as the phase allows.
    func advanceBacklog() {
        if hasBacklog {
            // Another reference, not a copy: parsing must not hold an access to a property.
            let waiting = backlog
            var cursor = backlogStart
            advance(waiting.span, &cursor)
            backlogStart = cursor
        }
        if backlogStart == backlog.count || !acceptsInput {
            backlog = []
            backlogStart = 0
        } else if backlogStart > Limits.backlogBytes {
            backlog.removeFirst(backlogStart)
            backlogStart = 0
        }
        if inputEnded, !hasBacklog { endOfInput() }
        pauseOrResume()
    }

    private func pauseOrResume() {
        guard acceptsInput, !inputEnded else { return }
        if backlog.count - backlogStart >= Limits.backlogBytes { stream.stopReading() } else { stream.startReading() }
    }

    private func advance(_ input: Span<UInt8>, _ cursor: inout Int) {
        while mayParse, let action = parser.next(input, &cursor) {
            switch action {
            case .head(let head): begin(head)
            case .body(let range): receive(input, range)
            case .bodyEnd: endBody()
            case .reject(let rejection): receive(rejection)
            }
        }
        if phase == .idle, parser.isInsideHead {
            phase = .head
            deadline = now + server.timing.headDeadline
        }
    }

    private var mayParse: Bool {
        switch phase {
        case .idle, .head: out.count + stream.pendingBytes < Limits.outgoingBytes
        case .handling: exchange.body == .collecting || exchange.body == .discarding
        case .draining: true
        case .resting: held == nil
        case .securing, .flushing, .lingering, .closed: false
        }
    }

    // MARK: Events

    func streamDidSecure() {
        server.statistics.handshakes += 1
        endHandshake()
        noteHandshake(.done)
        phase = .idle
        deadline = now + server.timing.idleTimeout
    }

    func streamDidEnd() {
        inputEnded = true
        if phase == .lingering { return close() }
        // Who was refused and left is not worth an answer to what waits.
        if !hasBacklog || phase == .resting { endOfInput() }
        // Whoever closed its side of the connection is, nearly always, no longer there to be answered.
        if phase == .handling { task?.cancel() }
    }

    /// All that the peer sent has been parsed, and it will send no more.
    private func endOfInput() {
        switch phase {
        case .idle, .draining, .resting: end(lingering: false)
        case .securing:
            noteHandshake(.abandoned)
            close()
        case .head: fail(.badRequest)
        case .handling where exchange.body == .collecting: fail(.badRequest)
        case .handling, .flushing, .lingering, .closed: break
        }
    }

    func streamDidFail() {
        noteHandshake(.abandoned)
        close()
    }

    func streamDidDrain() {
        writeDeadline = .max
        switch phase {
        case .flushing: finishFlushing()
        case .securing, .closed: break
        default:
            advanceBacklog()
            flush()
        }
    }
}
