/// An address of the console: it begins with text of this build's, and what is added to it is percent-encoded.
struct ConsolePath {
    private(set) var bytes: [UInt8]
    private var hasQuery = false

    init(_ start: StaticString) { bytes = Array("\(start)".utf8) }

    /// One more segment.
    func at(_ segment: [UInt8]) -> ConsolePath {
        var path = self
        path.bytes.append(UInt8(ascii: "/"))
        path.bytes += PercentCoding.encode(segment)
        return path
    }

    func at(_ word: StaticString) -> ConsolePath { at(Array("\(word)".utf8)) }

    /// One more parameter of the query; none if there is no value.
    func asking(_ name: StaticString, _ value: [UInt8]?) -> ConsolePath {
        guard let value else { return self }
        var path = self
        path.bytes.append(hasQuery ? UInt8(ascii: "&") : UInt8(ascii: "?"))
        path.bytes += "\(name)=".utf8
        path.bytes += PercentCoding.encode(value)
        path.hasQuery = true
        return path
    }

    func asking(_ name: StaticString, _ word: String) -> ConsolePath { asking(name, Array(word.utf8)) }
}
