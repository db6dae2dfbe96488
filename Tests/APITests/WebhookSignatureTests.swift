import Crypto
import Testing

@testable import API

@Suite struct WebhookSignatureTests {
    private static let secret = Array("whsec of mesh".utf8)
    private let body = Array(#"{"EventId":"56713e70-be74-4a37-0036-08da97f5941a"}"#.utf8)
    private let keys = [HMACKey(Array("old".utf8)), HMACKey(WebhookSignatureTests.secret)]

    private func sign(_ bytes: [UInt8], _ key: [UInt8] = secret) -> [UInt8] {
        Base64.encode(Digest.hmacSHA256(key: key, bytes))
    }

    private func passes(_ signature: [UInt8], _ bytes: [UInt8]) -> Bool {
        guard let tag = WebhookSignature.tag(signature[...]) else { return false }
        return WebhookSignature.isValid(tag, for: bytes, keys: keys)
    }

    @Test func theRawBodyUnderAnyLiveSecretPasses() {
        #expect(passes(sign(body), body))
        #expect(passes(sign(body, Array("old".utf8)), body))
    }

    @Test func everyOtherSecretFails() {
        #expect(!passes(sign(body, Array("gone".utf8)), body))
        #expect(!passes(sign(body, []), body))
        #expect(!WebhookSignature.isValid(Digest.hmacSHA256(key: [], body), for: body, keys: []))
    }

    @Test func everyOtherBodyFails() {
        let signature = sign(body)
        #expect(!passes(signature, body + [10]))
        #expect(!passes(signature, [0xEF, 0xBB, 0xBF] + body))
        #expect(!passes(signature, []))
        #expect(!passes(signature, Array(#"{ "EventId":"56713e70-be74-4a37-0036-08da97f5941a"}"#.utf8)))
        for index in body.indices {
            var changed = body
            changed[index] ^= 1
            #expect(!passes(signature, changed))
        }
    }

    @Test func everyOtherSpellingFails() {
        let signature = sign(body)
        let text = String(decoding: signature, as: UTF8.self)
        let hex = Hex.encode(Digest.hmacSHA256(key: WebhookSignatureTests.secret, body))
        var spellings = [
            [], hex, signature + [32], signature + [10], [32] + signature, Array(signature.dropLast()),
            Array("sha256=\(text)".utf8), Array(text.lowercased().utf8), signature + signature,
            Array(signature.dropLast(1)) + Array("A".utf8), Array("\(text),\(text)".utf8), signature + Array("=".utf8),
        ].filter { $0 != signature }
        // The same tag in the url-safe alphabet, where it differs.
        let urlSafe = text.replacing("+", with: "-").replacing("/", with: "_")
        if urlSafe != text { spellings.append(Array(urlSafe.utf8)) }
        for spelling in spellings { #expect(!passes(spelling, body), "\(String(decoding: spelling, as: UTF8.self))") }
    }

    /// 44 characters carry 256 bits and two that must be zero: only one of the four last digits counts.
    @Test func tailBitsAreCanonical() throws {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let signature = sign(body)
        let value = try #require(digits.firstIndex(of: signature[42]))
        for offset in 1...3 {
            var changed = signature
            changed[42] = digits[value / 4 * 4 + (value + offset) % 4]
            #expect(!passes(changed, body))
        }
    }

    @Test func anotherAlphabetFails() {
        // A tag of ones needs the digits that the alphabets differ in.
        #expect(WebhookSignature.tag(Array("//////////////////////////////////////////8=".utf8)[...]) != nil)
        #expect(WebhookSignature.tag(Array("__________________________________________8=".utf8)[...]) == nil)
    }
}
