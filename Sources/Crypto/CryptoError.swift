import COpenSSL

/// Everything that can go wrong here. No case carries what was given: keys and secrets never reach an error's text.
package enum CryptoError: Error, Equatable, Sendable {
    /// A sealed value does not open: wrong key, wrong context, changed bytes or a length that cannot be. One error for
    /// all, so that nobody learns which.
    case cannotOpen
    /// A wrapped data key names a master key that is not loaded.
    case unknownMasterKey
    /// The text of the master keys is refused; `line` counts from 1 (0: the text as a whole).
    case badMasterKeys(problem: MasterKeysProblem, line: Int)
}

/// Why the text of the master keys is refused.
package enum MasterKeysProblem: Equatable, Sendable {
    case noKeys
    case tooManyKeys
    case noColon
    case badId
    case repeatedId
    case keyIsNotBase64
    case keyIsNot32Bytes
}

/// Empties libcrypto's list of errors of this thread after a refusal: `SSL_get_error` reads the same list, and a TLS
/// connection on this thread must not take our refused value for its own failure.
func forgetErrors() { ERR_clear_error() }
