import COpenSSL

/// The server's side of one TLS connection, without its socket: records go in, plaintext comes out, and the other way
/// round. Loop-bound.
///
/// OpenSSL reads the caller's bytes where they are and appends to `TLSBuffers.outgoing`: a session holds a record while
/// only part of it has come, and otherwise no data.
@safe
package final class TLSSession {
    /// What became of the input.
    package enum Step: Equatable {
        /// The handshake is complete. More may follow.
        case secured
        /// So many bytes of plaintext are in the buffers, more than none. More may follow.
        case bytes(Int)
        /// All input is used.
        case wantsMore
        /// The peer sent close_notify: it has no more to say. What came after it is ignored.
        case ended
        /// No TLS, or not as it should be; an alert may be in `outgoing`. Nothing more can be read or written.
        case broken(isPlainHTTP: Bool)
    }

    private enum Life { case handshaking, open, ended, broken }

    private let context: TLSContext
    private let buffers: TLSBuffers
    private let handle: OpaquePointer
    private var life = Life.handshaking
    /// Why the handshake broke, if it did.
    package private(set) var failure: TLSHandshakeEnd?
    private var hasEndedWriting = false
    private var input: UnsafeBufferPointer<UInt8>

    package init(_ context: TLSContext, _ buffers: TLSBuffers) {
        self.context = context
        self.buffers = buffers
        unsafe input = unsafe UnsafeBufferPointer(start: nil, count: 0)
        guard let ssl = unsafe SSL_new(context.handle), let bio = unsafe BIO_new(RecordBIO.method.handle) else {
            preconditionFailure("no memory for TLS")
        }
        unsafe handle = unsafe ssl
        unsafe BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        // It reads and writes; the session owns it.
        unsafe SSL_set_bio(ssl, bio, bio)
        unsafe SSL_set_accept_state(ssl)
    }

    deinit { unsafe SSL_free(handle) }

    // MARK: In

    /// Lends `records`, as they came from the peer, to the steps that `body` takes: until one is not the last.
    package func withInput(_ records: Span<UInt8>, _ body: () -> Void) {
        unsafe records.withUnsafeBufferPointer { bytes in
            unsafe input = unsafe bytes
            body()
            unsafe input = unsafe UnsafeBufferPointer(start: nil, count: 0)
        }
    }

    package func step() -> Step {
        // The errors of a thread are one list: what others left there is not ours.
        ERR_clear_error()
        switch life {
        case .handshaking:
            let status = unsafe SSL_do_handshake(handle)
            if status != 1 { return afterFailure(status) }
            life = .open
            return .secured
        case .open:
            let count = unsafe SSL_read(handle, buffers.plain, Int32(TLSLimits.recordBytes))
            return count > 0 ? .bytes(Int(count)) : afterFailure(count)
        case .ended: return .ended
        case .broken: return .broken(isPlainHTTP: false)
        }
    }

    private func afterFailure(_ status: Int32) -> Step {
        switch unsafe SSL_get_error(handle, status) {
        case SSL_ERROR_WANT_READ: return .wantsMore
        case SSL_ERROR_ZERO_RETURN:
            life = .ended
            return .ended
        default:
            let code = ERR_peek_error()
            let isPlain = life == .handshaking && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST
            if life == .handshaking { failure = TLSHandshakeEnd(errorCode: code) }
            life = .broken
            ERR_clear_error()
            return .broken(isPlainHTTP: isPlain)
        }
    }

    fileprivate func read(_ target: UnsafeMutablePointer<CChar>, _ length: Int) -> Int {
        let count = unsafe min(length, input.count)
        if count == 0 { return 0 }
        unsafe UnsafeMutableRawPointer(target).copyMemory(from: input.baseAddress!, byteCount: count)
        unsafe input = unsafe UnsafeBufferPointer(rebasing: input[count...])
        return count
    }

    // MARK: Out

    /// Whether plaintext can be sent.
    package var canWrite: Bool { (life == .open || life == .ended) && !hasEndedWriting }

    /// Appends `bytes` to `outgoing` as records.
    package func write(_ bytes: Span<UInt8>) {
        guard canWrite, bytes.count > 0 else { return }
        ERR_clear_error()
        var written = 0
        let status = unsafe bytes.withUnsafeBytes { unsafe SSL_write_ex(handle, $0.baseAddress, $0.count, &written) }
        // Nothing can make it wait; what is left is that it broke.
        if status != 1 || written != bytes.count { life = .broken }
    }

    /// Appends close_notify to `outgoing`: nothing more will be written. A broken session has none.
    package func endWriting() {
        guard canWrite else { return }
        hasEndedWriting = true
        ERR_clear_error()
        unsafe _ = SSL_shutdown(handle)
    }

    fileprivate func append(_ source: UnsafePointer<CChar>, _ length: Int) {
        let bytes = unsafe UnsafeRawBufferPointer(start: source, count: length)
        unsafe buffers.outgoing.append(contentsOf: bytes)
    }
}

/// OpenSSL's way to the bytes of a session.
@safe
private struct RecordBIO: @unchecked Sendable {
    let handle: OpaquePointer

    static let method: RecordBIO = {
        let kind = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = unsafe BIO_meth_new(kind, "records") else { preconditionFailure("no memory for TLS") }
        unsafe BIO_meth_set_read(method) { bio, target, length in
            unsafe copenssl_clear_retry(bio)
            let count = unsafe session(bio).read(target!, Int(length))
            if count > 0 { return Int32(count) }
            unsafe copenssl_set_retry_read(bio)
            return -1
        }
        unsafe BIO_meth_set_write(method) { bio, source, length in
            unsafe session(bio).append(source!, Int(length))
            return length
        }
        unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return unsafe RecordBIO(handle: method)
    }()

    private static func session(_ bio: OpaquePointer?) -> TLSSession {
        unsafe Unmanaged<TLSSession>.fromOpaque(BIO_get_data(bio)!).takeUnretainedValue()
    }
}
