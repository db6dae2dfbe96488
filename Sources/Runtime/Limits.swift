/// Limits of this module.
package enum RuntimeLimits {
    /// One log line with its line feed, in bytes: what collectors take in one piece (journald and Docker cut at 16 KiB
    /// and more).
    package static let logLineBytes = 8_192
    /// One value within a line, in bytes as written, so that one long value leaves room for the others.
    package static let logValueBytes = 2_048
    /// How long a line waits for a full standard error before it is dropped, in milliseconds. A reader that hangs must
    /// not hang the service; a reader that is merely slow gets this long once, and is then waited for no more until it
    /// reads.
    package static let logWaitMilliseconds: Int32 = 10
    /// Series of one metric: all combinations of its labels' values.
    package static let seriesPerMetric = 2_000
}
