import Foundation
import Glibc
import Synchronization

/// Accepts connections on a port of this machine and runs a handler for each on a thread of its own.
package final class LoopbackListener: Sendable {
    package let port: UInt16
    private let descriptor: Int32
    private let state = Mutex(State())

    private struct State: ~Copyable {
        var isStopped = false
        var accepted = 0
    }

    /// Listens on a port the kernel chooses. `handler` gets the connection and its number; its end closes it.
    package init(_ handler: @escaping @Sendable (LoopbackConnection) -> Void) throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = LoopbackSocket.address(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listening, $0, length) == 0 && listen(listening, 1_024) == 0
                    && getsockname(listening, $0, &length) == 0
            }
        }
        guard status else { throw LoopbackSocket.Failure.refused(errno: errno) }
        port = UInt16(bigEndian: address.sin_port)
        descriptor = listening
        Thread.detachNewThread { [self] in
            while true {
                let accepted = accept(listening, nil, nil)
                let number = state.withLock { state -> Int? in
                    state.accepted += 1
                    return state.isStopped ? nil : state.accepted
                }
                guard let number else {
                    if accepted >= 0 { close(accepted) }
                    close(listening)
                    return
                }
                guard accepted >= 0 else { continue }
                _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
                let connection = LoopbackConnection(socket: LoopbackSocket(accepted: accepted), number: number)
                Thread.detachNewThread { handler(connection) }
            }
        }
    }

    /// Accepts no more: a connection attempt is refused.
    package func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        if isFirst { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
}

/// An accepted connection: read by the handler's thread alone, hung up by whoever wants it to end.
package final class LoopbackConnection: @unchecked Sendable {
    package let socket: LoopbackSocket
    package let number: Int

    init(socket: LoopbackSocket, number: Int) {
        self.socket = socket
        self.number = number
    }
}
