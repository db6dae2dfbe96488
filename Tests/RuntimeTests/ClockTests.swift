import Domain
import Foundation
import Runtime
import Testing

struct ClockTests {
    @Test func theSystemsClocksAgreeWithFoundations() {
        let difference = Clock.system.now().microseconds - Int64(Date().timeIntervalSince1970 * 1e6)
        #expect(abs(difference) < 5_000_000)
        let first = Clock.system.monotonic()
        #expect(Clock.system.monotonic() >= first)
    }

    @Test func aStoppedClockStandsStill() {
        let clock = Clock.stopped(at: Timestamp(seconds: 5))
        #expect(clock.now() == Timestamp(seconds: 5))
        #expect(clock.now() == Timestamp(seconds: 5))
    }

    /// SplitMix64's first numbers for the seed 1234567, as Rosetta Code and the reference C code give them.
    @Test func aSeededSourceGivesTheKnownNumbers() {
        let source = RandomSource.seeded(1_234_567)
        let numbers = (0..<5).map { _ in source.next() }
        #expect(
            numbers == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func sourcesServeTheStandardLibrary() {
        var one = RandomSource.seeded(1)
        var two = RandomSource.seeded(1)
        #expect(Array(0..<50).shuffled(using: &one) == Array(0..<50).shuffled(using: &two))
        #expect(RandomSource.system.next() != RandomSource.system.next())
    }
}
