import Runtime
import TLS

/// Who uses a stream through TLS hears of these as well.
protocol SecureStreamDelegate: TCPStreamDelegate {
    /// The peer has begun its handshake. If it is not answered now, `begin()` answers it.
    func streamMayBegin() -> Bool
    /// The handshake is complete: plaintext may follow, and be written.
    func streamDidSecure()
    /// The peer broke TLS, or never spoke it. An alert is on its way, if there is one; nothing more will come.
    func streamDidBreak(isPlainHTTP: Bool)
}

/// A TCP stream seen through TLS: what `TCPStream` is, with plaintext. Loop-bound; `close()` it before it is let go.
final class SecureStream: TCPStreamDelegate {
    let tcp: TCPStream
    /// Held until `close()`.
    var delegate: (any SecureStreamDelegate)?
    private let session: TLSSession
    private let buffers: TLSBuffers

    /// What `write(sharing:)` was given, until all of it is encrypted.
    private var shared: [UInt8] = []
    private var sharedSent = 0
    private var sharedRest: Int { shared.count - sharedSent }
    /// The end of writing waits for what is pending.
    private var finishesWhenDrained = false
    private var hasBegun = false
    /// What the peer began with, until it is answered: one read.
    private var opening: [UInt8] = []
    private var isBroken = false
    private var hasEnded = false
    /// Bytes of what the protocol says by itself that wait for the peer to read them.
    private var controlBytes = 0
    /// Bytes that came after the end, and were thrown away.
    private var discarded = 0

    init(_ tcp: TCPStream, _ context: TLSContext, _ buffers: TLSBuffers) {
        self.tcp = tcp
        self.buffers = buffers
        session = TLSSession(context, buffers)
        tcp.delegate = self
    }

    /// Bytes given to `write` that the kernel has not taken yet.
    var pendingBytes: Int { tcp.pendingBytes + sharedRest }

    /// Bytes held of a peer that waits.
    var openingBytes: Int { opening.capacity }

    /// Why the handshake broke, if it did.
    var failure: TLSHandshakeEnd? { session.failure }

    // MARK: Reading

    func streamDidRead(_ bytes: Span<UInt8>) {
        if isBroken || hasEnded {
            discarded += bytes.count
            if discarded > Limits.lingerBytes { delegate?.streamDidFail() }
            return
        }
        if !hasBegun {
            hasBegun = delegate?.streamMayBegin() ?? false
            if !hasBegun {
                opening.append(bytes, 0..<bytes.count)
                tcp.stopReading()
                return
            }
        }
        session.withInput(bytes) { while takeStep() {} }
    }

    /// Answers a peer that had to wait.
    func begin() {
        hasBegun = true
        let bytes = opening
        opening = []
        session.withInput(bytes.span) { while takeStep() {} }
        if !tcp.isClosed, !isBroken, !hasEnded { tcp.startReading() }
    }

    /// Whether there may be a further step.
    private func takeStep() -> Bool {
        guard let delegate else { return false }
        let step = session.step()
        sendControl()
        switch step {
        case .secured: delegate.streamDidSecure()
        case .bytes(let count): buffers.withPlain(count) { delegate.streamDidRead($0) }
        case .wantsMore:
            if controlBytes > Limits.controlBytes { delegate.streamDidFail() }
            return false
        case .ended:
            end()
            return false
        case .broken(let isPlainHTTP):
            isBroken = true
            dropShared()
            delegate.streamDidBreak(isPlainHTTP: isPlainHTTP)
            return false
        }
        return true
    }

    /// With close_notify or without: what was asked in full is answered, and the rest is cut short as the request's own
    /// framing tells.
    func streamDidEnd() {
        if !hasEnded { end() }
    }

    private func end() {
        hasEnded = true
        tcp.stopReading()
        delegate?.streamDidEnd()
    }

    func streamDidFail() {
        isBroken = true
        delegate?.streamDidFail()
    }

    // MARK: Writing

    /// As `TCPStream.write`.
    func write(_ bytes: Span<UInt8>) {
        if sharedRest > 0 {
            // What is shared comes first, and cannot wait behind what follows it.
            session.write(shared.span.extracting(sharedSent..<shared.count))
            dropShared()
        }
        session.write(bytes)
        send()
    }

    /// As `TCPStream.write(sharing:)`: no more than a piece is encrypted ahead of the peer.
    func write(sharing bytes: [UInt8]) {
        if sharedRest > 0 { return write(bytes.span) }
        if tcp.isClosed || !session.canWrite { return }
        shared = bytes
        sharedSent = 0
        sendShared()
    }

    private func sendShared() {
        while tcp.pendingBytes == 0, sharedRest > 0, !tcp.isClosed {
            let end = min(shared.count, sharedSent + Limits.outgoingBytes)
            session.write(shared.span.extracting(sharedSent..<end))
            sharedSent = end
            send()
        }
        if sharedRest == 0 { dropShared() }
    }

    private func dropShared() {
        shared = []
        sharedSent = 0
    }

    private func send() {
        if buffers.outgoing.isEmpty { return }
        buffers.takeOutgoing { tcp.write($0) }
    }

    /// Sends what reading brought about: the handshake, an alert, the answer to a new key.
    private func sendControl() {
        controlBytes += buffers.outgoing.count
        send()
        if tcp.pendingBytes == 0 { controlBytes = 0 }
    }

    func streamDidDrain() {
        controlBytes = 0
        sendShared()
        if pendingBytes > 0 { return }
        if finishesWhenDrained {
            finishesWhenDrained = false
            tcp.finishWriting()
        }
        delegate?.streamDidDrain()
    }

    // MARK: End

    /// As `TCPStream.finishWriting`, after close_notify.
    func finishWriting() {
        session.endWriting()
        send()
        if tcp.pendingBytes == 0 { tcp.finishWriting() } else { finishesWhenDrained = true }
    }

    /// Ends the connection at once. Who has had all that was to come is told that it was all.
    func close() {
        if tcp.isClosed { return }
        if pendingBytes == 0, !isBroken {
            session.endWriting()
            send()
        }
        delegate = nil
        dropShared()
        tcp.close()
    }
}
