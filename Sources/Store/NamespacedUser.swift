import Crypto
package import Domain

/// The `userId` an upstream knows an end user by: two sub-clients' users never meet, and it holds nothing personal.
package enum NamespacedUser {
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    /// 105 bits: no two users of one sub-client will collide.
    private static let hashDigits = 21

    /// 48 characters, of Mesh's 50: the sub-client's 26 digits, a colon, and 21 digits of a hash of both.
    package static func id(of user: [UInt8], in subClient: SubClientID) -> [UInt8] {
        let uuid = subClient.uuid
        let bits = [uuid.high, uuid.low].flatMap { half in
            stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: half >> $0) }
        }
        let hash = Digest.sha256(bits, user)
        let space = Array(subClient.text.suffix(26)) + [UInt8(ascii: ":")]
        return space
            + (0..<hashDigits).map { position in
                let bit = 5 * position
                let pair = UInt16(hash[bit / 8]) << 8 | UInt16(hash[bit / 8 + 1])
                return digits[Int(pair >> UInt16(11 - bit % 8) & 31)]
            }
    }
}
