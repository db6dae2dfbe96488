/// The member names of one object, searched for two that mean the same.
///
/// Names are equal if their bytes are after unescaping; never by the rules of `String`, to which U+212A is a K.
struct KeySet {
    /// Index on the tape of the first name.
    let firstKey: Int
    let count: Int
    let ignoringCase: Bool

    /// The index of the first name that an earlier one equals, or nil.
    func firstDuplicate(tape: Span<Token>, bytes: Span<UInt8>) -> Int? {
        if count < 2 { return nil }
        return count <= Limits.pairwiseKeys
            ? firstDuplicateByPairs(tape: tape, bytes: bytes) : firstDuplicateByHash(tape: tape, bytes: bytes)
    }

    /// Compares a name with those before it only if one of them had the same sketch; gives up for the table when
    /// that happens too often, so that no choice of names makes the pairs expensive.
    private func firstDuplicateByPairs(tape: Span<Token>, bytes: Span<UInt8>) -> Int? {
        var key = firstKey
        var sketches: UInt64 = 0
        var compared = 0
        for _ in 0..<count {
            let token = tape[key]
            // An escaped spelling says nothing about the name's length: it may equal any name before or after it.
            let sketch = token.isMarked ? UInt64.max : 1 << sketchBit(token, bytes)
            if sketches & sketch != 0 {
                var earlier = firstKey
                while earlier < key {
                    compared += Int(token.end - token.start)
                    guard compared <= Limits.pairwiseBytes else {
                        return firstDuplicateByHash(tape: tape, bytes: bytes)
                    }
                    if areEqual(tape[earlier], token, bytes) { return key }
                    earlier = Int(tape[earlier + 1].next)
                }
            }
            sketches |= sketch
            key = Int(tape[key + 1].next)
        }
        return nil
    }

    /// Six bits from the name's length and ends, the same for names that differ in case only.
    @inline(__always)
    private func sketchBit(_ token: Token, _ bytes: Span<UInt8>) -> UInt64 {
        // The quotes are part of the token: an empty name sketches its two quotes.
        let first = UInt64(bytes[Int(token.start) + 1] | 0x20)
        let last = UInt64(bytes[Int(token.end) - 2] | 0x20)
        return (UInt64(token.end - token.start) &* 7 &+ first &* 5 &+ last) & 63
    }

    /// Open addressing over a table at most half full. The standard library's hash is seeded anew in each process, so
    /// that nobody can choose names that collide.
    private func firstDuplicateByHash(tape: Span<Token>, bytes: Span<UInt8>) -> Int? {
        let capacity = 1 << (Int.bitWidth - (count * 2 - 1).leadingZeroBitCount)
        var table = [UInt32](repeating: 0, count: capacity)
        var key = firstKey
        for _ in 0..<count {
            let token = tape[key]
            var slot = hash(token, bytes) & (capacity - 1)
            // Zero marks a free slot: no name stands at index 0, the root does.
            while table[slot] != 0 {
                if areEqual(tape[Int(table[slot])], token, bytes) { return key }
                slot = (slot + 1) & (capacity - 1)
            }
            table[slot] = UInt32(key)
            key = Int(tape[key + 1].next)
        }
        return nil
    }

    private func hash(_ token: Token, _ bytes: Span<UInt8>) -> Int {
        var hasher = Hasher()
        var name = UnescapedBytes(token)
        var word: UInt64 = 0
        var length = 0
        while let byte = name.next(bytes) {
            word = word << 8 | UInt64(ignoringCase ? ASCII.lowercase(byte) : byte)
            length += 1
            if length & 7 == 0 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(length)
        return hasher.finalize()
    }

    private func areEqual(_ left: Token, _ right: Token, _ bytes: Span<UInt8>) -> Bool {
        if !left.isMarked, !right.isMarked, left.end - left.start != right.end - right.start { return false }
        var (one, other) = (UnescapedBytes(left), UnescapedBytes(right))
        while true {
            let (a, b) = (one.next(bytes), other.next(bytes))
            guard let a, let b else { return a == b }
            guard ASCII.areEqual(a, b, ignoringCase: ignoringCase) else { return false }
        }
    }
}
