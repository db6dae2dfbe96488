import Crypto
import Testing

struct DigestTests {
    /// FIPS 180-4's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func sha256GivesThePublishedDigests(text: String, digest: String) {
        #expect(Digest.sha256(bytes(text)) == hex(digest))
    }

    @Test func sha256OfAMillionLettersGivesThePublishedDigest() {
        let message = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(Digest.sha256(message) == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
    }

    @Test func partsAreHashedAsOneMessage() {
        var random = SplitMix(state: 1)
        for _ in 0..<200 {
            let message = random.bytes(Int.random(in: 0...300, using: &random))
            let cut = Int.random(in: 0...message.count, using: &random)
            let (head, tail) = (Array(message[..<cut]), Array(message[cut...]))
            #expect(Digest.sha256(head, tail) == Digest.sha256(message))
            #expect(Digest.hmacSHA256(key: [7], head, [], tail) == Digest.hmacSHA256(key: [7], message))
            var running = SHA256()
            running.update(message[..<cut])
            let fork = running
            running.update(message[cut...])
            #expect(running.finish() == Digest.sha256(message))
            #expect(fork.finish() == Digest.sha256(head))
        }
    }
}

/// RFC 4231's test cases (5 is about truncation, which we do not do).
struct HMACKeyTests {
    static let cases: [(key: [UInt8], message: [UInt8], tag: String)] = [
        (
            [UInt8](repeating: 0x0b, count: 20), bytes("Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            bytes("Jefe"), bytes("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(0x01...0x19), [UInt8](repeating: 0xcd, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), bytes("Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131),
            bytes(
                "This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ]

    @Test func tagsAreThePublishedOnes() {
        for (key, message, tag) in HMACKeyTests.cases {
            let prepared = HMACKey(key)
            #expect(Digest.hmacSHA256(key: key, message) == hex(tag))
            #expect(prepared.authenticate(message) == hex(tag))
            #expect(prepared.authenticate(message) == hex(tag), "the prepared key is not used up")
            #expect(prepared.isValid(hex(tag), for: message))
        }
    }

    @Test func aTagOfAnotherLengthOrWithAnyBitChangedIsInvalid() {
        let key = HMACKey(bytes("key"))
        let tag = key.authenticate(bytes("message"))
        for position in tag.indices {
            for bit in 0..<8 {
                var changed = tag
                changed[position] ^= 1 << UInt8(bit)
                #expect(!key.isValid(changed, for: bytes("message")))
            }
        }
        #expect(!key.isValid([], for: bytes("message")))
        #expect(!key.isValid(Array(tag.dropLast()), for: bytes("message")))
        #expect(!key.isValid(tag + [0], for: bytes("message")))
    }

    @Test func theEmptyKeyAndTheEmptyMessageHaveATag() {
        let tag = hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
        #expect(HMACKey([]).authenticate() == tag)
        #expect(HMACKey([]).authenticate([]) == tag)
    }
}

struct ConstantTimeTests {
    @Test func equalBytesAreEqualAndOthersAreNot() {
        #expect(constantTimeEqual([UInt8](), []))
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [0, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(!constantTimeEqual([], [0]))
    }

    @Test func wipingLeavesZeros() {
        var secret: [UInt8] = [1, 2, 3]
        wipe(&secret)
        #expect(secret == [0, 0, 0])
    }
}
