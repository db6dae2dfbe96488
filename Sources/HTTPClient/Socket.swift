import Glibc

/// The few socket calls this module makes itself; curl makes the rest.
enum Socket {
    /// A TCP socket for curl to connect; -1 if there is none.
    static func open(family: Int32, kind: Int32) -> Int32 {
        socket(family, kind | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    }

    /// Makes a connection that was idle and became readable useless: what came is not an answer to anything. After this curl's
    /// own look at the socket finds it ended, and it opens a new one.
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

    static func close(_ socket: Int32) { _ = Glibc.close(socket) }
}
