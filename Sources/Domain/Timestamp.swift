/// A moment of UTC wall time, in microseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Comparable, Sendable {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }
    package init(milliseconds: Int64) { self.microseconds = milliseconds * 1_000 }
    package init(seconds: Int64) { self.microseconds = seconds * 1_000_000 }

    package var milliseconds: Int64 { microseconds / 1_000 }
    package var seconds: Int64 { microseconds / 1_000_000 }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
    package static func + (moment: Timestamp, span: Duration) -> Timestamp {
        Timestamp(microseconds: moment.microseconds + span.microseconds)
    }
    package static func - (moment: Timestamp, span: Duration) -> Timestamp {
        Timestamp(microseconds: moment.microseconds - span.microseconds)
    }
    package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .microseconds(later.microseconds - earlier.microseconds)
    }
}

extension Duration {
    /// Whole microseconds, rounded towards zero.
    package var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 { microseconds / 1_000 }
}
