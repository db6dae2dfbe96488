/// A URL's query in its own bytes, to change single parameters of somebody else's URL and leave every other byte.
struct RawQuery {
    /// All before the query, its question mark included if there is one.
    private let start: [UInt8]
    /// `name=value`, as they stand between the ampersands.
    private var pairs: [[UInt8]]
    /// From the number sign on.
    private let fragment: ArraySlice<UInt8>

    private static let mark = UInt8(ascii: "?")
    private static let ampersand = UInt8(ascii: "&")

    init(of url: [UInt8]) {
        let end = url.firstIndex(of: UInt8(ascii: "#")) ?? url.endIndex
        fragment = url[end...]
        let whole = url[..<end]
        guard let question = whole.firstIndex(of: RawQuery.mark) else {
            start = Array(whole)
            pairs = []
            return
        }
        start = Array(whole[...question])
        let query = whole[(question + 1)...]
        pairs =
            query.isEmpty
            ? [] : query.split(separator: RawQuery.ampersand, omittingEmptySubsequences: false).map { Array($0) }
    }

    /// The URL with its query as it is now.
    var url: [UInt8] {
        let mark = pairs.isEmpty || start.last == RawQuery.mark ? [] : [RawQuery.mark]
        return start + mark + Array(pairs.joined(separator: [RawQuery.ampersand])) + fragment
    }

    /// The value of the first parameter of that name, not decoded: readers take the first.
    func value(of name: StaticString) -> ArraySlice<UInt8>? {
        let prefix = RawQuery.prefix(name)
        return pairs.first { $0.starts(with: prefix) }.map { $0.dropFirst(prefix.count) }
    }

    /// Replaces that value, or adds the parameter at the end. `value` is encoded already.
    mutating func set(_ name: StaticString, _ value: [UInt8]) {
        let pair = RawQuery.prefix(name) + value
        if let index = pairs.firstIndex(where: { $0.starts(with: RawQuery.prefix(name)) }) {
            pairs[index] = pair
        } else {
            pairs.append(pair)
        }
    }

    private static func prefix(_ name: StaticString) -> [UInt8] { Array("\(name)=".utf8) }
}

/// Percent-encoding of single values (RFC 3986 section 2.1). A plus sign is one here: base 64 has them.
enum PercentCoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Everything but unreserved bytes (RFC 3986 section 2.3) encoded.
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { isUnreserved($0) ? [$0] : [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// Nil where a percent sign is not followed by two hexadecimal digits.
    static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.next().flatMap(value), let low = rest.next().flatMap(value) else { return nil }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || Array("-._~".utf8).contains(byte)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
