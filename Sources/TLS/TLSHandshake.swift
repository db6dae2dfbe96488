import COpenSSL

/// How a handshake ended. The raw values are a metric's words.
package enum TLSHandshakeEnd: String, CaseIterable, Sendable {
    case done
    /// What came is no TLS.
    case notTLS
    /// The client has no version that is spoken here, or no cipher, or offers no protocol of ours.
    case noneInCommon
    /// The client refused our certificate.
    case certificateRefused
    /// TLS, but not as it should be.
    case broken
    /// The client left before the end.
    case abandoned
    case timeout

    /// Of an error that OpenSSL met.
    init(errorCode: UInt) {
        switch ERR_GET_REASON(errorCode) {
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_WRONG_VERSION_NUMBER,
            SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_RECORD_LENGTH_MISMATCH:
            self = .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_NO_SHARED_CIPHER, SSL_R_NO_PROTOCOLS_AVAILABLE,
            SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
            SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            self = .noneInCommon
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
            SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            self = .certificateRefused
        default: self = .broken
        }
    }
}
