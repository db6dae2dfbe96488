import API
import TestSupport
import Testing

@Suite struct TokenBucketTests {
    /// Requests at random times, against a bucket that is written down as what it is: tokens that drip in.
    @Test(arguments: 0..<200)
    func itAllowsWhatABucketOfTokensWould(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        let limit = RateLimit(perSecond: [1, 3, 7, 100, 999, 50_000][Int(seed % 6)])
        let interval = UInt64(1_000_000_000) / UInt64(limit.perSecond)
        var bucket = TokenBucket()
        // In nanoseconds' worth, so that nothing is rounded.
        var (tokens, now) = (UInt64(limit.quota) * interval, UInt64(1 << 40))
        for _ in 0..<2_000 {
            // Slower than the rate in half of the cases, faster in the others, and some of them at once.
            let most = seed % 2 == 0 ? interval * 3 : interval * 3 / 4
            let pause = random.next() % 4 == 0 ? 0 : UInt64.random(in: 0...most, using: &random)
            now += pause
            tokens = min(UInt64(limit.quota) * interval, tokens + pause)
            let before = bucket.look(limit, now: now)
            let found = bucket.take(limit, now: now)
            #expect(found.isAllowed == (tokens >= interval))
            #expect(before.isAllowed == found.isAllowed)
            if found.isAllowed {
                tokens -= interval
                #expect(found.untilNext == 0 || tokens < interval)
            } else {
                #expect(found.untilNext == interval - tokens, "told to come when there is one")
                var later = bucket
                let early = later.take(limit, now: now + found.untilNext - 1)
                let intime = later.take(limit, now: now + found.untilNext)
                #expect(!early.isAllowed && intime.isAllowed)
            }
            #expect(found.remaining == Int(tokens / interval))
            #expect(found.untilFull == UInt64(limit.quota) * interval - tokens)
        }
    }

    @Test func aLowerLimitCountsAtOnceAndForgivesWhatIsOwedBeyondIt() {
        let (high, low) = (RateLimit(perSecond: 10), RateLimit(perSecond: 1_000))
        var bucket = TokenBucket()
        for _ in 0..<high.quota { _ = bucket.take(high, now: 5) }
        let found = bucket.take(low, now: 5)
        #expect(!found.isAllowed)
        #expect(found.untilNext == 1_000_000, "one token of the new rate, not ten seconds of the old")
    }
}

@Suite struct BucketTableTests {
    private static let limit = RateLimit(perSecond: 1)

    @Test func eachCallerHasABucketWhileThereIsRoom() {
        var table = BucketTable(buckets: 64)
        for key in UInt64(0)..<64 {
            let found = (0..<11).map { _ in table.take(key, BucketTableTests.limit, now: 1).isAllowed }
            #expect(found == Array(repeating: true, count: 10) + [false])
        }
    }

    /// Whatever callers there are, in whatever order: a table never allows more than all its buckets together do.
    @Test(arguments: 0..<50)
    func nobodyGetsAFullBucketByPushingOthersOut(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var table = BucketTable(buckets: 16, ways: 8)
        let (limit, callers) = (BucketTableTests.limit, UInt64.random(in: 1...400, using: &random))
        var (now, allowed) = (UInt64(1_000_000_000), 0)
        let start = now
        for _ in 0..<5_000 {
            now += .random(in: 0...20_000_000, using: &random)
            if table.take(.random(in: 0..<callers, using: &random), limit, now: now).isAllowed { allowed += 1 }
        }
        let most = 16 * (limit.quota + Int((now - start) / 1_000_000_000) + 1)
        #expect(allowed <= most)
        #expect(callers < 200 || allowed >= 16 * limit.quota, "all of it is used")
    }

    @Test func whoIsPushedOutLeavesWhatHeOwes() {
        var table = BucketTable(buckets: 2, ways: 2)
        func take(_ key: UInt64, _ times: Int) -> Int {
            (0..<times).reduce(0) { count, _ in
                count + (table.take(key, BucketTableTests.limit, now: 1).isAllowed ? 1 : 0)
            }
        }
        let found = [take(1, 5), take(2, 9), take(3, 6), take(1, 6), take(2, 6)]
        #expect(found == [5, 9, 5, 1, 0], "the third has what the first left, the first what the second left")
        #expect(table.look(2, BucketTableTests.limit, now: 1 + 10_000_000_000).remaining == 10)
    }
}
