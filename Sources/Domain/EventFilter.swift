/// Which event types an endpoint wants: `*`, an exact type, or a family such as `transfer.*`.
package enum EventFilter {
    package static let maximumPatterns = 20

    /// Whether `pattern` can match any type we send.
    package static func isValid(_ pattern: some Collection<UInt8>) -> Bool {
        let bytes = [UInt8](pattern)
        return bytes == all || bytes == family || EventType.allCases.contains { [UInt8]($0.rawValue.utf8) == bytes }
    }

    private static let all = [UInt8]("*".utf8)
    private static let family = [UInt8]("transfer.*".utf8)
}
