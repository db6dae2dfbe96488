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
