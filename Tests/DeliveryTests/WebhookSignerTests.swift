import Crypto
import Delivery
import Domain
import Testing

@Suite struct WebhookSignerTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private static let id = bytes("msg_p5jXN8AQM9LWM0D4loKWxJek")
    private static let timestamp = bytes("1614265330")
    private static let body = bytes(#"{"test": 2432232314}"#)

    private static func source(_ seed: [UInt8]? = nil) -> WebhookSigner.Source {
        WebhookSigner.Source(secret: WebhookSecretText.makeSecret(), seed: seed)
    }

    private static func signatures(_ signer: WebhookSigner) -> [String] {
        let text = signer.standardSignature(id: id, timestamp: timestamp, body: body)
        return String(decoding: text, as: UTF8.self).split(separator: " ").map(String.init)
    }

    /// The example of Standard Webhooks' own libraries.
    @Test func theSignatureIsThePublishedOne() throws {
        let source = WebhookSigner.Source(secret: Self.bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signer = try #require(WebhookSigner([source]))
        #expect(Self.signatures(signer) == ["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="])
        let verifier = try #require(WebhookVerifier(secret: source.secret))
        #expect(verifier.isValid(meshSignature: signer.meshSignature(body: Self.body), body: Self.body))
    }

    @Test func eachSecretAndEachKeyPairSigns() throws {
        let seeds = [Random.bytes(32), Random.bytes(32)]
        let sources = [Self.source(seeds[0]), Self.source(seeds[1])]
        let found = Self.signatures(try #require(WebhookSigner(sources, schemes: [.v1, .v1a])))
        #expect(found.count == 4)
        for (index, source) in sources.enumerated() {
            #expect(try [found[index]] == Self.signatures(#require(WebhookSigner([source]))))
            let text = try #require(found[2 + index].wholeMatch(of: /v1a,(.+)/)?.1)
            let signature = try #require(Base64.decode(Array(text.utf8)))
            let message = Self.id + [0x2e] + Self.timestamp + [0x2e] + Self.body
            let key = Ed25519.SigningKey(seed: seeds[index]).publicKey
            #expect(Ed25519.isValid(signature, for: message, publicKey: key))
        }
    }

    /// A receiver of one signature knows the old secret until its servers were told the new one.
    @Test func meshsSignatureIsByTheOldest() throws {
        let sources = [Self.source(), Self.source(), Self.source()]
        let signer = try #require(WebhookSigner(sources))
        let oldest = try #require(WebhookSigner([sources[2]]))
        #expect(signer.meshSignature(body: Self.body) == oldest.meshSignature(body: Self.body))
    }

    @Test func onlyWhatWasAskedForIsThere() throws {
        let source = Self.source(Random.bytes(32))
        let byKey = try #require(WebhookSigner([source], schemes: [.v1a]))
        #expect(Self.signatures(byKey).map { $0.prefix(4) } == ["v1a,"])
        let bySecret = try #require(WebhookSigner([source], schemes: [.v1]))
        #expect(Self.signatures(bySecret).map { $0.prefix(3) } == ["v1,"])
        // One of two has no key pair.
        let mixed = try #require(WebhookSigner([source, Self.source()], schemes: [.v1a]))
        #expect(Self.signatures(mixed).count == 1)
    }

    @Test func withNothingToSignByThereIsNone() {
        #expect(WebhookSigner([]) == nil)
        #expect(WebhookSigner([Self.source()], schemes: [.v1a]) == nil)
        #expect(WebhookSigner([WebhookSigner.Source(secret: Self.bytes("whsec_AAAA"))]) == nil)
        #expect(WebhookSigner([Self.source(), WebhookSigner.Source(secret: [])]) == nil)
    }

    @Test func theHeadersAreTheOnesReceiversLookFor() throws {
        let signer = try #require(WebhookSigner([Self.source()]))
        let headers = signer.headers(id: Self.id, timestamp: Self.timestamp, body: Self.body)
        #expect(
            headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature", "x-mesh-signature-256"])
        #expect(headers[0].value == Self.id && headers[1].value == Self.timestamp)
        #expect(headers[3].value == signer.meshSignature(body: Self.body))
    }
}
