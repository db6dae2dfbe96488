/// What one attempt came to, as far as the future of its delivery and of its endpoint depends on it.
package enum AttemptOutcome: Hashable, Sendable {
    /// The receiver answered with this HTTP status, and asked by Retry-After for this rest.
    case answered(status: Int, retryAfter: Duration? = nil)
    /// No complete answer: refused, reset, timed out, not resolved.
    case unanswered
    /// We would not send it: the address is forbidden or the URL is no longer valid.
    case refused

    /// Whether the receiver took it: any 2xx. A redirect is a failure, for nothing is sent where it points.
    package var isSuccess: Bool {
        if case .answered(let status, _) = self { (200..<300).contains(status) } else { false }
    }

    /// Whether the receiver says that it wants no more of anything: 410.
    package var isGone: Bool {
        if case .answered(410, _) = self { true } else { false }
    }

    /// Whether it concerns the endpoint as a whole: it is overloaded, or nothing answers behind its gateway.
    package var slowsDown: Bool {
        if case .answered(let status, _) = self { [429, 502, 503, 504].contains(status) } else { false }
    }

    /// The rest that a failure asked for.
    package var retryAfter: Duration? {
        if case .answered(_, let wait) = self, !isSuccess { wait } else { nil }
    }
}

/// Decides what follows an attempt. Pure: the same outcome and draw give the same decision on every node.
package struct DeliveryMachine: Sendable {
    package enum Decision: Hashable, Sendable {
        case delivered
        case retry(after: Duration)
        case failed
        /// The endpoint is to be disabled; the delivery is held with all others of it.
        case endpointGone
    }

    package let schedule: RetrySchedule

    package init(schedule: RetrySchedule) { self.schedule = schedule }

    /// `failures` counts the recorded failures before this attempt; `random` is one 64-bit draw for the jitter.
    ///
    /// Retry-After may only delay: the schedule's times are the earliest. It does not make the schedule longer either:
    /// after the last attempt there is nothing to delay.
    package func decide(_ outcome: AttemptOutcome, failuresBefore failures: Int, random: UInt64) -> Decision {
        if outcome.isSuccess { return .delivered }
        if outcome.isGone { return .endpointGone }
        guard let delay = schedule.delay(afterFailures: failures + 1, random: random) else { return .failed }
        return .retry(after: max(delay, outcome.retryAfter ?? .zero))
    }
}
