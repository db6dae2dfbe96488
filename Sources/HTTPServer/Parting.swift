import Runtime

/// A connection that was told that there is no room for it, until its client has read that: a reset on bytes nobody
/// read would take the answer away. Holds a descriptor and nothing else. Loop-bound.
final class Parting: TCPStreamDelegate {
    /// In the loop's milliseconds.
    let deadline: UInt64
    private let stream: TCPStream
    private unowned let server: HTTPServer
    private var discarded = 0

    /// Begins with an answer written, which a new socket's buffer takes whole.
    init(_ stream: TCPStream, until deadline: UInt64, server: HTTPServer) {
        self.stream = stream
        self.deadline = deadline
        self.server = server
        stream.readSize = Limits.readBytesBeforeBody
        stream.delegate = self
        if stream.pendingBytes == 0 { stream.finishWriting() }
        stream.startReading()
    }

    func streamDidRead(_ bytes: Span<UInt8>) {
        discarded += bytes.count
        if discarded > Limits.partingBytes { close() }
    }

    func streamDidEnd() { close() }
    func streamDidFail() { close() }
    func streamDidDrain() { stream.finishWriting() }

    func close() {
        if stream.isClosed { return }
        stream.close()
        server.remove(self)
    }
}
