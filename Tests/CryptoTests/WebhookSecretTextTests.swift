import Crypto
import Testing

@Suite struct WebhookSecretTextTests {
    @Test func aNewSecretIsOneOf32Bytes() {
        let one = WebhookSecretText.makeSecret()
        #expect(one.starts(with: bytes("whsec_")) && one != WebhookSecretText.makeSecret())
        #expect(WebhookSecretText.secretBytes(of: one)?.count == 32)
    }

    @Test(arguments: [23, 24, 32, 63, 64, 65])
    func aSecretHas24To64Bytes(_ count: Int) {
        let text = bytes("whsec_") + Base64.encode(Random.bytes(count))
        #expect((WebhookSecretText.secretBytes(of: text)?.count == count) == (24...64).contains(count))
    }

    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-w",
        "whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        // Bits behind the last byte.
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYp=",
    ])
    func anotherTextIsNone(_ text: String) {
        #expect(WebhookSecretText.secretBytes(of: bytes(text)) == nil)
    }

    @Test func aPublicKeyIsWrittenAndRead() {
        let key = Ed25519.SigningKey(seed: Random.bytes(32)).publicKey
        let text = WebhookSecretText.publicKey(key)
        #expect(text.starts(with: bytes("whpk_")) && text.count == 49)
        #expect(WebhookSecretText.publicKeyBytes(of: text) == key)
        #expect(WebhookSecretText.publicKeyBytes(of: Array(text.dropLast())) == nil)
        #expect(WebhookSecretText.publicKeyBytes(of: bytes("whpk_") + Base64.encode(Random.bytes(31))) == nil)
    }
}
