@testable import Crypto
import Testing

struct AEADTests {
    static let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    static let nonce = hex("cafebabefacedbaddecaf888")
    static let plaintext = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
    static let ciphertext = hex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad")

    /// Test cases 13 to 16 of the GCM specification submitted to NIST.
    @Test func sealedBytesAreThePublishedOnes() throws {
        let zeroKey = [UInt8](repeating: 0, count: 32)
        let zeroNonce = [UInt8](repeating: 0, count: 12)
        expectSealed([], zeroKey, zeroNonce, [], [], "530f8afbc74536b9a963b4f1c4cb738b")
        expectSealed(
            [UInt8](repeating: 0, count: 16), zeroKey, zeroNonce, [], hex("cea7403d4d606b6e074ec5d3baf39d18"),
            "d0d1c8a799996bf0265b98b5d48ab919")
        expectSealed(
            AEADTests.plaintext, AEADTests.key, AEADTests.nonce, [], AEADTests.ciphertext,
            "b094dac5d93471bdec1a502270e3cc6c")
        expectSealed(
            Array(AEADTests.plaintext.prefix(60)), AEADTests.key, AEADTests.nonce,
            hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), Array(AEADTests.ciphertext.prefix(60)),
            "76fc6ece0f4e1768cddf8853bb2d551b")
    }

    private func expectSealed(
        _ plaintext: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ associatedData: [UInt8], _ ciphertext: [UInt8],
        _ tag: String
    ) {
        let sealed = AEAD.seal(plaintext, key: key, nonce: nonce, associatedData: associatedData)
        #expect(sealed == nonce + ciphertext + hex(tag))
        #expect((try? AEAD.open(sealed, key: key, associatedData: associatedData)) == plaintext)
    }

    @Test func whatIsSealedOpensAgain() throws {
        var random = SplitMix(state: 2)
        for length in Array(0...80) + [1_000, 65_536] {
            let plaintext = random.bytes(length)
            let key = random.bytes(32)
            let associated = random.bytes(length % 7)
            let sealed = AEAD.seal(plaintext, key: key, associatedData: associated)
            #expect(sealed.count == length + AEAD.overhead)
            #expect(try AEAD.open(sealed, key: key, associatedData: associated) == plaintext)
        }
    }

    @Test func anyChangedBitIsRefused() {
        let sealed = AEAD.seal(bytes("a secret"), key: AEADTests.key, associatedData: [1, 2])
        for position in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[position] ^= 1 << UInt8(bit)
                expectRefused(changed, key: AEADTests.key, associatedData: [1, 2])
            }
        }
    }

    @Test func anotherKeyLengthOrAssociatedDataIsRefused() {
        let sealed = AEAD.seal(bytes("a secret"), key: AEADTests.key, associatedData: [1, 2])
        expectRefused(sealed, key: AEADTests.key, associatedData: [])
        expectRefused(sealed, key: AEADTests.key, associatedData: [1, 2, 3])
        expectRefused(sealed, key: [UInt8](repeating: 0, count: 32), associatedData: [1, 2])
        expectRefused(sealed, key: Array(AEADTests.key.prefix(16)), associatedData: [1, 2])
        expectRefused(sealed, key: [], associatedData: [1, 2])
        for length in sealed.indices {
            expectRefused(Array(sealed.prefix(length)), key: AEADTests.key, associatedData: [1, 2])
        }
        expectRefused(sealed + [0], key: AEADTests.key, associatedData: [1, 2])
    }

    private func expectRefused(_ sealed: [UInt8], key: [UInt8], associatedData: [UInt8]) {
        #expect(throws: CryptoError.cannotOpen) {
            try AEAD.open(sealed, key: key, associatedData: associatedData)
        }
    }

    @Test func noncesDoNotRepeat() {
        let nonces = Set(
            (0..<10_000).map { _ in Array(AEAD.seal([], key: AEADTests.key, associatedData: []).prefix(12)) })
        #expect(nonces.count == 10_000)
    }

    @Test func randomBytesHaveTheLengthAskedForAndDiffer() {
        for count in [0, 1, 12, 32, 4_096] { #expect(Random.bytes(count).count == count) }
        #expect(Random.bytes(32) != Random.bytes(32))
    }
}
