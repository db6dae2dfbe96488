import CCurl
import Runtime

/// A connection's socket, watched from its first transfer until curl closes it. Loop-bound.
///
/// Between two transfers curl does not look at a connection. We go on watching it for reading: that costs nothing,
/// spares two calls of epoll_ctl per request, and shows at once when the peer closes it or sends what nobody asked for.
/// Such a connection is never used again: a late second answer would otherwise be taken for the answer to the next
/// request.
final class ConnectionSocket {
    let socket: Int32
    private let watcher: SocketWatcher
    private let act: (Int32) -> Void
    /// What curl wants to know, one of `CURL_POLL_…`; nil between two transfers.
    private(set) var wanted: Int32?

    /// Whose request went out on this connection, kept from an earlier one, and has no answer yet: told of its first
    /// byte. Once curl has read it, nobody could tell whether it came.
    var asker: Transfer?

    /// Known once it has been idle.
    private(set) var path: SocketPath?

    /// - Parameter act: gives `CURL_CSELECT_…` events to curl.
    init(_ loop: EventLoop, _ socket: Int32, act: @escaping (Int32) -> Void) {
        self.socket = socket
        self.act = act
        watcher = SocketWatcher(loop, socket: socket)
    }

    func want(_ what: Int32) {
        wanted = what
        switch what {
        case CURL_POLL_OUT: watch(.writable)
        case CURL_POLL_INOUT: watch([.readable, .writable])
        case CURL_POLL_IN: watch(.readable)
        default: watch([])
        }
    }

    /// The transfer is over and the connection kept. False if the transfer did not end by reading an answer: then the
    /// socket may be closed already.
    func becomeIdle() -> Bool {
        guard wanted == CURL_POLL_IN else { return false }
        wanted = nil
        asker = nil
        if path == nil { path = Socket.path(of: socket) }
        return true
    }

    private func watch(_ readiness: SocketWatcher.Readiness) {
        watcher.watch(readiness) { [weak self] readiness in self?.isReady(readiness) }
    }

    private func isReady(_ readiness: SocketWatcher.Readiness) {
        if wanted == nil {
            Socket.spoil(socket)
            watcher.watch([]) { _ in }
            return
        }
        if let asker {
            self.asker = nil
            if Socket.hasByte(socket) { asker.answerBegins() }
        }
        var events: Int32 = 0
        if readiness.contains(.readable) { events |= CURL_CSELECT_IN }
        if readiness.contains(.writable) { events |= CURL_CSELECT_OUT }
        if readiness.contains(.failed) { events |= CURL_CSELECT_ERR }
        act(events)
    }

    func close() {
        asker = nil
        watcher.close()
    }
}
