/// How a loop stands with its database; the texts say why, and are safe to show to operators.
package enum DatabaseStanding: Sendable, Equatable {
    case whole
    /// Some connections cannot be made again, and those that are there do the work.
    case short(String)
    case lost(String)

    fileprivate var severity: Int {
        switch self {
        case .whole: 0
        case .short: 1
        case .lost: 2
        }
    }

    fileprivate var reason: String? {
        switch self {
        case .whole: nil
        case .short(let reason), .lost(let reason): reason
        }
    }
}

/// What there is to tell of a database's absence, for all loops of a node together: when it begins and when it gets
/// worse, each reason once, a reminder while it goes on, and how long it took at its end.
package struct OutageBook: Sendable {
    package enum Line: Sendable, Equatable {
        /// Also for a new reason of the same outage.
        case lost(String)
        case short(String)
        case still(String, after: Duration)
        case back(after: Duration)
    }

    private struct Outage {
        let since: UInt64
        var toldAt: UInt64
        var worst: Int
        var reasons: Set<String>
    }

    private var loops: [Int: DatabaseStanding] = [:]
    private var outage: Outage?

    package init() {}

    /// Notes how a loop stands at a moment in monotonic nanoseconds. Returns what is news.
    package mutating func note(_ standing: DatabaseStanding, loop: Int, at now: UInt64) -> Line? {
        loops[loop] = standing
        let node = loops.values.max { $0.severity < $1.severity } ?? .whole
        guard let reason = node.reason else {
            defer { outage = nil }
            return outage.map { .back(after: .nanoseconds(now - $0.since)) }
        }
        var current = outage ?? Outage(since: now, toldAt: now, worst: 0, reasons: [])
        defer { outage = current }
        let isWorse = node.severity > current.worst
        let isNew = current.reasons.count < Limits.reasonsPerOutage && !current.reasons.contains(reason)
        if isWorse || isNew {
            current.worst = max(current.worst, node.severity)
            current.reasons.insert(reason)
            current.toldAt = now
            return node == .short(reason) ? .short(reason) : .lost(reason)
        }
        guard now - current.toldAt >= nanoseconds(Limits.outageReminder) else { return nil }
        current.toldAt = now
        return .still(reason, after: .nanoseconds(now - current.since))
    }
}
