/// Texts on networks, found by hash: what a policy lists by the hundred is asked for by each address of each token.
///
/// Made once and never changed. All bytes stand in one array, so that a question copies nothing.
struct FoldedTable: Hashable, Sendable {
    /// A text on a network, with a tag or without. Texts of `ignoresCase` are found in any case of A to Z, and by
    /// questions that ignore case.
    struct Key {
        var network: UUIDValue
        var text: [UInt8]
        var ignoresCase: Bool
        var tag: [UInt8]?
    }

    private struct Entry: Hashable {
        let network: UUIDValue
        /// Where its text starts in `bytes`; the tag follows.
        let start: Int
        let count: Int
        /// -1 for no tag.
        let tagCount: Int
    }

    private let entries: [Entry]
    private let bytes: [UInt8]
    /// One more than the position of an entry, or 0: open addressing, at most half full.
    private let slots: [Int32]
    /// Whether some entry has a tag.
    let hasTags: Bool

    init(_ keys: [Key]) {
        var size = 4
        while size < keys.count * 2 { size *= 2 }
        var slots = [Int32](repeating: 0, count: size)
        var entries: [Entry] = []
        var bytes: [UInt8] = []
        for key in keys {
            let mask = Self.mask(key.ignoresCase)
            entries.append(
                Entry(
                    network: key.network, start: bytes.count, count: key.text.count, tagCount: key.tag?.count ?? -1))
            bytes += key.text.map { Self.fold($0, mask) }
            bytes += key.tag ?? []
            var slot = Self.hash(key.network, key.text, mask, key.tag) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(entries.count)
        }
        self.slots = slots
        self.entries = entries
        self.bytes = bytes
        hasTags = keys.contains { $0.tag != nil }
    }

    /// Whether there is an entry of exactly this network, text and tag.
    func contains(_ network: UUIDValue, _ text: [UInt8], ignoringCase: Bool, tag: [UInt8]? = nil) -> Bool {
        let mask = Self.mask(ignoringCase)
        let (slots, entries) = (slots.span, entries.span)
        var slot = Self.hash(network, text, mask, tag) & (slots.count - 1)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.network == network, entry.count == text.count, entry.tagCount == tag?.count ?? -1,
                equal(text, at: entry.start, mask), tag.map({ equal($0, at: entry.start + entry.count, 0) }) ?? true
            {
                return true
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return false
    }

    private func equal(_ text: [UInt8], at start: Int, _ mask: UInt8) -> Bool {
        let (wanted, stored) = (text.span, bytes.span)
        for place in 0..<wanted.count where stored[start + place] != Self.fold(wanted[place], mask) { return false }
        return true
    }

    private static func mask(_ ignoresCase: Bool) -> UInt8 { ignoresCase ? 0x20 : 0 }

    /// With the mask, A to Z as small letters; everything else as it is.
    @inline(__always)
    private static func fold(_ byte: UInt8, _ mask: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | mask : byte
    }

    /// Admins alone write the entries, so nobody who asks can make them collide: a plain mix is enough.
    private static func hash(_ network: UUIDValue, _ text: [UInt8], _ mask: UInt8, _ tag: [UInt8]?) -> Int {
        var state = network.high &* 0x9E37_79B9_7F4A_7C15 ^ network.low
        mix(text.span, mask, into: &state)
        if let tag {
            state ^= 0xA5
            mix(tag.span, 0, into: &state)
        }
        return Int(truncatingIfNeeded: state ^ state >> 29)
    }

    @inline(__always)
    private static func mix(_ bytes: Span<UInt8>, _ mask: UInt8, into state: inout UInt64) {
        var word: UInt64 = 0
        for place in 0..<bytes.count {
            word = word << 8 | UInt64(fold(bytes[place], mask))
            if place & 7 == 7 {
                state = (state ^ word) &* 0xFF51_AFD7_ED55_8CCD
                state ^= state >> 32
                word = 0
            }
        }
        state = (state ^ word) &* 0xFF51_AFD7_ED55_8CCD
        state ^= state >> 32
    }
}
