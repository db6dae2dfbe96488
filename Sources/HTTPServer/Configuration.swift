package import TLS

/// What a server is told at its start. Times and ids come from here, so that tests can choose them.
package struct HTTPServerConfiguration: Sendable {
    /// A new id for `X-Request-Id`; visible ASCII only.
    package var requestId: @Sendable () -> [UInt8]
    /// The body of an answer that the server gives without a handler, from its status and request id.
    package var errorBody: @Sendable (_ status: Int, _ requestId: [UInt8]) -> (contentType: String, body: [UInt8])
    /// Seconds since 1970, for `Date`.
    package var unixTime: @Sendable () -> Int64

    /// Whether several loops, or processes, listen on the port side by side.
    package var sharesPort = false
    /// Open connections of this server on this loop. Over it the longest idle one makes room; if none is idle, 503.
    package var connectionLimit = 16_384
    /// Of these, the last so many are reserved: a request that came through one while all others are taken says
    /// `isCrowded`, and whoever answers it decides whether it may.
    package var reservedConnections = 0
    /// Open connections of one peer address. By default no bound of its own: behind a proxy all have one address.
    package var connectionLimitPerPeer = 16_384

    /// The certificate of a server that speaks TLS; nil for one that speaks in the clear.
    package var tls: CurrentTLS?
    /// From the start of a connection to the end of its TLS handshake; over it the connection is closed.
    package var handshakeDeadline = Duration.seconds(10)

    /// From a head's first byte to its last, in all: over it 408. Slow senders are cut off however steadily they send.
    package var headDeadline = Duration.seconds(10)
    /// How long a connection may wait for its next request.
    package var idleTimeout = Duration.seconds(75)
    /// A body, and the reading of an answer, may take this long and the time its bytes take at the floor rate.
    package var transferGrace = Duration.seconds(10)
    /// Under this rate a body is answered 408, and a client that does not read its answer is cut off.
    package var floorBytesPerSecond = 1024
    /// How long a connection whose request was refused waits, at least, before its next is looked at: long beside what
    /// a refusal costs, short beside the second that `Retry-After` asks for. The more connections do, the longer.
    package var restTime = Duration.milliseconds(100)
    /// Whether a request for this path, that came while its connection rests, waits for the end of the rest.
    package var mayWait: @Sendable (_ path: ArraySlice<UInt8>) -> Bool = { _ in true }
    /// How long a connection that is done waits for its peer to read the last answer and close.
    package var lingerTimeout = Duration.seconds(2)

    package init(
        requestId: @escaping @Sendable () -> [UInt8],
        errorBody:
            @escaping @Sendable (_ status: Int, _ requestId: [UInt8]) -> (contentType: String, body: [UInt8]),
        unixTime: @escaping @Sendable () -> Int64
    ) {
        self.requestId = requestId
        self.errorBody = errorBody
        self.unixTime = unixTime
    }
}

/// The configured times in milliseconds, as the deadlines count.
struct Timing {
    let handshakeDeadline: UInt64
    let headDeadline: UInt64
    let idleTimeout: UInt64
    let transferGrace: UInt64
    let floorBytesPerSecond: UInt64
    let lingerTimeout: UInt64
    let restTime: UInt64
    /// How often deadlines are looked at: one timer for all connections costs nothing per request, and makes a deadline
    /// late by at most this much.
    let sweepInterval: UInt64

    init(_ configuration: HTTPServerConfiguration) {
        precondition(configuration.floorBytesPerSecond > 0, "a floor rate of nothing is no floor")
        handshakeDeadline = Timing.milliseconds(configuration.handshakeDeadline)
        headDeadline = Timing.milliseconds(configuration.headDeadline)
        idleTimeout = Timing.milliseconds(configuration.idleTimeout)
        transferGrace = Timing.milliseconds(configuration.transferGrace)
        floorBytesPerSecond = UInt64(configuration.floorBytesPerSecond)
        lingerTimeout = Timing.milliseconds(configuration.lingerTimeout)
        restTime = Timing.milliseconds(configuration.restTime)
        let shortest = min(handshakeDeadline, headDeadline, idleTimeout, transferGrace, lingerTimeout)
        sweepInterval = min(max(shortest / 16, 5), 500)
    }

    /// How long `bytes` may take.
    func allowance(_ bytes: Int) -> UInt64 { transferGrace + UInt64(bytes) * 1000 / floorBytesPerSecond }

    private static func milliseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(max(0, seconds)) * 1000 + UInt64(max(0, attoseconds) / 1_000_000_000_000_000)
    }
}
