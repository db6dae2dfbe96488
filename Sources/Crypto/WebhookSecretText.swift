/// The texts of what signs webhooks, as Standard Webhooks writes them: a prefix and base 64.
package enum WebhookSecretText {
    /// How many bytes a secret has.
    package static let secretBytes = 24...64
    private static let newSecretBytes = 32
    private static let secretPrefix = [UInt8]("whsec_".utf8)
    private static let publicKeyPrefix = [UInt8]("whpk_".utf8)

    /// A new random secret, `whsec_…`.
    package static func makeSecret() -> [UInt8] { secretPrefix + Base64.encode(Random.bytes(newSecretBytes)) }

    /// The bytes of a secret: behind `whsec_` the canonical base 64 of 24 to 64 bytes; nil for another text.
    package static func secretBytes(of text: [UInt8]) -> [UInt8]? {
        guard text.starts(with: secretPrefix), let bytes = Base64.decode(text[secretPrefix.count...]),
            secretBytes.contains(bytes.count)
        else { return nil }
        return bytes
    }

    /// `whpk_…` of an Ed25519 public key's 32 bytes.
    package static func publicKey(_ bytes: [UInt8]) -> [UInt8] { publicKeyPrefix + Base64.encode(bytes) }

    /// The 32 bytes behind `whpk_`; nil for another text.
    package static func publicKeyBytes(of text: [UInt8]) -> [UInt8]? {
        guard text.starts(with: publicKeyPrefix), let bytes = Base64.decode(text[publicKeyPrefix.count...]),
            bytes.count == Ed25519.publicKeyBytes
        else { return nil }
        return bytes
    }
}
