/// Which event types an endpoint wants: `*`, an exact type, or a family such as `transfer.*`.
package enum EventFilter {
    package static let maximumPatterns = 20

    /// Whether `pattern` can match any type we send.
    package static func isValid(_ pattern: some Collection<UInt8>) -> Bool {
        let bytes = [UInt8](pattern)
        return bytes == all || bytes == family || EventType.allCases.contains { [UInt8]($0.rawValue.utf8) == bytes }
    }

    /// The same for the PSP's own endpoints: `*`, one of its types, or a family of them such as `endpoint.*`.
    package static func isValidForOperator(_ pattern: [UInt8]) -> Bool {
        pattern == all
            || EventType.operatorCases.contains { type in
                let name = [UInt8](type.rawValue.utf8)
                return pattern == name || pattern == name.prefix { $0 != UInt8(ascii: ".") } + [UInt8](".*".utf8)
            }
    }

    private static let all = [UInt8]("*".utf8)
    private static let family = [UInt8]("transfer.*".utf8)
}
