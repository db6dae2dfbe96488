/// The value of a `Host` field, and the authority of an absolute target (RFC 9110 section 7.2): a host, and maybe a
/// port.
enum HostField {
    /// 253 is the longest DNS name; the rest is for brackets.
    private static let longestHost = 255

    static func isValid(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        let start = Int(range.start)
        let end = Int(range.end)
        if start == end { return false }
        let hostEnd: Int
        if bytes[start] == ASCII.openBracket {
            guard let close = bytes.firstIndex(of: ASCII.closeBracket, from: start, to: end) else { return false }
            if !isIPv6(bytes, start + 1, close) { return false }
            hostEnd = close + 1
        } else {
            hostEnd = bytes.firstIndex(of: ASCII.colon, from: start, to: end) ?? end
            if hostEnd == start { return false }
            for index in start..<hostEnd where !ByteSet.hostName.contains(bytes[index]) { return false }
        }
        if hostEnd - start > longestHost { return false }
        return hostEnd == end || (bytes[hostEnd] == ASCII.colon && isPort(bytes, hostEnd + 1, end))
    }

    /// RFC 3986 allows a port without digits; a number has to fit 16 bits.
    private static func isPort(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var port = 0
        for index in start..<end {
            if !ASCII.isDigit(bytes[index]) { return false }
            port = port * 10 + Int(bytes[index] - ASCII.zero)
            if port > 65_535 { return false }
        }
        return true
    }

    /// Checks the shape, not the arithmetic: nothing is ever connected to by this text.
    private static func isIPv6(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var colons = 0
        for index in start..<end {
            if !ByteSet.ipv6.contains(bytes[index]) { return false }
            if bytes[index] == ASCII.colon { colons += 1 }
        }
        return colons >= 2 && end - start <= 45
    }
}
