import COpenSSL
import Runtime

/// How a server speaks TLS: its certificate, and what it takes of clients. Connections keep the one they began with.
@safe
package final class TLSContext: @unchecked Sendable {
    let handle: OpaquePointer
    private let tickets: TicketKeys
    /// When the first certificate of the chain expires, in seconds since 1970.
    package let notAfter: Int64

    /// TLS 1.2, with forward secrecy and authenticated encryption only (Mozilla's "intermediate" without finite-field
    /// Diffie-Hellman, which nobody needs who has elliptic curves). TLS 1.3 has only such suites.
    private static let suites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ].joined(separator: ":")
    private static let groups = "X25519:P-256:P-384"
    /// 112 bits: RSA of 2048 bits and more, no SHA-1.
    private static let securityLevel: Int32 = 2

    /// `now` gives seconds since 1970, `random` unpredictable bytes, for tickets. Throws `refused` for a certificate
    /// that is too weak.
    package init(
        _ identity: TLSIdentity, random: @escaping @Sendable (Int) -> [UInt8],
        now: @escaping @Sendable () -> Int64
    ) throws(TLSError) {
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { preconditionFailure("no memory for TLS") }
        unsafe handle = unsafe context
        tickets = TicketKeys(random: random, now: now)
        notAfter = identity.notAfter
        unsafe SSL_CTX_set_security_level(context, TLSContext.securityLevel)
        unsafe copenssl_set_modes(context)
        let isSet =
            unsafe copenssl_restrict(context) == 1 && SSL_CTX_set_cipher_list(context, TLSContext.suites) == 1
            && copenssl_set_groups(context, TLSContext.groups) == 1
        precondition(isSet, "OpenSSL lacks TLS 1.2, its suites or groups")
        unsafe setUpSessions(context)
        unsafe SSL_CTX_set_alpn_select_cb(context, TLSContext.chooseProtocol, nil)
        var isTaken = unsafe SSL_CTX_use_certificate(context, identity.chain[0]) == 1
        for index in unsafe identity.chain.indices.dropFirst() {
            isTaken = unsafe isTaken && copenssl_add_chain_certificate(context, identity.chain[index]) == 1
        }
        isTaken = unsafe isTaken && SSL_CTX_use_PrivateKey(context, identity.key) == 1
        if !isTaken {
            // `deinit` frees the context.
            defer { ERR_clear_error() }
            throw .refused(reason: TLSContext.reason(ERR_peek_last_error()))
        }
    }

    deinit { unsafe SSL_CTX_free(handle) }

    private func setUpSessions(_ context: OpaquePointer) {
        unsafe copenssl_forget_sessions(context)
        unsafe SSL_CTX_set_timeout(context, Int(TLSLimits.ticketSeconds))
        unsafe SSL_CTX_set_num_tickets(context, 1)
        // Read by `TicketKeys.seal`; every session keeps its TLSContext, and so the keys, alive.
        unsafe SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(tickets).toOpaque())
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context, TicketKeys.seal)
    }

    /// ALPN: `http/1.1`, which is all we speak. Who offers protocols without it is refused (RFC 7301 section 3.2).
    private static let chooseProtocol:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
            UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
        ) -> Int32 = { _, chosen, length, offered, offeredLength, _ in
            guard let offered = unsafe offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            let list = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredLength))
            let wanted: StaticString = "http/1.1"
            var start = 0
            while start < list.count {
                let end = unsafe start + 1 + Int(list[start])
                if end > list.count { break }
                let name = unsafe list[(start + 1)..<end]
                if unsafe name.elementsEqual(
                    UnsafeBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount))
                {
                    unsafe chosen?.pointee = unsafe offered + start + 1
                    unsafe length?.pointee = unsafe list[start]
                    return SSL_TLSEXT_ERR_OK
                }
                start = end
            }
            return SSL_TLSEXT_ERR_ALERT_FATAL
        }

    private static func reason(_ code: UInt) -> String {
        guard let text = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}

/// The context that new connections begin with. Any thread may read it or put another in its place.
package final class CurrentTLS: Sendable {
    private let current: Locked<TLSContext>
    /// A closure that is read through a generic type by itself is wrapped anew, and stays so, each time.
    private struct Observer { var body: (@Sendable (TLSHandshakeEnd) -> Void)? }
    private let observer = Locked(Observer())

    package init(_ context: TLSContext) { current = Locked(context) }

    /// From now on `body` is called with how each handshake ended, on the thread of its connection.
    package func observe(_ body: @escaping @Sendable (TLSHandshakeEnd) -> Void) {
        observer.withValue { $0.body = body }
    }

    package func ended(_ end: TLSHandshakeEnd) { observer.withValue { $0.body }?(end) }

    package var context: TLSContext { current.withValue { $0 } }
    package func replace(_ context: TLSContext) { current.withValue { $0 = context } }
}
