package import Domain
import Glibc
import Synchronization

/// Where time comes from: handed to whoever needs it, so that tests decide what time it is.
package struct Clock: Sendable {
    private let wall: @Sendable () -> Timestamp
    private let steady: @Sendable () -> UInt64

    /// `monotonic` gives nanoseconds since any fixed moment.
    package init(now: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> UInt64) {
        wall = now
        steady = monotonic
    }

    /// UTC wall time, to the microsecond. It may jump: measure spans with `monotonic()`.
    package func now() -> Timestamp { wall() }

    /// Nanoseconds that never go back.
    package func monotonic() -> UInt64 { steady() }

    /// The machine's clocks.
    package static let system = Clock(
        now: {
            let time = read(CLOCK_REALTIME)
            return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
        },
        monotonic: {
            let time = read(CLOCK_MONOTONIC)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        })

    /// A clock that stands still, for tests.
    package static func stopped(at moment: Timestamp) -> Clock { Clock(now: { moment }, monotonic: { 0 }) }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return time
    }
}

/// Where randomness for jitter, ids and sampling comes from; keys and nonces come from Crypto. Usable wherever the
/// standard library takes a generator, and safe to share between threads.
package struct RandomSource: RandomNumberGenerator, Sendable {
    private let source: @Sendable () -> UInt64

    package init(_ source: @escaping @Sendable () -> UInt64) { self.source = source }

    package func next() -> UInt64 { source() }

    /// The system's generator (getrandom(2)), drawn 32 numbers at a time: a call costs more than all else an id needs.
    package static let system: RandomSource = {
        let pool = Pool()
        return RandomSource { pool.next() }
    }()

    private final class Pool: @unchecked Sendable {
        private let lock = Lock()
        /// As many as one getentropy(3) gives.
        private var numbers = [UInt64](repeating: 0, count: 32)
        private var left = 0

        func next() -> UInt64 {
            lock.withLock {
                if left == 0 { fill() }
                left -= 1
                return numbers[left]
            }
        }

        private func fill() {
            let status = unsafe numbers.withUnsafeMutableBytes { unsafe getentropy($0.baseAddress, $0.count) }
            precondition(status == 0, "the system has no randomness")
            left = numbers.count
        }
    }

    /// The same numbers for the same seed: SplitMix64 (Steele, Lea, Flood 2014), whose state is one counter and so one
    /// atomic.
    package static func seeded(_ seed: UInt64) -> RandomSource {
        let counter = Counter(seed)
        return RandomSource {
            var value = counter.state.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return value ^ value >> 31
        }
    }

    private final class Counter: Sendable {
        let state: Atomic<UInt64>
        init(_ seed: UInt64) { state = Atomic(seed) }
    }
}
