import Glibc

/// A blocking socket that sends what no HTTP client would, in the clear or through TLS.
final class TestClient {
    struct Response {
        let status: Int
        let fields: [(name: String, value: String)]
        let body: [UInt8]

        subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let socket: Int32
    private var received: [UInt8] = []
    private var isOpen = true
    /// There once `secure` was called.
    private(set) var tls: TLSEndpoint?

    /// Connects to the loopback; nothing blocks longer than a minute. `receiveBuffer` bounds what the kernel takes in.
    init?(_ port: UInt16, receiveBuffer: Int32? = nil) {
        // No child process of another test inherits it: that would keep it open.
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 { return nil }
    }

    deinit { close() }

    func close() {
        if isOpen { Glibc.close(socket) }
        isOpen = false
    }

    /// Ends the connection with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func finishSending() {
        if let tls {
            tls.sendCloseNotify()
            sendRaw(tls.take())
        }
        shutdown(socket, Int32(SHUT_WR))
    }

    /// Begins TLS; false if the server refuses.
    func secure(_ options: TLSEndpoint.Options = .init()) -> Bool {
        let endpoint = TLSEndpoint(options)
        tls = endpoint
        while true {
            let status = endpoint.handshake()
            // What was agreed on, or an alert.
            sendRaw(endpoint.take())
            if let status { return status }
            if receiveRecords() <= 0 { return false }
        }
    }

    // MARK: Sending

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Sends all bytes, or returns false if the server has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        guard let tls else { return sendRaw(bytes) }
        tls.write(bytes)
        return sendRaw(tls.take())
    }

    /// The same past TLS.
    @discardableResult
    func sendRaw(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// Sends until the kernel takes nothing more for `quietMilliseconds`; the number of bytes it took.
    func sendUntilFull(_ bytes: [UInt8], quietMilliseconds: Int32) -> Int {
        var sent = 0
        while sent < bytes.count {
            var descriptor = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            if unsafe poll(&descriptor, 1, quietMilliseconds) <= 0 { break }
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, flags)
            }
            if count <= 0 { break }
            sent += count
        }
        return sent
    }

    // MARK: Receiving

    /// Whether something can be read, waiting for it for at most `milliseconds`.
    func hasInput(within milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        if !received.isEmpty { return true }
        guard let tls else { return unsafe poll(&descriptor, 1, milliseconds) > 0 }
        // Records may hold nothing for us, such as a ticket.
        while true {
            switch tls.read() {
            case .bytes(let bytes): received += bytes
            case .closed, .failed: break
            case .wantsMore:
                if unsafe poll(&descriptor, 1, milliseconds) <= 0 { return false }
                if receiveRecords() > 0 { continue }
            }
            return true
        }
    }

    /// Reads once: how many bytes came, 0 at the end, -1 after a failure. A signal is no failure: a socket with a limit
    /// of time is not read on by itself after one.
    private func receive() -> Int {
        guard let tls else {
            let bytes = receiveRaw()
            if let bytes { received += bytes }
            return bytes.map(\.count) ?? -1
        }
        while true {
            switch tls.read() {
            case .bytes(let bytes):
                received += bytes
                return bytes.count
            case .closed: return 0
            case .failed: return -1
            case .wantsMore:
                // An end without close_notify is none.
                if receiveRecords() <= 0 { return -1 }
            }
        }
    }

    private func receiveRecords() -> Int {
        guard let bytes = receiveRaw() else { return -1 }
        tls?.put(bytes)
        return bytes.count
    }

    /// What came; nothing at the end, nil after a failure.
    func receiveRaw() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var count: Int
        repeat { count = unsafe recv(socket, &buffer, buffer.count, 0) } while count < 0 && errno == EINTR
        return count < 0 ? nil : Array(buffer[..<count])
    }

    /// All bytes up to the server's close; nil if the connection broke or nothing came for a minute.
    func readToEnd() -> String? {
        var count: Int
        repeat { count = receive() } while count > 0
        if count < 0 { return nil }
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// Whether the server has closed its side without sending anything more.
    func isAtEnd() -> Bool { readToEnd() == "" }

    /// The next response; nil if none came. `withoutBody`: the request was a HEAD.
    func response(withoutBody: Bool = false) -> Response? {
        var headEnd: Int?
        repeat {
            headEnd = endOfHead()
            if headEnd == nil, receive() <= 0 { return nil }
        } while headEnd == nil
        let lines = String(decoding: received[..<headEnd!], as: UTF8.self).split(separator: "\r\n")
        let fields = lines.dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (name: line[..<colon].lowercased(), value: String(line[colon...].dropFirst(2)))
        }
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        received.removeFirst(headEnd!)
        let length = withoutBody ? 0 : fields.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        while received.count < length { if receive() <= 0 { return nil } }
        defer { received.removeFirst(length) }
        return Response(status: status, fields: fields, body: Array(received[..<length]))
    }

    private func endOfHead() -> Int? {
        guard received.count >= 4 else { return nil }
        return (4...received.count).first { received[$0 - 4..<$0].elementsEqual([13, 10, 13, 10]) }
    }
}
