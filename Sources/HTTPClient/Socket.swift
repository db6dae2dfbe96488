import Glibc
import Runtime

/// Both ends of one connection: what tells it from all others of this machine.
struct SocketPath: Hashable {
    let local: IPAddress
    let localPort: UInt16
    let peer: IPAddress
    let peerPort: UInt16
}

/// The few socket calls this module makes itself; curl makes the rest.
enum Socket {
    /// A TCP socket for curl to connect; -1 if there is none.
    static func open(family: Int32, kind: Int32) -> Int32 {
        socket(family, kind | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    }

    /// Makes a connection that was idle and became readable useless: what came is not an answer to anything. After this
    /// curl's own look at the socket finds it ended, and it opens a new one.
    static func spoil(_ socket: Int32) {
        var room = [UInt8](repeating: 0, count: 4_096)
        var total = 0
        while total < Limits.idleDrainBytes {
            let count = unsafe recv(socket, &room, room.count, Int32(MSG_DONTWAIT))
            if count <= 0 { break }
            total += count
        }
        _ = shutdown(socket, Int32(SHUT_RDWR))
    }

    /// Whether there is something to read, the peer's end of the connection included.
    static func hasUnread(_ socket: Int32) -> Bool {
        var byte: UInt8 = 0
        if unsafe recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) >= 0 { return true }
        return errno != EAGAIN
    }

    /// Whether there is a byte to read; its end, or its failure, is none.
    static func hasByte(_ socket: Int32) -> Bool {
        var byte: UInt8 = 0
        return unsafe recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
    }

    /// Nil if the socket is not connected.
    static func path(of socket: Int32) -> SocketPath? {
        guard let local = unsafe end(of: socket, getsockname), let peer = unsafe end(of: socket, getpeername) else {
            return nil
        }
        return SocketPath(local: local.0, localPort: local.1, peer: peer.0, peerPort: peer.1)
    }

    private static func end(
        of socket: Int32, _ ask: (Int32, UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>?) -> Int32
    ) -> (IPAddress, UInt16)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutableBytes(of: &storage) { raw in
            guard let start = raw.baseAddress,
                unsafe ask(socket, start.assumingMemoryBound(to: sockaddr.self), &length) == 0,
                let address = unsafe IPAddress(socketAddress: start, length: Int(length))
            else { return nil }
            return (address, unsafe IPAddress.port(ofSocketAddress: start, length: Int(length)))
        }
    }

    static func close(_ socket: Int32) { _ = Glibc.close(socket) }
}
