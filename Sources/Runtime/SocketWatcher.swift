import CLibUV

/// Watches a socket that a C library owns (libpq's, libcurl's). Loop-bound; `close()` it before the library closes the
/// socket.
@safe
package final class SocketWatcher: @unchecked Sendable {
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }
        package static let readable = Readiness(rawValue: Int32(UV_READABLE.rawValue))
        package static let writable = Readiness(rawValue: Int32(UV_WRITABLE.rawValue))
        /// The socket failed: read it to learn how. It is not watched any more.
        package static let failed = Readiness(rawValue: 1 << 16)
    }

    private let loop: EventLoop
    private var handle: UnsafeMutablePointer<uv_poll_t>?
    private var body: ((Readiness) -> Void)?
    private var watched: Readiness = []

    package init(_ loop: EventLoop, socket: Int32) {
        self.loop = loop
        loop.assertOnLoop()
        let poll = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
        unsafe require(uv_poll_init_socket(loop.handle, poll, socket), "uv_poll_init_socket")
        unsafe poll.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe handle = unsafe poll
    }

    deinit { unsafe precondition(handle == nil, "a socket watcher must be closed") }

    /// Calls `body` whenever the socket is ready for one of `readiness` (level-triggered); none stops watching.
    package func watch(_ readiness: Readiness, _ body: @escaping (Readiness) -> Void) {
        loop.assertOnLoop()
        guard let handle = unsafe handle else { return }
        self.body = body
        if readiness == watched { return }
        watched = readiness
        if readiness.isEmpty {
            unsafe uv_poll_stop(handle)
            return
        }
        unsafe uv_poll_start(handle, readiness.rawValue) { poll, status, events in
            let me = unsafe Unmanaged<SocketWatcher>.fromOpaque(poll!.pointee.data).takeUnretainedValue()
            me.body?(status < 0 ? .failed : Readiness(rawValue: events))
        }
    }

    package func close() {
        loop.assertOnLoop()
        guard let closing = unsafe handle else { return }
        unsafe handle = nil
        body = nil
        unsafe uv_poll_stop(closing)
        unsafe UnsafeMutableRawPointer(closing).withMemoryRebound(to: uv_handle_t.self, capacity: 1) { base in
            unsafe uv_close(base) { closed in
                unsafe Unmanaged<SocketWatcher>.fromOpaque(closed!.pointee.data).release()
                unsafe UnsafeMutableRawPointer(closed!).assumingMemoryBound(to: uv_poll_t.self).deallocate()
            }
        }
    }
}
