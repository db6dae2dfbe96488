/// The names and values of a query, decoded: `a=1&b=x%20y`, `+` standing for a space.
package struct QueryItems: Sendable {
    /// In the order of the query; repeated names stay visible.
    package let all: [(name: [UInt8], value: [UInt8])]

    /// Reads a query that the request parser has accepted (`RequestHead.query`).
    package init(_ query: ArraySlice<UInt8>) {
        all = query.split(separator: ASCII.ampersand).map { item in
            let equals = item.firstIndex(of: ASCII.equals) ?? item.endIndex
            return (QueryItems.decode(item[..<equals]), QueryItems.decode(item[equals...].dropFirst()))
        }
    }

    /// Tells no item `name` from one and from several.
    package func lookup(_ name: StaticString) -> Lookup<[UInt8]> {
        var found = Lookup<[UInt8]>.absent
        for item in all where item.name.span.equals(ByteRange(0, item.name.count), name) {
            guard case .absent = found else { return .repeated }
            found = .once(item.value)
        }
        return found
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == ASCII.percent, index + 2 < text.endIndex,
                let high = ASCII.hexValue(text[index + 1]), let low = ASCII.hexValue(text[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(byte == ASCII.plus ? ASCII.space : byte)
                index += 1
            }
        }
        return decoded
    }
}
