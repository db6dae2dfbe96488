import Crypto
import Domain

/// Signs the bodies sent to one endpoint, in two ways at once: so that a Standard Webhooks library verifies them, and
/// so that code written for Mesh's own webhooks does.
package struct WebhookSigner: Sendable {
    /// Standard Webhooks: the key is the base64 behind `whsec_`.
    private let standardKey: HMACKey
    /// Mesh: the key is the secret's text.
    private let meshKey: HMACKey

    /// `secret` is `whsec_` and the base64 of 24 to 64 bytes; nil if it is not.
    package init?(secret: [UInt8]) {
        let prefix = Array("whsec_".utf8)
        guard secret.starts(with: prefix), let key = Base64.decode(secret.dropFirst(prefix.count)),
            (24...64).contains(key.count)
        else { return nil }
        standardKey = HMACKey(key)
        meshKey = HMACKey(secret)
    }

    /// A new secret of 32 random bytes.
    package static func makeSecret() -> [UInt8] { Array("whsec_".utf8) + Base64.encode(Random.bytes(32)) }

    /// `webhook-signature`: `v1,` and the base64 HMAC-SHA-256 of `id.timestamp.body` (Standard Webhooks 1.0).
    package func standardSignature(id: [UInt8], timestamp: [UInt8], body: [UInt8]) -> [UInt8] {
        var computation = standardKey.begin()
        computation.update(id)
        computation.update([UInt8(ascii: ".")])
        computation.update(timestamp)
        computation.update([UInt8(ascii: ".")])
        computation.update(body)
        return Array("v1,".utf8) + Base64.encode(computation.finish())
    }

    /// `X-Mesh-Signature-256`: the base64 HMAC-SHA-256 of the body.
    package func meshSignature(body: [UInt8]) -> [UInt8] { Base64.encode(meshKey.authenticate(body)) }
}
