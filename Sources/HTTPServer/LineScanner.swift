/// Finds the end of a line and refuses, byte by byte, what no line may hold: control bytes, a carriage return without
/// its line feed, a line feed without its carriage return (RFC 9112 section 2.2 would let us accept the last; proxies
/// that disagree about it are how requests get smuggled).
struct LineScanner {
    enum Outcome: Equatable { case complete, incomplete, malformed, tooLong }

    /// Tabs and bytes from 0x80 on, which field values may hold and request lines may not.
    let allowsText: Bool
    private var sawCarriageReturn = false

    init(allowsText: Bool) { self.allowsText = allowsText }

    /// Moves `cursor` behind the line's end, or to the end of the input, but by no more than `room` bytes.
    mutating func scan(_ input: Span<UInt8>, _ cursor: inout Int, room: Int) -> Outcome {
        let end = min(input.count, cursor + room)
        var index = cursor
        if sawCarriageReturn, index < end {
            if input[index] != ASCII.lineFeed { return .malformed }
            sawCarriageReturn = false
            cursor = index + 1
            return .complete
        }
        while index < end {
            if index + 8 <= end {
                let plain = LineScanner.plainBytes(input.eightBytes(at: index))
                index += plain
                if plain == 8 { continue }
            }
            let byte = input[index]
            index += 1
            if byte >= ASCII.space && byte < ASCII.delete { continue }
            if byte == ASCII.carriageReturn {
                if index == end {
                    sawCarriageReturn = true
                    break
                }
                if input[index] != ASCII.lineFeed { return .malformed }
                cursor = index + 1
                return .complete
            }
            if !allowsText || (byte != ASCII.tab && byte < 0x80) { return .malformed }
        }
        cursor = index
        return index < input.count ? .tooLong : .incomplete
    }

    /// How many of eight bytes, the first in memory being the lowest, come before the first that is a control byte or
    /// is 0x80 or more.
    @inline(__always)
    private static func plainBytes(_ bytes: UInt64) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        // A byte under 0x20 borrows when 0x20 is taken from it, and one that is 0x7F when it is made zero and 1 is
        // taken. A borrow can mark a byte further up by mistake, never one before the first.
        let controls = bytes &- ones &* 0x20
        let deletes = (bytes ^ ones &* 0x7F) &- ones
        return ((bytes | controls | deletes) & highs).trailingZeroBitCount / 8
    }
}
