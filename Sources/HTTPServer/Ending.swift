import Runtime
import TLS

/// Writing, time and the end of a connection.
extension Connection {
    // MARK: Output

    /// Gives the answers so far to the stream.
    func flush() {
        if phase == .closed { return }
        var sent: [UInt8] = []
        swap(&out, &sent)
        if sent.isEmpty { return }
        stream.write(sent.span)
        if sent.capacity <= Limits.outgoingBytes {
            sent.removeAll(keepingCapacity: true)
            server.spareBuffer = sent
        }
        if stream.pendingBytes > 0 {
            writeDeadline = now + server.timing.allowance(stream.pendingBytes)
        }
    }

    /// As above, and then a body that many connections may be sending.
    func flush(sharing body: [UInt8]) {
        flush()
        if phase == .closed { return }
        stream.write(sharing: body)
        if stream.pendingBytes > 0 {
            writeDeadline = now + server.timing.allowance(stream.pendingBytes)
        }
    }

    /// Flushes once all that can be answered now has been: pipelined requests share a write.
    func flushLater() {
        if flushIsScheduled || out.isEmpty { return }
        flushIsScheduled = true
        server.loop.atTurnEnd { [self] in
            flushIsScheduled = false
            flush()
        }
    }

    // MARK: End

    /// Answers for the server, without a handler, and ends the connection.
    func fail(_ rejection: Rejection) {
        let isAnswering = phase == .handling
        let requestId = isAnswering ? exchange.requestId : server.configuration.requestId()
        let isHead = isAnswering ? exchange.isHead : parser.method == .head
        if out.capacity == 0 { swap(&out, &server.spareBuffer) }
        server.write(rejection, requestId: requestId, isHead: isHead, to: &out)
        end(lingering: true)
        stopCollecting(.lost)
    }

    /// Sends what has been answered and ends the connection: gently, for a peer that may still be sending, because a
    /// reset on bytes we did not read would take the answer away from it.
    func end(lingering: Bool) {
        flush()
        if phase == .closed { return }
        phase = .flushing
        lingers = lingering
        deadline = .max
        if stream.pendingBytes == 0 { finishFlushing() }
    }

    func finishFlushing() {
        if !lingers || inputEnded { return close() }
        phase = .lingering
        deadline = now + server.timing.lingerTimeout
        stream.finishWriting()
        stream.setReadSize(ReadSize.body)
        stream.startReading()
    }

    /// TLS has ended by an error: what was asked and not answered cannot be answered.
    func streamDidBreak(isPlainHTTP: Bool) {
        if phase == .securing { server.statistics.failedHandshakes += 1 }
        noteHandshake(stream.secure?.failure ?? .broken)
        endHandshake()
        if phase == .flushing || phase == .lingering || phase == .closed { return close() }
        out = []
        if isPlainHTTP {
            // Nothing of the request was looked at; whoever took the port for another is told in words they understand.
            var answer: [UInt8] = []
            server.write(.badRequest, requestId: server.configuration.requestId(), isHead: false, to: &answer)
            stream.tcp.write(answer.span)
        }
        task?.cancel()
        task = nil
        end(lingering: true)
        if phase != .closed, stream.pendingBytes > 0 { writeDeadline = now + server.timing.allowance(0) }
        stopCollecting(.lost)
    }

    /// Tells how the handshake ended, if that is what is under way.
    func noteHandshake(_ end: TLSHandshakeEnd) {
        if phase == .securing { server.configuration.tls?.ended(end) }
    }

    /// Ends the connection at once.
    func close() {
        if phase == .closed { return }
        phase = .closed
        endHandshake()
        endAsking()
        stream.close()
        task?.cancel()
        task = nil
        stopCollecting(.lost)
        out = []
        server.remove(self)
    }

    /// The server is to end: a connection between requests ends now, others with their answer.
    func drain() {
        if phase == .securing || (phase == .resting && isNewcomer && held == nil) { return close() }
        if phase == .idle || phase == .resting, !hasBacklog { end(lingering: true) }
    }

    // MARK: Time

    func checkDeadlines(_ now: UInt64) {
        if now >= writeDeadline { return close() }
        if let began = handshakeBegan, now >= began + Limits.handshakeMilliseconds { endHandshake() }
        // Who takes long, or asks for nothing once TLS is agreed on, does not keep others from it.
        if let askedAt, now >= askedAt + Limits.handshakeMilliseconds { endAsking() }
        if now < deadline { return }
        switch phase {
        case .head: fail(.timeout)
        case .handling where exchange.body == .collecting: fail(.timeout)
        case .securing:
            noteHandshake(.timeout)
            close()
        case .idle, .draining, .lingering: close()
        case .resting, .handling, .flushing, .closed: break
        }
    }
}
