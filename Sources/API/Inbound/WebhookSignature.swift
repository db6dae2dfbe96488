import Crypto
import HTTPServer

/// Mesh's `X-Mesh-Signature-256`: base 64 of the HMAC-SHA-256 of the raw body, keyed with the secret's text.
enum WebhookSignature {
    /// The tag of the one signature header; nil if there is none, several, or one that is not the canonical base 64 of
    /// 32 bytes, so that a signature has one spelling.
    static func tag(_ headers: HeaderFields) -> [UInt8]? { headers["x-mesh-signature-256"].flatMap(tag) }

    static func tag(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        guard value.count == 44, let tag = Base64.decode(value), tag.count == 32 else { return nil }
        return tag
    }

    /// Whether the tag is the body's under any of the keys. All keys are tried, whichever matches, so that the time
    /// tells nothing.
    static func isValid(_ tag: [UInt8], for body: [UInt8], keys: [HMACKey]) -> Bool {
        var matches = 0
        for key in keys { matches += key.isValid(tag, for: body) ? 1 : 0 }
        return matches > 0
    }
}
