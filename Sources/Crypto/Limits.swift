/// Sizes of this module, in bytes unless the name says otherwise.
package enum CryptoLimits {
    /// An AES-256 key (FIPS 197).
    package static let keyBytes = 32
    /// GCM's nonce: 96 bits, the length for which it needs no further hashing (NIST SP 800-38D, 5.2.1.1). It is random,
    /// so one key must seal fewer than 2^32 values (8.3): data keys are per owner, which stays far below.
    package static let nonceBytes = 12
    /// GCM's tag, at its full length.
    package static let tagBytes = 16
    /// SHA-256's digest (FIPS 180-4).
    package static let digestBytes = 32
    /// SHA-256's block: longer HMAC keys are hashed first (RFC 2104).
    package static let blockBytes = 64
    /// Master keys loaded at once: the current one and those that older data keys still wait to leave.
    package static let masterKeys = 16
    /// Length of a master key's id, so that it fits a log line and a column.
    package static let masterKeyIdBytes = 32
}
