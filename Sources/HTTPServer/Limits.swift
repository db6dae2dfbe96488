/// Every bound of the HTTP server, with its unit and its reason.
package enum Limits {
    /// 8 KiB: RFC 9112 section 3 asks for at least 8000 bytes. Over it: 414.
    package static let requestLineBytes = 8 * 1024
    /// 32 KiB for request line and fields together: several times what clients send. Over it: 431.
    package static let headBytes = 32 * 1024
    /// Lookup is linear, and each field costs 8 bytes of index. Over it: 431.
    package static let fieldCount = 100
    /// One chunk-size line: 16 digits, and extensions that nobody uses.
    package static let chunkLineBytes = 256
    /// All chunk extensions of one body: they are framing that carries nothing, so a sender of many is an attacker.
    package static let chunkExtensionBytes = 8 * 1024
    /// All trailer fields of one body; they are checked and dropped. Over it: 431.
    package static let trailerBytes = 8 * 1024

    /// Bytes read at once while no body is wanted. With `backlogBytes` and `headBytes` it keeps what a connection holds
    /// before its request is authenticated under 64 KiB.
    static let readBytesBeforeBody = 8 * 1024
    /// Bytes taken from the socket ahead of the request being answered; from there on they wait in the kernel.
    static let backlogBytes = 8 * 1024
    /// Unread body that is cheaper to read away than a new connection would be.
    static let drainedBodyBytes = 64 * 1024
    /// Answers gathered or waiting in a connection before it stops taking up further pipelined requests.
    static let outgoingBytes = 64 * 1024
    /// From here on a body is sent by itself and not copied: beside it one more write costs nothing.
    static let sharedBodyBytes = 64 * 1024
    /// Bytes thrown away while waiting for a peer to read its last answer and close: 16 MiB, so that a client that
    /// sends a photograph as a logo is told that it is too large, and not merely cut off. Time bounds it too.
    static let lingerBytes = 16 * 1024 * 1024
    /// What TLS says by itself, such as answers to new keys, while the peer does not read: who asks for more is an
    /// attacker.
    static let controlBytes = 16 * 1024
    /// Connections looked at for one that is idle, when there is no room for another.
    static let connectionsLookedAt = 64
    /// Connections that come back a millisecond on one loop after their request was refused, while all are refused
    /// again: 2 000 a second, which costs a few hundredths of a core.
    static let restedPerMillisecond = 2
    /// Connections that come back at once, and how often some do: 16 000 a second while none is refused again. Likewise
    /// what may not wait.
    static let restedAtOnce = 80
    static let restTickMilliseconds: UInt64 = 5
    /// Of that, when newcomers are served and leave as fast as this, one in so many remains: 400 a second. Five times
    /// as much as is refused at most, those who wait have their turn soon without.
    static let leastOfRefusals = 5
    static let servedPerMillisecond = 10
    /// While nobody was refused for so long, it does not matter how many begin before the first of them are answered.
    static let calmMilliseconds: UInt64 = 1_000
    /// Longer than turns and than what a database answers at once.
    static let servedWindowMilliseconds: UInt64 = 200
    /// Places that newcomers who were served have left for others, at most: 1 024, as many as are under way, as one
    /// turn may answer them all.
    static let spare = 2048
    /// Newcomers that begin in one turn before it is known whether there is room for them, by weight: 256, half of what
    /// may be under way of reads, and some milliseconds if all are refused.
    static let begunUnasked = 512
    /// To refuse the first request of a connection costs as much as so many others: 1 000 a second.
    static let newcomerWeight = 2
    /// And after a TLS handshake, the dearest thing that anyone can ask for unknown: 250 a second.
    static let handshakeWeight = 8
    /// Connections taken from the kernel in one turn by weight, 64 and with TLS 16: some milliseconds, in which what is
    /// under way waits.
    static let acceptsPerTurn = 128
    /// Connections whose first request may wait, of `connections` that there may be: 4 096 of 16 384, with TLS a
    /// quarter of that, have their turn within about four seconds though all are refused. Nobody more is taken from the
    /// kernel meanwhile.
    static func waiting(_ connections: Int, weight: Int) -> Int { max(1, connections / (2 * weight)) }
    /// TLS handshakes under way on one loop: few, as all may end in one turn, and whose request is then refused has
    /// cost a handshake for nothing.
    static let handshakesAtOnce = 32
    /// From here on it is the peer who is slow or far away, and another handshake may begin beside its: at most 640 a
    /// second with such peers.
    static let handshakeMilliseconds: UInt64 = 50
    /// Addresses of which handshakes do not wait: an upstream posts from a few.
    static let welcomePeers = 64
    /// Connections that were refused at once and are given time to read it. There is always one more: the oldest ends.
    static let partings = 256
    /// Bytes of each that are read away: a webhook, several times over.
    static let partingBytes = 256 * 1024
    /// Places of those who rested, kept for the next: 24 bytes each.
    static let restingKept = 256
    /// First reservation for a body, whatever length it announces: memory follows bytes that came.
    static let bodyReservationBytes = 64 * 1024
}
