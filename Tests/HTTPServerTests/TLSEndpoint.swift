import COpenSSL

/// A client's side of TLS without a socket: OpenSSL's own, so that every byte can be held back, cut or changed.
@safe
final class TLSEndpoint {
    enum Version: Int, Sendable {
        case tls10 = 0x301
        case tls11 = 0x302
        case tls12 = 0x303
        case tls13 = 0x304
        static let current = [tls12, tls13]
    }

    struct Options {
        var protocols = ["http/1.1"]
        var newest = Version.tls13
        /// Of TLS 1.2 and before.
        var suites: String?
        /// Takes old versions and weak suites too.
        var isLax = false
        var session: Session?
    }

    /// What a client may come back with.
    @safe
    final class Session {
        let handle: OpaquePointer
        init(_ handle: OpaquePointer) { unsafe self.handle = unsafe handle }
        deinit { unsafe SSL_SESSION_free(handle) }
    }

    enum Reading: Equatable {
        case bytes([UInt8])
        case wantsMore
        /// close_notify came.
        case closed
        case failed
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    init(_ options: Options = Options()) {
        unsafe context = SSL_CTX_new(TLS_client_method())!
        if options.isLax { unsafe SSL_CTX_set_security_level(context, 0) }
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_VERSION), nil)
        unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, options.newest.rawValue, nil)
        if let suites = options.suites { unsafe _ = SSL_CTX_set_cipher_list(context, suites) }
        unsafe ssl = SSL_new(context)!
        unsafe incoming = BIO_new(BIO_s_mem())!
        unsafe outgoing = BIO_new(BIO_s_mem())!
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_connect_state(ssl)
        let names = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !names.isEmpty { unsafe _ = SSL_set_alpn_protos(ssl, names, UInt32(names.count)) }
        if let session = options.session { unsafe _ = SSL_set_session(ssl, session.handle) }
    }

    deinit {
        unsafe SSL_free(ssl)
        unsafe SSL_CTX_free(context)
    }

    // MARK: Records

    /// The records that wait to be sent.
    func take() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(outgoing))
        if bytes.isEmpty { return [] }
        unsafe _ = BIO_read(outgoing, &bytes, Int32(bytes.count))
        return bytes
    }

    /// Records that came.
    func put(_ bytes: [UInt8]) { unsafe _ = BIO_write(incoming, bytes, Int32(bytes.count)) }

    // MARK: Plaintext

    /// True when it is complete, false when it failed, nil when more must come.
    func handshake() -> Bool? {
        ERR_clear_error()
        let status = unsafe SSL_do_handshake(ssl)
        if status == 1 { return true }
        return unsafe SSL_get_error(ssl, status) == SSL_ERROR_WANT_READ ? nil : false
    }

    func write(_ bytes: [UInt8]) {
        ERR_clear_error()
        if !bytes.isEmpty { unsafe _ = SSL_write(ssl, bytes, Int32(bytes.count)) }
    }

    func read() -> Reading {
        ERR_clear_error()
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe SSL_read(ssl, &buffer, Int32(buffer.count))
        if count > 0 { return .bytes(Array(buffer[..<Int(count)])) }
        return switch unsafe SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ: .wantsMore
        case SSL_ERROR_ZERO_RETURN: .closed
        default: .failed
        }
    }

    func sendCloseNotify() { unsafe _ = SSL_shutdown(ssl) }
    func askForRenegotiation() { unsafe _ = SSL_renegotiate(ssl) }
    /// New keys for this side; the next write says so, and asks the peer for new ones too.
    func askForNewKeys() { unsafe _ = SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) }

    // MARK: What was agreed on

    var version: String { unsafe String(cString: SSL_get_version(ssl)) }
    var suite: String { unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }
    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }
    var session: Session? { unsafe SSL_get1_session(ssl).map { unsafe Session($0) } }

    var chosenProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &length)
        guard let name = unsafe name else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// Certificates that the server showed.
    var chainLength: Int { unsafe Int(OPENSSL_sk_num(SSL_get_peer_cert_chain(ssl))) }

    /// The common name of the server's certificate.
    var serverName: String? {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        defer { unsafe X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 256)
        let length = unsafe X509_NAME_get_text_by_NID(
            X509_get_subject_name(certificate), NID_commonName, &text, Int32(text.count))
        return length < 0
            ? nil : String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
