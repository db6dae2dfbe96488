/// Why a document was refused, and where. It never holds any part of the input.
package struct JSONError: Error, Equatable {
    /// The byte at which the document stopped being acceptable, counted from 0.
    package let offset: Int
    package let code: Code

    /// The closed list of reasons.
    package enum Code: String, Sendable, CaseIterable {
        /// More bytes than `JSONLimits.documentBytes`.
        case tooLarge
        /// The document starts with a byte order mark (RFC 8259 section 8.1 forbids to send one).
        case byteOrderMark
        case unexpectedByte
        case unexpectedEnd
        /// A complete value is followed by something else than white space.
        case trailingBytes
        /// A byte below 0x20 inside a string.
        case controlCharacter
        /// `\u0000`: PostgreSQL cannot hold it and C strings end at it.
        case nul
        case invalidEscape
        /// Half of a surrogate pair, which no UTF-8 can express.
        case loneSurrogate
        case invalidUTF8
        case invalidNumber
        /// More bytes than `JSONLimits.numberBytes`.
        case numberTooLong
        /// More containers inside one another than `JSONLimits.depth`.
        case tooDeep
        /// More members and elements than `JSONLimits.members`.
        case tooManyMembers
        /// Two members of one object have the same name after unescaping.
        case duplicateKey
    }

    init(_ code: Code, at offset: Int) {
        self.offset = offset
        self.code = code
    }
}

extension JSONError: CustomStringConvertible {
    /// Safe to show to anyone: a code of ours and a number.
    package var description: String { "not acceptable JSON at byte \(offset): \(code.rawValue)" }
}
