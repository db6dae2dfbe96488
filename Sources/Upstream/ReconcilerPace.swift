import Domain
import Store

/// When an upstream's list of transfers is looked at, and how much of it at a time.
package struct ReconcilerPace: Sendable {
    /// Between two looks at what was made lately. What happened less long ago is left to its webhook: typical ones come
    /// within half a minute, and an upstream repeats those that failed.
    package var interval: Duration
    /// How far before the last pass a pass begins: transfers go on after they were made, those of exchanges for minutes
    /// to hours …
    package var recentOverlap: Duration = .seconds(2 * 3_600)
    /// … and at their longest for days; refunds come days later as well.
    package var deepOverlap: Duration = .seconds(7 * 86_400)
    /// Between two looks at the last days.
    package var deepInterval: Duration = .seconds(3_600)
    /// Between two looks for work, and between two turns of one pass.
    package var turnPause: Duration
    /// Pages of one turn: with the pause between turns, two calls a second on an upstream whose limits nobody knows.
    package var pagesPerTurn = 10
    /// Transfers of one page: the most that every version of Mesh's documents allows.
    package var pageSize = 100
    /// How long one worker has a sweep to itself from one page to the next: a call at its longest, and its commits.
    package var lease: Duration = .seconds(60)
    package var firstPause: Duration = .seconds(10)
    package var longestPause: Duration = .seconds(900)

    package init(interval: Duration) {
        self.interval = interval
        turnPause = min(interval, .seconds(10))
    }

    func overlap(_ sweep: ReconciliationSweep) -> Duration {
        switch sweep {
        case .recent: recentOverlap
        case .deep: deepOverlap
        }
    }

    func interval(_ sweep: ReconciliationSweep) -> Duration {
        switch sweep {
        case .recent: interval
        case .deep: max(deepInterval, interval)
        }
    }

    /// A new pass, which begins before where the last one ended.
    func pass(_ claimed: ClaimedReconciliation, now: Timestamp) -> ReconciliationPlace {
        ReconciliationPlace(
            until: Timestamp(seconds: (now - interval).seconds),
            from: Timestamp(seconds: (claimed.sweptUntil - overlap(claimed.sweep)).seconds))
    }

    /// The pause after `failures` in a row, 1 or more: doubled each time, and not shorter than the upstream asks for.
    func pause(after failures: Int32, _ failure: UpstreamFailure) -> Duration {
        let doublings = Int64(min(max(failures, 1) - 1, 20))
        let pause = Duration.microseconds(min(firstPause.microseconds << doublings, longestPause.microseconds))
        guard case .tooManyRequests(let seconds?) = failure else { return pause }
        return max(pause, .seconds(seconds))
    }
}
