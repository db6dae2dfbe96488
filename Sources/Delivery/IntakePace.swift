import Domain

/// How many webhooks may wait for their commit, by how fast the last commits were: as many as can be stored in half of
/// the time in which they have to be answered. More would all be late: each would still be stored, and sent again.
struct IntakePace {
    /// Nanoseconds.
    private let time: Double
    private let age: UInt64
    /// Nanoseconds that one webhook takes, of late.
    private var each: Double?
    private var noted: UInt64 = 0

    init(answerWithin: Duration) {
        time = Double(answerWithin.microseconds) * 1_000 / 2
        age = UInt64(Limits.paceAge.microseconds) * 1_000
    }

    /// A commit of `count` began and ended then, in monotonic nanoseconds. A small one tells nothing, unless the room
    /// is as small: most of what it costs it costs once.
    mutating func note(_ count: Int, from began: UInt64, to ended: UInt64) {
        let usual = room(at: ended)
        if count < min(Limits.manyWebhooks, usual / 2) { return }
        let found = Double(ended - began) / Double(count)
        let known = ended <= noted + age ? each : nil
        each = known.map { ($0 * 3 + found) / 4 } ?? found
        noted = ended
    }

    /// Without a large commit of late there is no bound.
    func room(at now: UInt64) -> Int {
        guard let each, now <= noted + age else { return .max }
        return max(Limits.fewWebhooks, Int(time / max(each, 1)))
    }
}
