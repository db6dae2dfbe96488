/// One entry of the tape: a value or a member's name, with where it stands in the input.
///
/// The tape is the document in order: an object is followed by name, value, name, value…, an array by its elements.
struct Token: Sendable {
    /// Offset of the first byte.
    var start: UInt32
    /// Offset after the last byte. Of a container still open: the index of the container around it.
    var end: UInt32
    /// Index of the entry after this value and all it contains. Of a container still open: the members seen so far.
    var next: UInt32
    let kind: JSONValue.Kind
    /// Of a string: it contains escapes. Of a number: it is digits with an optional minus, no fraction or exponent.
    let isMarked: Bool

    /// Whether the string is as long as a text of `count` bytes would be. Every escape is longer than what it stands
    /// for.
    @inline(__always)
    func maySpell(_ count: Int) -> Bool {
        let length = Int(end) - Int(start) - 2
        return isMarked ? length > count : length == count
    }

    /// Whether this is a string that stands for exactly the bytes `name`, or for them but for the case of A to Z.
    func spells(_ name: Span<UInt8>, ignoringCase: Bool, in bytes: Span<UInt8>) -> Bool {
        let inside = Int(start) + 1
        let length = Int(end) - 1 - inside
        guard maySpell(name.count) else { return false }
        if !isMarked {
            for place in 0..<length {
                guard ASCII.areEqual(bytes[inside + place], name[place], ignoringCase: ignoringCase) else {
                    return false
                }
            }
            return true
        }
        var walk = UnescapedBytes(self)
        for place in 0..<name.count {
            guard let byte = walk.next(bytes) else { return false }
            guard ASCII.areEqual(byte, name[place], ignoringCase: ignoringCase) else { return false }
        }
        return walk.next(bytes) == nil
    }
}

/// What the values of one document share: its bytes and its tape.
final class Storage: Sendable {
    let bytes: [UInt8]
    let tape: [Token]

    init(bytes: [UInt8], tape: [Token]) {
        self.bytes = bytes
        self.tape = tape
    }
}
