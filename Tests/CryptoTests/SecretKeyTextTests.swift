import Crypto
import Testing

struct SecretKeyTextTests {
    @Test func aSecretHasItsPrefixDigitsAndChecksum() {
        let random = [UInt8](repeating: 0, count: 32)
        let text = SecretKeyText.make(prefix: .live, random: random)
        #expect(text.starts(with: bytes("sk_live_" + String(repeating: "0", count: 43))))
        #expect(text.count == "sk_live_".utf8.count + 49)
        #expect(Array(text.suffix(6)) == Base62.encode(CRC32.checksum(Array(text.dropLast(6)))))
        #expect(SecretKeyText.make(prefix: .sandbox).starts(with: bytes("sk_sandbox_")))
        #expect(SecretKeyText.make(prefix: .admin).starts(with: bytes("sk_admin_")))
        #expect(SecretKeyText.make(prefix: .live) != SecretKeyText.make(prefix: .live))
    }

    @Test func everySecretMadeIsWellFormed() {
        var random = SplitMix(state: 5)
        for prefix in SecretKeyText.Prefix.allCases {
            for _ in 0..<300 {
                let text = SecretKeyText.make(prefix: prefix, random: random.bytes(32))
                #expect(SecretKeyText.prefix(of: text) == prefix)
            }
        }
    }

    @Test func everyTypingErrorIsRefused() {
        let text = SecretKeyText.make(prefix: .sandbox)
        for position in text.indices {
            for replacement in UInt8.min...UInt8.max where replacement != text[position] {
                var changed = text
                changed[position] = replacement
                #expect(!SecretKeyText.isWellFormed(changed))
            }
            var shorter = text
            shorter.remove(at: position)
            #expect(!SecretKeyText.isWellFormed(shorter))
            if position + 1 < text.count, text[position] != text[position + 1] {
                var swapped = text
                swapped.swapAt(position, position + 1)
                #expect(!SecretKeyText.isWellFormed(swapped))
            }
        }
        #expect(!SecretKeyText.isWellFormed([]))
        #expect(!SecretKeyText.isWellFormed(text + bytes("0")))
        #expect(!SecretKeyText.isWellFormed(text + bytes("\n")))
        #expect(!SecretKeyText.isWellFormed(bytes(" ") + text))
    }

    @Test func aSecretOfOneEnvironmentIsNotOneOfAnother() {
        let live = SecretKeyText.make(prefix: .live)
        #expect(!SecretKeyText.isWellFormed(bytes("sk_sandbox_") + live.dropFirst("sk_live_".utf8.count)))
    }
}
