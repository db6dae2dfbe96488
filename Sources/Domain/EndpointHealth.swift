/// How an endpoint fares, and so how much may be sent to it. Pure: time and chance are passed in.
///
/// *Closed*: it works, as far as is known. So much may be in flight at once as it has earned: one more with each
/// success, half with each failure that is the receiver's trouble.
/// *Open*: nothing is sent until `pausedUntil`: the receiver asked for it, or failed too often in a row. Each pause is
/// twice as long as the one before.
/// *Half open*: one delivery is out as a probe. Its success closes the breaker, and what waits flows again, one at a
/// time first; its failure begins the next pause. Should nothing be heard of it, `pausedUntil` is when another may be
/// sent.
///
/// What was under way when a state began is no evidence about it: only attempts that started since move the breaker,
/// except that a rest which a receiver asks for is granted whenever it asks.
package struct EndpointHealth: Hashable, Sendable {
    package enum Breaker: String, Sendable, CaseIterable {
        case closed, open, halfOpen
    }

    /// What all nodes know of an endpoint: it outlives the memory of one.
    package struct Shared: Hashable, Sendable {
        package var breaker = Breaker.closed
        /// Nil while closed.
        package var pausedUntil: Timestamp?
        /// When the first attempt began that failed after the last success.
        package var failingSince: Timestamp?
        /// Failures since the last success.
        package var consecutiveFailures = 0
        /// How often it was paused of late: the exponent of the next pause.
        package var pauses = 0

        package init() {}

        /// After its owner enabled it: all is forgotten, but one delivery goes first.
        package static func enabled(at now: Timestamp) -> Shared {
            var shared = Shared()
            shared.breaker = .open
            shared.pausedUntil = now
            return shared
        }

        /// In one word, for people.
        package func state(isEnabled: Bool, policy: HealthPolicy = HealthPolicy()) -> HealthState {
            if !isEnabled { return .disabled }
            if consecutiveFailures >= policy.failuresToOpen { return .failing }
            return breaker != .closed && failingSince != nil ? .slowed : .healthy
        }
    }

    /// What may be sent now.
    package enum Admission: Hashable, Sendable {
        /// As long as fewer than this many are in flight.
        case upTo(Int)
        /// One delivery, after `beginProbe`.
        case probe
        case nothing(until: Timestamp)
    }

    /// What follows from an attempt, beyond its delivery.
    package struct News: Hashable, Sendable {
        /// The shared part has changed in a way that others must learn.
        package var isToTell = false
        /// So has the breaker in it; otherwise theirs is left as it is.
        package var tellsBreaker = false
        /// The end of the pause that they knew of before: what a closed breaker may replace, and nothing newer.
        package var replaces: Timestamp?
        package var disable: DisabledReason?
        /// It had been failing since then, and others knew; now it takes deliveries again.
        package var recoveredFrom: Timestamp?

        package init() {}
    }

    package private(set) var shared = Shared()
    private let policy: HealthPolicy
    /// How many may be in flight at once.
    private var allowance: Int
    /// Failures in a row without an answer.
    private var unanswered = 0
    /// When the breaker came to be as it is.
    private var since = Timestamp(microseconds: .min)
    /// The end of the pause that others know of, and whether they know of the failing.
    private var toldUntil: Timestamp?
    private var isFailingTold = false
    private var lastTold: Timestamp?

    package init(policy: HealthPolicy) {
        self.policy = policy
        allowance = policy.fullAllowance
    }

    // MARK: Before an attempt

    package func admission(at now: Timestamp) -> Admission {
        guard shared.breaker != .closed else { return .upTo(allowance) }
        guard let end = shared.pausedUntil, now < end else { return .probe }
        return .nothing(until: end)
    }

    /// Whether others know of the pause: then its probe is agreed on with them, by `takeProbe`.
    package var isPauseShared: Bool { toldUntil != nil }

    /// Nothing is worth remembering.
    package var isUnremarkable: Bool {
        shared == Shared() && allowance == policy.fullAllowance && unanswered == 0 && toldUntil == nil
    }

    /// One delivery goes out as the probe of a pause that is known here alone.
    package mutating func beginProbe(at now: Timestamp) {
        shared.breaker = .halfOpen
        shared.pausedUntil = now + policy.probeTime
        since = now
    }

    /// One delivery goes out as the one probe of all nodes, which `known` tells of; none other does before `end`.
    package mutating func takeProbe(_ known: Shared, until end: Timestamp, at now: Timestamp) {
        shared = known
        shared.breaker = .halfOpen
        shared.pausedUntil = end
        toldUntil = end
        isFailingTold = known.failingSince != nil
        since = now
        allowance = 1
    }

    /// The probe was not sent after all, for a reason of our own: another may be at once.
    package mutating func abandonProbe(at now: Timestamp) {
        guard shared.breaker == .halfOpen else { return }
        shared.breaker = .open
        shared.pausedUntil = now
    }

    // MARK: After it

    /// Counts an attempt that began at `start` and has just ended. `random` is one 64-bit draw for the jitter.
    package mutating func note(
        _ outcome: AttemptOutcome, startedAt start: Timestamp, at now: Timestamp, random: UInt64
    ) -> News {
        var news = News()
        news.replaces = toldUntil
        if outcome.isSuccess {
            succeed(start, now, &news)
        } else {
            fail(outcome, start, now, random, &news)
        }
        if news.tellsBreaker { news.isToTell = true }
        if news.isToTell { told(now, withBreaker: news.tellsBreaker) } else { news.replaces = nil }
        return news
    }

    private mutating func succeed(_ start: Timestamp, _ now: Timestamp, _ news: inout News) {
        if isFailingTold, let failing = shared.failingSince {
            news.isToTell = true
            news.recoveredFrom = failing
        }
        shared.failingSince = nil
        shared.consecutiveFailures = 0
        unanswered = 0
        if shared.breaker == .closed {
            allowance = min(allowance + 1, policy.fullAllowance)
            if allowance == policy.fullAllowance { shared.pauses = 0 }
        } else if start >= since {
            news.tellsBreaker = toldUntil != nil
            close(now)
        }
    }

    private mutating func fail(
        _ outcome: AttemptOutcome, _ start: Timestamp, _ now: Timestamp, _ random: UInt64, _ news: inout News
    ) {
        if shared.failingSince == nil { shared.failingSince = start }
        shared.consecutiveFailures += 1
        unanswered = outcome == .unanswered ? unanswered + 1 : 0
        if outcome.isReceiversTrouble { allowance = max(1, allowance / 2) }
        let asked = outcome.slowsDown ? outcome.retryAfter.map { now + $0 + spread($0, random) } : nil
        if start >= since, shared.breaker != .open, shared.breaker == .halfOpen || opens(outcome) {
            let end = max(now + pause(outcome, random), asked ?? now)
            open(until: end, now)
            news.tellsBreaker = toldUntil != nil || end - now >= policy.silentPause
        } else if let asked, shared.breaker != .open || asked > shared.pausedUntil ?? now {
            news.tellsBreaker = asked - max(toldUntil ?? now, now) >= policy.silentPause
            if shared.breaker == .closed { open(until: asked, now) } else { prolong(until: asked, now) }
        }
        if shared.consecutiveFailures >= policy.failuresToTell,
            lastTold.map({ now - $0 >= policy.newsInterval }) ?? true
        {
            news.isToTell = true
        }
        if outcome.isGone {
            news.disable = .gone
        } else if let failing = shared.failingSince, now - failing >= policy.disableAfter,
            shared.consecutiveFailures >= policy.failuresToDisable
        {
            news.disable = .failing
        }
    }

    private func opens(_ outcome: AttemptOutcome) -> Bool {
        outcome.slowsDown || shared.consecutiveFailures >= policy.failuresToOpen
            || unanswered >= policy.unansweredToOpen
    }

    private mutating func open(until end: Timestamp, _ now: Timestamp) {
        shared.breaker = .open
        shared.pausedUntil = end
        shared.pauses += 1
        since = EndpointHealth.justAfter(now)
        allowance = 1
    }

    /// Many that were in flight may ask for the same rest: that is one pause.
    private mutating func prolong(until end: Timestamp, _ now: Timestamp) {
        shared.breaker = .open
        shared.pausedUntil = end
        since = EndpointHealth.justAfter(now)
    }

    /// So that what was begun in this very moment, before the pause, does not end it.
    private static func justAfter(_ now: Timestamp) -> Timestamp { now + .microseconds(1) }

    private mutating func close(_ now: Timestamp) {
        shared.breaker = .closed
        shared.pausedUntil = nil
        // One success is no proof of lasting health: a relapse does not begin with the shortest pause again, until
        // as much may be in flight as ever.
        shared.pauses /= 2
        since = now
        allowance = 1
    }

    /// Half to one and a half of the pause that is due, so that endpoints which fell together do not rise together.
    private func pause(_ outcome: AttemptOutcome, _ random: UInt64) -> Duration {
        let longest =
            if case .answered = outcome, !outcome.slowsDown { policy.longestPauseAnswered } else { policy.longestPause }
        let doubled = policy.firstPause.microseconds << Int64(min(shared.pauses, 20))
        let length = max(1, min(doubled, longest.microseconds))
        return .microseconds(length / 2 + Int64(random % UInt64(length + 1)))
    }

    /// Something more than was asked for, up to a tenth: others were told the same moment.
    private func spread(_ asked: Duration, _ random: UInt64) -> Duration {
        .microseconds(Int64(random >> 32) % (min(asked / 10, .seconds(30)).microseconds + 1))
    }

    // MARK: Between nodes

    private mutating func told(_ now: Timestamp, withBreaker: Bool) {
        lastTold = now
        if withBreaker { toldUntil = shared.pausedUntil }
        isFailingTold = shared.failingSince != nil
    }

    /// Takes over what others have told since. What is known here alone stays: a short pause, and failures that were
    /// not told yet.
    package mutating func adopt(_ news: Shared, at now: Timestamp) {
        switch news.breaker {
        case .closed:
            if toldUntil != nil, shared.breaker != .closed { close(now) }
            toldUntil = nil
        case .halfOpen where shared.breaker == .halfOpen && shared.pausedUntil == news.pausedUntil:
            // Our own probe.
            toldUntil = news.pausedUntil
        case .open, .halfOpen:
            // Their probe is not ours: its end is when another may be sent.
            shared.breaker = .open
            shared.pausedUntil = news.pausedUntil
            shared.pauses = max(shared.pauses, news.pauses)
            since = EndpointHealth.justAfter(now)
            allowance = 1
            toldUntil = news.pausedUntil
        }
        if news.failingSince != nil || isFailingTold {
            shared.failingSince = news.failingSince
            shared.consecutiveFailures = news.consecutiveFailures
            isFailingTold = news.failingSince != nil
        }
    }
}

extension AttemptOutcome {
    /// A failure that fewer requests at once might have spared: no answer, an overload, a server's error. What a
    /// receiver refuses for what it says is refused at any pace.
    fileprivate var isReceiversTrouble: Bool {
        switch self {
        case .answered(let status, _): status >= 500 || status == 408 || status == 429
        case .unanswered: true
        case .refused: false
        }
    }
}
