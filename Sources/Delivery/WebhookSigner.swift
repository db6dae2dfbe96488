import Crypto
package import Domain

/// Signs the bodies sent to one endpoint: so that a Standard Webhooks library verifies them, and so that code written
/// for Mesh's own webhooks does. Its keys are prepared once; signing parses nothing.
package struct WebhookSigner: Sendable {
    /// What signs: a secret and the seed of its key pair.
    package struct Source: Sendable {
        /// `whsec_…`
        package let secret: [UInt8]
        /// 32 bytes of Ed25519; nil where no signature by a key pair is wanted.
        package let seed: [UInt8]?

        package init(secret: [UInt8], seed: [UInt8]? = nil) {
            self.secret = secret
            self.seed = seed
        }
    }

    /// `v1`: the keys are the base64 behind `whsec_`.
    private let standardKeys: [HMACKey]
    /// `v1a`.
    private let pairs: [Ed25519.SigningKey]
    /// Mesh: the key is the secret's text.
    private let meshKey: HMACKey

    /// All that sign now, the current one first. Nil if there is none, if a secret is none, or if a scheme is asked for
    /// that nothing can sign by.
    ///
    /// Each gives one more signature in `webhook-signature`, and a receiver is content with any. A receiver of
    /// `X-Mesh-Signature-256` knows of one signature only. It is by the oldest: whoever changes a secret has it known
    /// to their servers first, and then ends the old one, at which the signature changes. The newest would be one that
    /// no server knows in the moment of the change.
    package init?(_ sources: [Source], schemes: [SignatureScheme] = [.v1]) {
        guard let oldest = sources.last else { return nil }
        var keys: [HMACKey] = []
        for source in sources {
            guard let bytes = WebhookSecretText.secretBytes(of: source.secret) else { return nil }
            keys.append(HMACKey(bytes))
        }
        standardKeys = schemes.contains(.v1) ? keys : []
        pairs = schemes.contains(.v1a) ? sources.compactMap { $0.seed.map { Ed25519.SigningKey(seed: $0) } } : []
        guard !standardKeys.isEmpty || !pairs.isEmpty else { return nil }
        meshKey = HMACKey(oldest.secret)
    }

    /// One secret alone, `whsec_…`; nil if it is none.
    package init?(secret: [UInt8]) { self.init([Source(secret: secret)]) }

    /// The headers that let a receiver verify `body`: `id` is the event's, `timestamp` the seconds since 1970.
    package func headers(
        id: [UInt8], timestamp: [UInt8], body: [UInt8]
    ) -> [(name: String, value: [UInt8])] {
        [
            (name: "webhook-id", value: id), (name: "webhook-timestamp", value: timestamp),
            (name: "webhook-signature", value: standardSignature(id: id, timestamp: timestamp, body: body)),
            (name: "x-mesh-signature-256", value: meshSignature(body: body)),
        ]
    }

    /// `webhook-signature`: over `id.timestamp.body`, the signatures of all keys with a blank between: `v1,` and the
    /// base64 of an HMAC-SHA-256, `v1a,` and the base64 of an Ed25519 signature (Standard Webhooks 1.0).
    package func standardSignature(id: [UInt8], timestamp: [UInt8], body: [UInt8]) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(id.count + timestamp.count + 2)
        head += id
        head.append(UInt8(ascii: "."))
        head += timestamp
        head.append(UInt8(ascii: "."))
        var text: [UInt8] = []
        text.reserveCapacity(standardKeys.count * 48 + pairs.count * 93)
        for key in standardKeys {
            var computation = key.begin()
            computation.update(head)
            computation.update(body)
            append(Self.v1, computation.finish(), to: &text)
        }
        if !pairs.isEmpty {
            let message = head + body
            for pair in pairs { append(Self.v1a, pair.sign(message), to: &text) }
        }
        return text
    }

    private static let v1 = Array("v1,".utf8)
    private static let v1a = Array("v1a,".utf8)

    private func append(_ scheme: [UInt8], _ signature: [UInt8], to text: inout [UInt8]) {
        if !text.isEmpty { text.append(UInt8(ascii: " ")) }
        text += scheme
        text += Base64.encode(signature)
    }

    /// `X-Mesh-Signature-256`: the base64 HMAC-SHA-256 of the body.
    package func meshSignature(body: [UInt8]) -> [UInt8] { Base64.encode(meshKey.authenticate(body)) }
}
