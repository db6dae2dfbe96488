import Domain

/// How long a webhook waits after a failed post. Mesh's own schedule is not documented; this one is the stand-in's.
enum RetryPause {
    /// The pause after attempt number `attempt`, counted from 1: 0.2 s doubled up to 30 s, each shortened by up to half
    /// so that what failed together does not come back together.
    static func after(attempt: Int32, random: inout some RandomNumberGenerator) -> Duration {
        let doublings = min(max(attempt, 1) - 1, 16)
        let longest = min(SandboxLimits.firstPause * (1 << doublings), SandboxLimits.longestPause)
        let half = longest.milliseconds / 2
        return .milliseconds(half + Int64(random.next(upperBound: UInt64(half) + 1)))
    }
}
