package import Domain

import Crypto

/// The receiver's half of `WebhookSigner`: what a merchant's code does with a webhook before believing it.
package struct WebhookVerifier: Sendable {
    private let signer: WebhookSigner
    /// How old or how far ahead a timestamp may be (Standard Webhooks' libraries: five minutes).
    private static let tolerance: Duration = .seconds(300)

    /// `secret` is `whsec_…`; nil if it is not.
    package init?(secret: [UInt8]) {
        guard let signer = WebhookSigner(secret: secret) else { return nil }
        self.signer = signer
    }

    /// Verifies the three `webhook-*` headers: one of the space-separated signatures must be ours, and the time near.
    package func isValid(
        id: [UInt8]?, timestamp: [UInt8]?, signatures: [UInt8]?, body: [UInt8], now: Timestamp
    ) -> Bool {
        guard let id, let timestamp, let signatures, (1...12).contains(timestamp.count),
            timestamp.allSatisfy({ (48...57).contains($0) })
        else { return false }
        let sentAt = Timestamp(seconds: timestamp.reduce(0) { $0 * 10 + Int64($1 - 48) })
        guard sentAt > now - Self.tolerance, sentAt < now + Self.tolerance else { return false }
        let expected = signer.standardSignature(id: id, timestamp: timestamp, body: body)
        return signatures.split(separator: UInt8(ascii: " ")).contains { constantTimeEqual(Array($0), expected) }
    }

    /// Verifies `X-Mesh-Signature-256`.
    package func isValid(meshSignature: [UInt8]?, body: [UInt8]) -> Bool {
        guard let meshSignature else { return false }
        return constantTimeEqual(meshSignature, signer.meshSignature(body: body))
    }
}
