/// The numbers by which an endpoint is slowed down, tried again, and given up.
package struct HealthPolicy: Hashable, Sendable {
    /// Failures in a row, of any kind, after which the endpoint is left alone for a while. One refused event, or a few,
    /// say nothing of the others; ten different ones in a row do. (A share over a window would need more memory and
    /// says no more: where 70 % fail, ten in a row come soon.)
    package var failuresToOpen = 10
    /// Of attempts without any answer so many are enough: each keeps a connection for up to the attempt's timeout.
    package var unansweredToOpen = 3
    /// The first pause; each further one is twice as long.
    package var firstPause: Duration = .seconds(1)
    /// The longest pause that is our idea: how late a healed endpoint may be noticed.
    package var longestPause: Duration = .seconds(300)
    /// The same for one that answers, though it takes nothing: it is there, and its next event may be another matter.
    package var longestPauseAnswered: Duration = .seconds(60)
    /// How long a probe may take before another may be sent: an attempt's timeout, and the time to record it.
    package var probeTime: Duration = .seconds(20)
    /// How long an endpoint may fail without one success until it is disabled: rivals give five days.
    package var disableAfter: Duration = .seconds(5 * 24 * 3_600)
    /// It takes so many failures as well: two that are days apart prove little.
    package var failuresToDisable = 10
    /// Attempts at once to an endpoint that takes everything, or of which nothing is known.
    package var fullAllowance = 64
    /// Shorter pauses are kept to oneself: telling the others would take as long.
    package var silentPause: Duration = .seconds(2)
    /// How often others are told that an endpoint goes on failing, or that it recovered. A busy one that does both all
    /// the time must not cost a write each time.
    package var newsInterval: Duration = .seconds(60)
    /// Failures in a row before anything is told at all.
    package var failuresToTell = 3

    package init() {}

    /// The same with pauses divided, as `RetrySchedule.accelerated`: a development aid. What a receiver asks for stays,
    /// and so does when an endpoint is disabled.
    package func accelerated(by divisor: Int) -> HealthPolicy {
        var policy = self
        let divisor = max(1, divisor)
        policy.firstPause = firstPause / divisor
        policy.longestPause = longestPause / divisor
        policy.longestPauseAnswered = longestPauseAnswered / divisor
        return policy
    }
}
