import Foundation

// What README.md's code uses of swift-crypto, under the same names and with the same shapes, so that the code is
// compiled and run here, where there are no packages. HMAC: RFC 2104; SHA-256: FIPS 180-4.

public struct SymmetricKey {
    let bytes: [UInt8]
    public init<Bytes: ContiguousBytes>(data: Bytes) { bytes = data.withUnsafeBytes { unsafe Array($0) } }
}

public protocol HashFunction {
    static var blockByteCount: Int { get }
    static func digest(_ message: [UInt8]) -> [UInt8]
}

public struct HMAC<Hash: HashFunction> {
    public static func isValidAuthenticationCode<Code: ContiguousBytes, Message: DataProtocol>(
        _ code: Code, authenticating data: Message, using key: SymmetricKey
    ) -> Bool {
        var block = key.bytes.count > Hash.blockByteCount ? Hash.digest(key.bytes) : key.bytes
        block += [UInt8](repeating: 0, count: Hash.blockByteCount - block.count)
        let inner = Hash.digest(block.map { $0 ^ 0x36 } + Array(data))
        let expected = Hash.digest(block.map { $0 ^ 0x5c } + inner)
        let given = code.withUnsafeBytes { unsafe Array($0) }
        return given.count == expected.count && zip(given, expected).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

public enum SHA256: HashFunction {
    public static let blockByteCount = 64

    public static func digest(_ message: [UInt8]) -> [UInt8] {
        var state = roots(of: 8, power: 2)
        let constants = roots(of: 64, power: 3)
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        padded += (0..<8).map { UInt8(truncatingIfNeeded: (message.count * 8) >> (56 - 8 * $0)) }
        for start in stride(from: 0, to: padded.count, by: 64) {
            mix(Array(padded[start..<start + 64]), into: &state, constants)
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }

    private static func mix(_ block: [UInt8], into state: inout [UInt32], _ constants: [UInt32]) {
        var words = (0..<16).map { word in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[word * 4 + $1]) } }
        for index in 16..<64 {
            let (near, far) = (words[index - 2], words[index - 15])
            let mixed = (turn(far, 7) ^ turn(far, 18) ^ far >> 3, turn(near, 17) ^ turn(near, 19) ^ near >> 10)
            words.append(words[index - 16] &+ mixed.0 &+ words[index - 7] &+ mixed.1)
        }
        var v = state
        for index in 0..<64 {
            let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
            let one = v[7] &+ (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) &+ choice
            let first = one &+ constants[index] &+ words[index]
            let second = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) &+ majority
            v = [first &+ second, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
        }
        for index in 0..<8 { state[index] = state[index] &+ v[index] }
    }

    private static func turn(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

    /// The first 32 bits of the fractions of the square or cube roots of the first primes.
    private static func roots(of count: Int, power: Int) -> [UInt32] {
        let primes = (2...).lazy.filter { number in !(2..<number).contains { number % $0 == 0 } }
        return primes.prefix(count).map { prime in
            let root = power == 2 ? Double(prime).squareRoot() : cbrt(Double(prime))
            return UInt32((root - root.rounded(.down)) * 4_294_967_296)
        }
    }
}
