import Crypto

/// The two signatures of a webhook, computed as a receiver would.
package enum WebhookSignature {
    /// Base64 of the HMAC-SHA256 of the body, as Mesh signs; the key is the secret's text.
    package static func mesh(_ body: [UInt8], secret: String) -> String {
        let tag = Digest.hmacSHA256(key: Array(secret.utf8), body)
        return String(decoding: Base64.encode(tag), as: UTF8.self)
    }

    /// `v1,` and base64 of the HMAC-SHA256 of `id.timestamp.body`, as Standard Webhooks signs; nil for a strange
    /// secret.
    package static func standard(_ body: [UInt8], id: String, timestamp: String, secret: String) -> String? {
        guard secret.hasPrefix("whsec_"), let key = Base64.decode(Array(secret.dropFirst(6).utf8)) else { return nil }
        let tag = Digest.hmacSHA256(key: key, Array("\(id).\(timestamp).".utf8), body)
        return "v1," + String(decoding: Base64.encode(tag), as: UTF8.self)
    }

    /// What is wrong with a received webhook's signatures; empty when both verify.
    package static func complaints(_ request: ReceiverFarm.Received, secret: String) -> [String] {
        var found: [String] = []
        let id = request.header("webhook-id") ?? ""
        let timestamp = request.header("webhook-timestamp") ?? ""
        let expected = standard(request.body, id: id, timestamp: timestamp, secret: secret)
        if expected == nil || request.header("webhook-signature") != expected { found.append("webhook-signature") }
        if request.header("x-mesh-signature-256") != mesh(request.body, secret: secret) {
            found.append("x-mesh-signature-256")
        }
        if !timestamp.utf8.allSatisfy({ (48...57).contains($0) }) { found.append("webhook-timestamp") }
        return found
    }
}
