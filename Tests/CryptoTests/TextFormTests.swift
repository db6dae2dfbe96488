import Crypto
import Foundation
import Testing

struct Base64Tests {
    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func textsAreThePublishedOnes(plain: String, encoded: String) {
        #expect(Base64.encode(bytes(plain)) == bytes(encoded))
        #expect(Base64.decode(bytes(encoded)) == bytes(plain))
        let bare = Array(bytes(encoded).filter { $0 != UInt8(ascii: "=") })
        #expect(Base64.encodeURLSafe(bytes(plain)) == bare)
        #expect(Base64.decodeURLSafe(bare) == bytes(plain))
    }

    @Test func theAlphabetsDifferInTwoDigits() {
        #expect(Base64.encode([0xfb, 0xff, 0xbf]) == bytes("+/+/"))
        #expect(Base64.encodeURLSafe([0xfb, 0xff, 0xbf]) == bytes("-_-_"))
        #expect(Base64.decode(bytes("-_-_")) == nil)
        #expect(Base64.decodeURLSafe(bytes("+/+/")) == nil)
    }

    /// Texts that lenient decoders take.
    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====", "=", "==", "===", "====", "Z===", "Z",
        "Zh==", "Zv==", "Zm9=", "Zm+=", " Zg==", "Zg== ", "Zg==\n", "Zm9v\r\n", "Z g==", "Zm\n9v", "Zg==Zg==", "Zg=g",
        "Z=g=", "Zm9v!Zm9v", "Zm9v\0Zm9", "Zm9vYmE\u{e9}", "Zm9.", "Zm9*",
    ])
    func aNonCanonicalTextIsRefused(text: String) {
        #expect(Base64.decode(bytes(text)) == nil)
    }

    @Test(arguments: ["Zg==", "Z", "Zh", "Zm9", "Zm9v=", " Zg", "Zg ", "Zg\n", "Zm9vY"])
    func aNonCanonicalURLSafeTextIsRefused(text: String) {
        #expect(Base64.decodeURLSafe(bytes(text)) == nil)
    }

    @Test func everyTextOfFourDigitsHasOneMeaningOrNone() {
        var seen: [[UInt8]: [UInt8]] = [:]
        for last in Array("ABCDwxyz0189+/=-_ ".utf8) {
            for third in Array("ABCDwxyz0189+/=-_ ".utf8) {
                let text = bytes("Zg") + [third, last]
                guard let plain = Base64.decode(text) else { continue }
                #expect(seen.updateValue(text, forKey: plain) == nil)
                #expect(Base64.encode(plain) == text)
            }
        }
        #expect(seen.count > 100)
    }

    /// Whatever is accepted is what encoding would have written.
    @Test func randomTextsAreCanonicalOrRefused() {
        var random = SplitMix(state: 8)
        let letters = Array("AQgw048Zz+/=-_ \n".utf8)
        var accepted = 0
        for _ in 0..<50_000 {
            let length = Int.random(in: 0...9, using: &random)
            let text = (0..<length).map { _ in letters.randomElement(using: &random) ?? 0 }
            if let plain = Base64.decode(text) {
                accepted += 1
                #expect(Base64.encode(plain) == text)
            }
            if let plain = Base64.decodeURLSafe(text) { #expect(Base64.encodeURLSafe(plain) == text) }
        }
        #expect(accepted > 1_000)
    }

    @Test func randomBytesComeBackAndAgreeWithFoundation() {
        var random = SplitMix(state: 3)
        for length in 0...300 {
            let plain = random.bytes(length)
            let text = Base64.encode(plain)
            #expect(text == Array(Data(plain).base64EncodedString().utf8))
            #expect(Base64.decode(text) == plain)
            #expect(Base64.decode(([0] + text)[1...]) == plain)
            #expect(Base64.decodeURLSafe(Base64.encodeURLSafe(plain)) == plain)
        }
    }
}

struct HexTests {
    @Test func bytesComeBack() {
        let all = Array(UInt8.min...UInt8.max)
        #expect(Hex.decode(Hex.encode(all)) == all)
        #expect(Hex.encode([0, 0x0f, 0xa5]) == bytes("000fa5"))
        #expect(Hex.decode(bytes("A5fF")) == [0xa5, 0xff])
    }

    @Test(arguments: ["0", "0g", "+1", " 1", "1 ", "0x", "\u{ff10}1"])
    func anythingElseIsRefused(text: String) { #expect(Hex.decode(bytes(text)) == nil) }
}

struct CRC32Tests {
    @Test(
        arguments: [
            ("", 0), ("123456789", 0xcbf4_3926), ("The quick brown fox jumps over the lazy dog", 0x414f_a339),
            ("a", 0xe8b7_be43),
        ] as [(String, UInt32)])
    func checksumsAreThePublishedOnes(text: String, checksum: UInt32) {
        #expect(CRC32.checksum(bytes(text)) == checksum)
    }
}

struct Base62Tests {
    @Test func theEdgesHaveTheirDigits() {
        #expect(Base62.encode([UInt8](repeating: 0, count: 32)) == [UInt8](repeating: UInt8(ascii: "0"), count: 43))
        #expect(Base62.encode([UInt8](repeating: 0, count: 31) + [61]).suffix(2) == bytes("0z"))
        #expect(Base62.encode([UInt8](repeating: 0, count: 31) + [62]).suffix(2) == bytes("10"))
        #expect(Base62.encode(0) == bytes("000000"))
        #expect(Base62.encode(UInt32.max) == bytes("4gfFC3"))
        #expect(Base62.decodeUInt32(bytes("4gfFC3").span) == UInt32.max)
        #expect(Base62.decodeUInt32(bytes("4gfFC4").span) == nil)
        #expect(Base62.decodeUInt32(bytes("zzzzzz").span) == nil)
        #expect(Base62.decodeUInt32(bytes("00000").span) == nil)
        #expect(Base62.decodeUInt32(bytes("0000-0").span) == nil)
    }

    @Test func theLargestNumberFitsAndTheNextIsRefused() {
        let largest = Base62.encode([UInt8](repeating: 0xff, count: 32))
        #expect(Base62.decode(largest) == [UInt8](repeating: 0xff, count: 32))
        var next = largest
        next[42] += 1
        #expect(Base62.decode(next) == nil)
        #expect(Base62.decode([UInt8](repeating: UInt8(ascii: "z"), count: 43)) == nil)
        #expect(Base62.decode(Array(largest.dropLast())) == nil)
    }

    @Test func randomBytesComeBack() {
        var random = SplitMix(state: 4)
        for _ in 0..<1_000 {
            let plain = random.bytes(32)
            let text = Base62.encode(plain)
            #expect(text.count == 43)
            #expect(Base62.decode(text) == plain)
            let number = UInt32.random(in: 0...UInt32.max, using: &random)
            #expect(Base62.decodeUInt32(Base62.encode(number).span) == number)
        }
    }
}
