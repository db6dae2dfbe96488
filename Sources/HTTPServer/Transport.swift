import Runtime

/// A connection's bytes in the clear: its stream's own, or what TLS makes of them. Without TLS it adds nothing to the
/// stream but the question.
struct Transport {
    let tcp: TCPStream
    let secure: SecureStream?

    var peer: PeerAddress { tcp.peer }
    /// See `TCPStream`; so with all that follows.
    var pendingBytes: Int { if let secure { secure.pendingBytes } else { tcp.pendingBytes } }
    var copiedBytes: Int { tcp.copiedBytes }

    /// Hands `connection` what comes.
    func start(_ connection: Connection) {
        if let secure { secure.delegate = connection } else { tcp.delegate = connection }
        tcp.startReading()
    }

    /// At most this many bytes, or records of so many, are read at once.
    func setReadSize(_ bytes: Int) { tcp.readSize = bytes }
    func startReading() { tcp.startReading() }
    func stopReading() { tcp.stopReading() }
    func write(_ bytes: Span<UInt8>) { if let secure { secure.write(bytes) } else { tcp.write(bytes) } }

    func write(sharing bytes: [UInt8]) {
        if let secure { secure.write(sharing: bytes) } else { tcp.write(sharing: bytes) }
    }

    func finishWriting() { if let secure { secure.finishWriting() } else { tcp.finishWriting() } }
    func close() { if let secure { secure.close() } else { tcp.close() } }
}
