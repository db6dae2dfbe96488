import Runtime

/// Tells of the refusals of one loop. The first of a second have a line each, like any request. The others are counted,
/// and the second's end tells how many they were: under overload their lines would cost more than they do.
struct RefusalLog: Sendable {
    private struct State {
        /// Lines of the second that goes on; nil between refusals.
        var lines: Int?
        /// Those without a line, by reason.
        var untold = [Int](repeating: 0, count: Refusal.Reason.allCases.count)
    }

    private let loop: EventLoop
    private let log: Log
    private let state: LoopState<State>

    init(loop: EventLoop, log: Log) {
        self.loop = loop
        self.log = log
        state = LoopState(loop, State())
    }

    /// Whether a request that was refused for this reason has a line of its own.
    func mayTell(_ reason: Refusal.Reason) -> Bool {
        let (isFirst, mayTell) = state.withValue { state in
            let lines = state.lines ?? 0
            defer { state.lines = min(lines + 1, SheddingLimits.refusalLines) }
            if lines == SheddingLimits.refusalLines { state.untold[reason.rawValue] += 1 }
            return (state.lines == nil, lines < SheddingLimits.refusalLines)
        }
        if isFirst {
            loop.spawn {
                await loop.sleep(for: SheddingLimits.refusalInterval)
                tell()
            }
        }
        return mayTell
    }

    private func tell() {
        let untold = state.withValue { state in
            defer { state = State() }
            return state.untold
        }
        for reason in Refusal.Reason.allCases where untold[reason.rawValue] > 0 {
            log.warn("requests refused", [(.reason, .text("\(reason)")), (.count, .integer(untold[reason.rawValue]))])
        }
    }
}
