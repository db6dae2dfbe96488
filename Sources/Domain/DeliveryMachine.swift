/// What one attempt came to, as far as the delivery's future depends on it.
package enum AttemptOutcome: Hashable, Sendable {
    /// The receiver answered with this HTTP status.
    case answered(status: Int)
    /// No complete answer: refused, reset, timed out, not resolved.
    case unanswered
    /// We would not send it: the address is forbidden or the URL is no longer valid.
    case refused
}

/// Decides what follows an attempt. Pure: the same outcome and draw give the same decision on every node.
package struct DeliveryMachine: Sendable {
    package enum Decision: Hashable, Sendable {
        case delivered
        case retry(after: Duration)
        case failed
    }

    package let schedule: RetrySchedule

    package init(schedule: RetrySchedule) { self.schedule = schedule }

    /// `failures` counts the recorded failures before this attempt; `random` is one 64-bit draw for the jitter.
    package func decide(_ outcome: AttemptOutcome, failuresBefore failures: Int, random: UInt64) -> Decision {
        if case .answered(let status) = outcome, (200..<300).contains(status) { return .delivered }
        guard let delay = schedule.delay(afterFailures: failures + 1, random: random) else { return .failed }
        return .retry(after: delay)
    }
}
