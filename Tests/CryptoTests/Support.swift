import Crypto
import Testing

/// Bytes of a hexadecimal constant.
func hex(_ text: String) -> [UInt8] {
    guard let bytes = Hex.decode(Array(text.utf8)) else { preconditionFailure("a constant is not hexadecimal") }
    return bytes
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A small generator with a seed, so that a failing round can be played again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}
