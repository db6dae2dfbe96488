import Foundation
import Glibc
import Synchronization

/// A TCP server on 127.0.0.1 whose behaviour is a closure that owns one accepted connection, on a thread of its own.
final class LoopbackServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let accepted = Mutex(0)
    private let open = Mutex<Set<Int32>>([])

    var connectionCount: Int { accepted.withLock { $0 } }

    /// - Parameter serve: talks on the connection; it is closed on return. Connections are numbered from 1.
    init(address: StaticString = "127.0.0.1", serve: @escaping @Sendable (PeerConnection) -> Void) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = unsafe inet_addr(address.description)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &name) { name in
            unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) { base in
                unsafe bind(listener, base, size) == 0 && listen(listener, 512) == 0
                    && getsockname(listener, base, &size) == 0
            }
        }
        precondition(bound, "a loopback port must be free")
        self.listener = listener
        port = UInt16(bigEndian: name.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let socket = accept(listener, nil, nil)
                if socket < 0 { break }
                // A child process of another test must not keep it open.
                _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
                let number = accepted.withLock { count in
                    count += 1
                    return count
                }
                open.withLock { _ = $0.insert(socket) }
                Thread.detachNewThread { [self] in
                    serve(PeerConnection(socket: socket, number: number))
                    open.withLock { _ = $0.remove(socket) }
                    Glibc.close(socket)
                }
            }
            // By nobody else: this thread would accept at whatever got the number next, another test's server.
            Glibc.close(listener)
        }
    }

    /// Ends the listener and all connections.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        open.withLock { for socket in $0 { shutdown(socket, Int32(SHUT_RDWR)) } }
    }
}

/// A port that refuses connections: bound, so that no server of another test gets it meanwhile, and not listened on.
struct HeldPort: Sendable {
    let port: UInt16
    private let socket: Int32

    init() {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &name) { [socket] name in
            unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) { base in
                unsafe bind(socket, base, size) == 0 && getsockname(socket, base, &size) == 0
            }
        }
        precondition(bound, "a loopback port must be free")
        port = UInt16(bigEndian: name.sin_port)
    }

    func release() { Glibc.close(socket) }
}

/// The server's end of one connection. All calls block.
struct PeerConnection: Sendable {
    let socket: Int32
    let number: Int

    /// One request, head and body; nil at the end of the connection.
    func readRequest() -> PeerRequest? {
        var bytes: [UInt8] = []
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let length =
                    head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                if bytes.count - end.upperBound >= length {
                    return PeerRequest(head: head, body: Array(bytes[end.upperBound...]))
                }
            }
            guard let more = read(), !more.isEmpty else { return nil }
            bytes += more
        }
    }

    /// Some bytes; empty at the end, nil after an error.
    func read() -> [UInt8]? {
        var room = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe recv(socket, &room, room.count, 0)
        return count < 0 ? nil : Array(room[..<count])
    }

    /// Whether all of it was taken.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe send(socket, raw.baseAddress! + sent, raw.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    func answer(_ status: Int = 200, body: String = "") {
        write("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Ends the connection, whoever else holds the socket.
    func end() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Makes the close that follows a reset.
    func resetOnClose() {
        var now = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    }

    /// Lets 20 ms pass, or less if the other end closes.
    func waitBriefly() -> Bool {
        var events = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&events, 1, 20) == 0
    }

    /// Waits until the other end has taken everything that was written.
    func waitUntilRead() {
        var unread: Int32 = 0
        repeat { unsafe _ = ioctl(socket, UInt(TIOCOUTQ), &unread) } while unread > 0 && waitBriefly()
        _ = waitBriefly()
    }

    /// Waits until the other end closes.
    func waitForEnd() { while let bytes = read(), !bytes.isEmpty {} }
}

struct PeerRequest: Sendable {
    let head: String
    let body: [UInt8]
    var line: String { head.components(separatedBy: "\r\n")[0] }
    func header(_ name: String) -> String? {
        head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}
