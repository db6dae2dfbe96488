import Domain
import Testing

@Suite struct DurationHistogramTests {
    @Test func bucketsBeginWhereTheOneBeforeEnds() {
        #expect(DurationHistogram.bucket(of: .zero) == 0)
        #expect(DurationHistogram.bucket(of: .milliseconds(1)) == 0)
        #expect(DurationHistogram.bucket(of: .microseconds(1_001)) == 1)
        #expect(DurationHistogram.bucket(of: .milliseconds(2)) == 2)
        #expect(DurationHistogram.bucket(of: .milliseconds(15_000)) == 28)
        #expect(DurationHistogram.bucket(of: .milliseconds(16_384)) == 28)
        #expect(DurationHistogram.bucket(of: .seconds(3_600)) == 29)
        let buckets = (0..<20_000).map { DurationHistogram.bucket(of: .milliseconds($0)) }
        #expect(buckets == buckets.sorted())
    }

    @Test func nothingHasNoPercentile() {
        #expect(DurationHistogram().percentile(50) == nil)
        #expect(DurationHistogram().total == 0)
    }

    @Test func aBucketThatThereIsNotIsTheLast() {
        var histogram = DurationHistogram()
        histogram.add(1, to: 4_000)
        #expect(histogram.percentile(50) == .milliseconds(16_384))
    }

    /// Of any durations from 1 ms to 16 s, each percentile is within a bucket of the exact one.
    @Test(arguments: 0..<50)
    func aPercentileIsWithinABucketOfTheTruth(_ seed: Int) {
        var random = SystemRandomNumberGenerator()
        var histogram = DurationHistogram()
        var durations: [Int64] = []
        let span = Int64(2) << Int64(seed % 13)
        for _ in 0..<(1 + seed * 7) {
            let duration = Int64.random(in: 1_000...span * 1_000, using: &random)
            durations.append(duration)
            histogram.add(1, to: DurationHistogram.bucket(of: .microseconds(duration)))
        }
        durations.sort()
        #expect(histogram.total == Int64(durations.count))
        for percent: Int64 in [1, 50, 95, 100] {
            let place = max(1, (Int64(durations.count) * percent + 99) / 100)
            let exact = Duration.microseconds(durations[Int(place) - 1])
            let told = histogram.percentile(percent)!
            #expect(told <= exact * 1.4143 && exact <= told * 1.4143, "\(percent) % of \(durations)")
        }
    }
}
