import Domain

/// What a node may conclude from its own session: whether it may take others for dead, and whether others took it for
/// dead. Pure.
package struct NodeStanding {
    package enum Verdict: Equatable {
        /// Whoever shows no life is dead.
        case judges
        /// The node's own session was replaced a moment ago, and so may be those of nodes that live.
        case waits
    }

    private let settlingNanoseconds: UInt64
    private var session: Int32?
    private var replacedAt: UInt64?

    package init(settlingTime: Duration = Limits.settlingTime) {
        settlingNanoseconds = UInt64(settlingTime.microseconds) * 1_000
    }

    /// The node has shown that it lives, through `session`, at the steady reading `now`. A node that has just started
    /// judges at once: it may stand in for the one that died.
    package mutating func shown(through session: Int32, at now: UInt64) -> Verdict {
        if let last = self.session, last != session { replacedAt = now }
        self.session = session
        guard let replacedAt else { return .judges }
        if now - replacedAt < settlingNanoseconds { return .waits }
        self.replacedAt = nil
        return .judges
    }
}
