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
}
