package import Domain
package import Store

/// When registrations are tried, and again.
package struct RegistrarPace: Sendable {
    /// Between two looks for due registrations, when there were none.
    package var pollInterval: Duration = .seconds(1)
    /// Registrations of one look, worked on side by side: few enough for an upstream whose limits nobody knows.
    package var claimSize = 4
    /// How long one worker has a registration to itself: all calls of one attempt at their longest.
    package var lease: Duration = .seconds(180)
    /// What of the lease must be left to begin a call: the longest call and its recording.
    package var callMargin: Duration = .seconds(60)
    /// How long after a create was sent it may still come to be: then it is searched for a last time.
    package var settleTime: Duration = .seconds(60)
    /// A create is sent within this of being marked, or not at all: after it the settle time would not hold.
    package var sendWindow: Duration = .seconds(10)
    /// How old a list may be in which a first create looks for what is there already.
    package var listAge: Duration = .seconds(30)
    /// How long an upstream that failed as a whole is left in peace by this node.
    package var rest: Duration = .seconds(5)
    /// How long one waits whose names another is just creating under.
    package var turn: Duration = .seconds(2)
    package var firstPause: Duration = .seconds(2)
    package var longestPause: Duration = .seconds(900)
    /// Attempts that fail before a person is told; they go on.
    package var patience = 8

    package init() {}
    package static let standard = RegistrarPace()

    /// The pause after `attempts` failures, 1 or more: doubled each time, ± 20 % so that many do not come back at
    /// once.
    package func pause(after attempts: Int32, random: UInt64) -> Duration {
        let doublings = min(max(attempts, 1) - 1, 20)
        let whole = min(firstPause.microseconds << Int64(doublings), longestPause.microseconds)
        let span = whole / 5 * 2
        return .microseconds(whole - span / 2 + Int64(random % UInt64(max(span, 1))))
    }

    /// What comes after an attempt that failed.
    package func failure(
        _ failure: AccountFailure, attempts: Int32, now: Timestamp, random: UInt64
    ) -> RegistrationFailure {
        let pause = pause(after: attempts, random: random)
        let waning: RegistrationState = Int(attempts) >= patience ? .failed : .pending
        switch failure {
        case .refused(let status, let message):
            // Only another content, or a person, can mend it.
            return RegistrationFailure(
                state: .failed, dueAt: nil, code: status == 415 ? "logoRefused" : failure.code, message: message)
        case .keysRefused:
            // New keys make it due at once; Mesh's own list of addresses may change without our knowing.
            return RegistrationFailure(state: .failed, dueAt: now + longestPause, code: failure.code)
        case .tooManyRequests(let retryAfter):
            let asked = Duration.seconds(Int64(retryAfter ?? 0))
            return RegistrationFailure(state: waning, dueAt: now + max(pause, asked), code: failure.code)
        case .notFound, .unreachable, .unknown:
            return RegistrationFailure(state: waning, dueAt: now + pause, code: failure.code)
        }
    }
}
