/// Where something stands in a head's bytes. A head has at most 32 KiB, so 16 bits are enough.
struct ByteRange: Equatable, Sendable {
    let start: UInt16
    let end: UInt16

    static let empty = ByteRange(0, 0)

    init(_ start: Int, _ end: Int) {
        self.start = UInt16(start)
        self.end = UInt16(end)
    }

    var count: Int { Int(end) - Int(start) }
    var isEmpty: Bool { start == end }
    var range: Range<Int> { Int(start)..<Int(end) }
}

extension Span<UInt8> {
    /// Whether the bytes at `range` are exactly those of `text`.
    @inline(__always)
    func equals(_ range: ByteRange, _ text: StaticString) -> Bool {
        if range.count != text.utf8CodeUnitCount { return false }
        let start = Int(range.start)
        for index in 0..<range.count where unsafe self[start + index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether the bytes at `range` are those of `lowercase`, which has no capitals, but for the case of ASCII letters.
    @inline(__always)
    func equalsIgnoringCase(_ range: ByteRange, _ lowercase: StaticString) -> Bool {
        if range.count != lowercase.utf8CodeUnitCount { return false }
        let start = Int(range.start)
        for index in 0..<range.count
        where unsafe ASCII.lowercase(self[start + index]) != lowercase.utf8Start[index] { return false }
        return true
    }

    /// The eight bytes from `index` on, the first in the lowest place.
    @inline(__always)
    func eightBytes(at index: Int) -> UInt64 {
        precondition(index >= 0 && index + 8 <= count)
        return unsafe withUnsafeBytes {
            unsafe UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        }
    }

    /// The first position from `start` on, before `end`, that holds `byte`; nil without one.
    @inline(__always)
    func firstIndex(of byte: UInt8, from start: Int, to end: Int) -> Int? {
        var index = start
        while index < end {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }
}

extension [UInt8] {
    /// Appends the bytes of `source` at `range`.
    @inline(__always)
    mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
        if range.isEmpty { return }
        unsafe source.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
