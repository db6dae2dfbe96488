/// A token bucket's pace and size: so many requests a second, and those of ten seconds at once.
package struct RateLimit: Hashable, Sendable {
    package let perSecond: Int
    /// Nanoseconds in which one request's token comes back.
    let interval: UInt64

    /// Tokens of a full bucket.
    package var quota: Int { perSecond * SheddingLimits.burstSeconds }
    /// Nanoseconds in which an empty bucket fills.
    var fill: UInt64 { UInt64(quota) * interval }

    /// `perSecond` is in `SheddingLimits.rates`.
    package init(perSecond: Int) {
        precondition(SheddingLimits.rates.contains(perSecond), "no rate for a bucket")
        self.perSecond = perSecond
        interval = 1_000_000_000 / UInt64(perSecond)
    }

    /// Nil for 0, which is no limit.
    package init?(orNone perSecond: Int) {
        if perSecond == 0 { return nil }
        self.init(perSecond: perSecond)
    }
}

/// A token bucket as one number (GCRA): when it will be full again. A bucket nobody has used for a while is full and
/// need not be remembered.
package struct TokenBucket: Hashable, Sendable {
    /// Monotonic nanoseconds.
    package var fullAt: UInt64 = 0

    package init(fullAt: UInt64 = 0) { self.fullAt = fullAt }

    /// What a request found.
    package struct Finding: Hashable, Sendable {
        package let isAllowed: Bool
        /// Requests that may follow at once.
        package let remaining: Int
        /// Nanoseconds until the bucket is full, if nothing is taken.
        package let untilFull: UInt64
        /// Nanoseconds until a request is allowed; 0 if one is now.
        package let untilNext: UInt64
    }

    /// Takes a token at `now`, or tells when there is one. A bucket that owes more than `limit` can, because its limit
    /// was larger, is empty.
    package mutating func take(_ limit: RateLimit, now: UInt64) -> Finding {
        let found = look(limit, now: now)
        if !found.isAllowed { return found }
        fullAt = now + found.untilFull + limit.interval
        return TokenBucket.finding(limit, owed: found.untilFull + limit.interval, isAllowed: true)
    }

    /// The same without taking.
    package func look(_ limit: RateLimit, now: UInt64) -> Finding {
        let owed = min(fullAt > now ? fullAt - now : 0, limit.fill)
        return TokenBucket.finding(limit, owed: owed, isAllowed: owed + limit.interval <= limit.fill)
    }

    private static func finding(_ limit: RateLimit, owed: UInt64, isAllowed: Bool) -> Finding {
        let next = owed + limit.interval
        return Finding(
            isAllowed: isAllowed, remaining: Int((limit.fill - owed) / limit.interval), untilFull: owed,
            untilNext: next > limit.fill ? next - limit.fill : 0)
    }
}
