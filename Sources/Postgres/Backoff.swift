/// How long to wait before a new connection is tried.
enum Backoff {
    /// Doubles with each failure up to the longest; half of it is random, so that the loops of all nodes do not come at
    /// once.
    static func pause(afterFailures failures: Int, random: UInt64) -> Duration {
        let full = min(Limits.firstReconnectPause * (1 << min(failures, 10)), Limits.longestReconnectPause)
        return full / 2 + full / 2 * Int(random & 0xffff) / 0xffff
    }
}
