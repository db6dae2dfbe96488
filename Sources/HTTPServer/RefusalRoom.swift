/// How much may begin though all places may be taken, to be refused at worst. In the weights of requests.
///
/// While nobody is served that is all that brings those who wait their turn. The more newcomers are served and leave,
/// the less it need be: others begin in their places, and each who is refused takes time from them and comes again at
/// once. A part remains always, to find out whether there are more places by now.
struct RefusalRoom {
    /// What may begin in a tick, in hundredths, as it comes back by less than one a millisecond.
    private var hundredths = RefusalRoom.most
    /// Newcomers served in the window that goes on, and in the one before.
    private var serving = 0
    private var served = 0
    private var windowStart: UInt64 = 0

    private static let most = Limits.restedAtOnce * 100

    /// Whole ones.
    var left: Int { hundredths / 100 }
    var isWhole: Bool { hundredths == RefusalRoom.most }

    mutating func noteRefusal(weight: Int) { hundredths = max(0, hundredths - weight * 100) }

    mutating func noteServed(weight: Int) { serving += weight }

    /// `passed` milliseconds, up to `now`, give some of it back.
    mutating func advance(_ passed: Int, to now: UInt64) {
        if now >= windowStart + Limits.servedWindowMilliseconds {
            served = now < windowStart + 2 * Limits.servedWindowMilliseconds ? serving : 0
            serving = 0
            windowStart = now
        }
        hundredths = min(RefusalRoom.most, hundredths + passed * perMillisecond)
    }

    /// In hundredths.
    private var perMillisecond: Int {
        let most = Limits.restedPerMillisecond * 100
        let least = most / Limits.leastOfRefusals
        let enough = Limits.servedPerMillisecond * Int(Limits.servedWindowMilliseconds)
        return most - (most - least) * min(enough, max(serving, served)) / enough
    }
}
