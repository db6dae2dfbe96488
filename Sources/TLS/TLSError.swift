/// Why a certificate and its key cannot be used. Each prints as the end of a line that names the file.
package enum TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    case noCertificate
    /// The `position`th block of the file, counted from 1, is not a certificate in PEM.
    case badCertificate(position: Int)
    case tooManyCertificates
    /// The certificate at `position`, counted from 1, was not issued by the one after it.
    case brokenChain(position: Int)
    /// Seconds since 1970.
    case notYetValid(position: Int, since: Int64)
    case expired(position: Int, since: Int64)
    case noKey
    case keyIsEncrypted
    case keyDoesNotMatch
    /// OpenSSL's own word, such as "ee key too small".
    case refused(reason: String)

    /// Whether the key's file is at fault, and not the certificate's.
    package var isAboutKey: Bool {
        switch self {
        case .noKey, .keyIsEncrypted, .keyDoesNotMatch: true
        default: false
        }
    }

    package var description: String {
        switch self {
        case .noCertificate: "the file holds no certificate in PEM"
        case .badCertificate(let position): "block \(position) of the file is not a certificate in PEM"
        case .tooManyCertificates: "the file holds more than \(TLSLimits.chainLength) certificates"
        case .brokenChain(let position):
            "certificate \(position) of the file was not issued by certificate \(position + 1): the server's comes "
                + "first, then each one's issuer"
        case .notYetValid(let position, _):
            "certificate \(position) of the file is not valid yet"
        case .expired(let position, _): "certificate \(position) of the file has expired"
        case .noKey: "the file holds no private key in PEM"
        case .keyIsEncrypted: "the private key is encrypted, and nobody is there to be asked for its passphrase"
        case .keyDoesNotMatch: "the private key is not the certificate's"
        case .refused(let reason): "OpenSSL refuses the certificate or its key: \(reason)"
        }
    }
}

/// Every bound of this module, with its unit and its reason.
package enum TLSLimits {
    /// Certificates of one chain: what verifiers follow at most is 10 or fewer.
    package static let chainLength = 10
    /// The plaintext of one record, in bytes (RFC 8446 section 5.1).
    package static let recordBytes = 16 * 1024
    /// How long a session may be resumed, and a ticket key makes tickets, in seconds: whoever steals the key reads at
    /// most two hours of TLS 1.2, and a ticket always finds its key among the last two.
    package static let ticketSeconds: Int64 = 3600
}
