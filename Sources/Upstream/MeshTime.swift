package import Domain
package import JSON

/// Mesh's times: its documents show Unix seconds and milliseconds for the same members.
package enum MeshTime {
    /// Nil for what is no time. From 10^11 on it is milliseconds, which are 1973 then, where seconds would be the year
    /// 5138.
    package static func read(_ value: JSONValue) -> Timestamp? {
        guard let number = value.integer, number > 0 else { return nil }
        if number < 100_000_000_000 { return Timestamp(seconds: number) }
        // Up to the end of the year 9999.
        return number < 253_402_300_800_000 ? Timestamp(milliseconds: number) : nil
    }
}
