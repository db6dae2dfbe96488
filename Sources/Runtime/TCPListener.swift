import CLibUV
import Glibc

/// Why a listener could not be made: the address is not a literal IP address, or a system call failed.
package enum TCPError: Error, Equatable, Sendable {
    case invalidAddress
    /// A libuv code, which is a negated `errno`: `-98` is "address already in use".
    case system(call: StaticName, code: Int32)

    /// A call's name; `StaticString` is not `Equatable`.
    package struct StaticName: Equatable, Sendable, CustomStringConvertible {
        package let description: String
        init(_ name: StaticString) { description = name.description }
    }

    package var isAddressInUse: Bool {
        if case .system(_, let code) = self { code == UV_EADDRINUSE.rawValue } else { false }
    }
}

/// A listening TCP socket of one loop. Loop-bound.
///
/// Several loops listen on one port by each having a listener made with `sharesPort`: the kernel then spreads new
/// connections over them (SO_REUSEPORT).
@safe
package final class TCPListener: @unchecked Sendable {
    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_tcp_t>?
    private var accept: ((TCPStream) -> Void)?
    private var mayAccept: (() -> Bool)?
    /// A connection waits here for `resume()`, and all after it wait in the kernel.
    package private(set) var isHolding = false
    private let buffer: ReadBuffer
    package private(set) var port: UInt16 = 0

    /// Connections the kernel completes before we accept them: half a second's, at the pace of one that is overloaded.
    /// Beyond it the kernel lets who comes try again, a second later.
    private static let backlog: Int32 = 1024

    /// Listens on a literal IPv4 or IPv6 `address`; port 0 lets the kernel choose (see `port`). `mayAccept` is asked
    /// before each connection; once it says no, all wait until `resume()`.
    package init(
        _ loop: EventLoop, address: String, port: UInt16, sharesPort: Bool,
        mayAccept: @escaping () -> Bool = { true }, accept: @escaping (TCPStream) -> Void
    ) throws(TCPError) {
        loop.assertOnLoop()
        self.loop = loop
        self.accept = accept
        self.mayAccept = mayAccept
        buffer = ReadBuffer()
        BrokenPipes.ignore()
        let tcp = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
        var storage = sockaddr_storage()
        guard let family = TCPListener.parse(address, port, &storage) else {
            unsafe tcp.deallocate()
            throw .invalidAddress
        }
        let status = unsafe uv_tcp_init_ex(loop.handle, tcp, UInt32(family))
        if status != 0 {
            unsafe tcp.deallocate()
            throw .system(call: .init("socket"), code: status)
        }
        unsafe tcp.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe handle = unsafe tcp
        do {
            if sharesPort { try unsafe TCPListener.sharePort(tcp) }
            try unsafe open(tcp, &storage)
        } catch {
            close()
            throw error
        }
    }

    deinit { unsafe precondition(handle == nil, "a listener must be closed") }

    /// Stops listening. Streams already accepted live on.
    package func close() {
        loop.assertOnLoop()
        guard let closing = unsafe handle else { return }
        unsafe handle = nil
        accept = nil
        mayAccept = nil
        unsafe UnsafeMutableRawPointer(closing).withMemoryRebound(to: uv_handle_t.self, capacity: 1) { base in
            unsafe uv_close(base) { closed in
                unsafe Unmanaged<TCPListener>.fromOpaque(closed!.pointee.data).release()
                unsafe UnsafeMutableRawPointer(closed!).assumingMemoryBound(to: uv_tcp_t.self).deallocate()
            }
        }
    }

    // MARK: Parts

    private static func parse(_ address: String, _ port: UInt16, _ storage: inout sockaddr_storage) -> Int32? {
        // A NUL would end the C string early and a shorter address would be bound.
        if address.utf8.contains(0) { return nil }
        let isIPv4 = unsafe withUnsafeMutableBytes(of: &storage) {
            unsafe uv_ip4_addr(address, Int32(port), $0.baseAddress!.assumingMemoryBound(to: sockaddr_in.self)) == 0
        }
        if isIPv4 { return AF_INET }
        let isIPv6 = unsafe withUnsafeMutableBytes(of: &storage) {
            unsafe uv_ip6_addr(address, Int32(port), $0.baseAddress!.assumingMemoryBound(to: sockaddr_in6.self)) == 0
        }
        return isIPv6 ? AF_INET6 : nil
    }

    /// libuv before 1.49 has no flag for it, so it is set on the socket that `uv_tcp_init_ex` made, before bind.
    private static func sharePort(_ tcp: UnsafeMutablePointer<uv_tcp_t>) throws(TCPError) {
        var descriptor: uv_os_fd_t = -1
        unsafe UnsafeMutableRawPointer(tcp).withMemoryRebound(to: uv_handle_t.self, capacity: 1) {
            unsafe _ = uv_fileno($0, &descriptor)
        }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        if unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, size) != 0 {
            throw .system(call: .init("setsockopt"), code: -errno)
        }
    }

    private func open(
        _ tcp: UnsafeMutablePointer<uv_tcp_t>, _ storage: inout sockaddr_storage
    ) throws(TCPError) {
        var status = unsafe withUnsafeBytes(of: &storage) {
            unsafe uv_tcp_bind(tcp, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 0)
        }
        if status != 0 { throw .system(call: .init("bind"), code: status) }
        status = unsafe UnsafeMutableRawPointer(tcp).withMemoryRebound(to: uv_stream_t.self, capacity: 1) { stream in
            unsafe uv_listen(stream, TCPListener.backlog) { server, status in
                let me = unsafe Unmanaged<TCPListener>.fromOpaque(server!.pointee.data).takeUnretainedValue()
                me.acceptOne(status)
            }
        }
        if status != 0 { throw .system(call: .init("listen"), code: status) }
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        status = unsafe withUnsafeMutableBytes(of: &storage) {
            unsafe uv_tcp_getsockname(tcp, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        if status != 0 { throw .system(call: .init("getsockname"), code: status) }
        port = PeerAddress(storage)?.port ?? 0
    }

    /// Goes on accepting, if it may.
    package func resume() {
        loop.assertOnLoop()
        if isHolding { acceptOne(0) }
    }

    private func acceptOne(_ status: Int32) {
        guard status == 0, let accept, let mayAccept, let listening = unsafe handle else { return }
        // libuv keeps a connection that is not taken from it, and looks for no other until it is.
        isHolding = !mayAccept()
        if isHolding { return }
        if let stream = unsafe TCPStream(loop, acceptingFrom: listening, buffer: buffer) { accept(stream) }
    }
}

/// Writing to a connection whose peer has gone must be an error of that write, not the end of the process.
enum BrokenPipes {
    static func ignore() { _ = once }
    private static let once: Bool = {
        _ = signal(SIGPIPE, SIG_IGN)
        return true
    }()
}
