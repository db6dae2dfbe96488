import Glibc
import Synchronization

/// A blocking TCP connection to a port of this machine. One thread at a time.
package final class LoopbackSocket {
    package enum Failure: Error, Equatable {
        case refused(errno: Int32)
        /// The peer closed, or reset the connection.
        case ended
        /// Nothing came in time.
        case silent
    }

    private let descriptor: Int32

    /// Connects; reads and writes then take at most `limit` each.
    package init(port: UInt16, limit: Duration = .seconds(20)) throws(Failure) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.address(port)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // Thrown from here, it is deinit that closes.
        guard status == 0 else { throw .refused(errno: errno) }
        let whole = limit.components.seconds
        var time = timeval(tv_sec: Int(whole), tv_usec: Int((limit - .seconds(whole)).inSeconds * 1e6))
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe _ = setsockopt(
                descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
        var isOn: Int32 = 1
        unsafe _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, 4)
    }

    /// A connection that a listener accepted.
    init(accepted descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Ends both directions; a thread that reads sees the end.
    func hangUp() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Makes the close that follows a reset.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe _ = setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    package func write(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let rest = bytes[sent...]
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .ended }
            sent += count
        }
    }

    package func write(_ text: String) throws(Failure) { try write(Array(text.utf8)) }

    /// What has come, at least one byte; nil when the peer has closed.
    package func read() throws(Failure) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 { return Array(chunk[..<count]) }
            if count == 0 { return nil }
            switch errno {
            case EINTR: continue
            case EAGAIN: throw .silent
            default: throw .ended
            }
        }
    }

    /// Everything until the peer closes or resets.
    package func readToEnd() throws(Failure) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            do throws(Failure) {
                guard let bytes = try read() else { return all }
                all += bytes
            } catch {
                if error == .silent { throw error }
                return all
            }
        }
    }

    /// Says that nothing more will be written.
    package func endWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// 127.0.0.1 and the port.
    static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

/// Ports for servers that cannot be asked which port they got, and for those that end before their test does.
package enum FreePorts {
    /// Each is handed out once: it looks free to everybody before its server listens, and after that has ended, when
    /// whoever connects is to be refused and not to be answered by another test's server.
    private static let handedOut = Mutex<Set<UInt16>>([])

    /// `count` different free ports below the range the kernel hands out itself.
    package static func take(_ count: Int) -> [UInt16] { (0..<count).map { _ in row(1) } }

    /// The first of `count` free ports in a row.
    package static func row(_ count: UInt16) -> UInt16 {
        handedOut.withLock { handedOut in
            while true {
                let first = UInt16.random(in: 20_000..<32_000 - count)
                let ports = first..<first + count
                guard ports.allSatisfy({ !handedOut.contains($0) && isFree($0) }) else { continue }
                handedOut.formUnion(ports)
                return first
            }
        }
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return bind(descriptor, to: port)
    }

    private static func bind(_ descriptor: Int32, to port: UInt16) -> Bool {
        var address = LoopbackSocket.address(port)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
