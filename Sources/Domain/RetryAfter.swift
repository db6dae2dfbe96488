/// What a receiver asks for by `Retry-After` (RFC 9110, section 10.2.3): not to be asked again before some time.
package enum RetryAfter {
    /// The longest wait that is honoured. A day is more than any overload or maintenance that a receiver announces;
    /// without an end, a number with a digit too many would stop deliveries for years.
    package static let longest: Duration = .seconds(24 * 3_600)

    /// The wait that the value of the field asks for at `now`, at most `longest`; zero for a moment that is past. Nil
    /// for what is neither a number of seconds nor an HTTP-date: a field that cannot be read asks for nothing.
    package static func wait(_ value: ArraySlice<UInt8>, now: Timestamp) -> Duration? {
        guard let first = value.first else { return nil }
        if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) { return seconds(value) }
        guard let moment = Timestamp(httpDate: value, now: now) else { return nil }
        return min(max(.zero, moment - now), longest)
    }

    /// `1*DIGIT`, of any length.
    private static func seconds(_ digits: ArraySlice<UInt8>) -> Duration? {
        let most = longest.components.seconds
        var total: Int64 = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            total = min(total * 10 + Int64(digit), most)
        }
        return .seconds(total)
    }
}
