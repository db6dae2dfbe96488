import Synchronization

/// A count that only grows. Safe from every thread, about 2 ns.
package final class Counter: Sendable {
    private let count = Atomic(0)

    init() {}

    package func add(_ amount: Int = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
    package var value: Int { count.load(ordering: .relaxed) }
}

/// A value that goes up and down. Safe from every thread.
package final class Gauge: Sendable {
    private let level = Atomic(0)

    init() {}

    package func set(_ value: Int) { level.store(value, ordering: .relaxed) }
    package func add(_ amount: Int = 1) { level.wrappingAdd(amount, ordering: .relaxed) }
    package func subtract(_ amount: Int = 1) { level.wrappingSubtract(amount, ordering: .relaxed) }
    package var value: Int { level.load(ordering: .relaxed) }
}

/// The upper bounds of a histogram's buckets and the unit they are in.
package struct MetricBuckets: Sendable {
    /// Ascending, in the unit observed (nanoseconds for durations).
    let bounds: [Int]
    /// How many of that unit make one of the unit shown (10^9 for durations, shown in seconds).
    let scale: Int

    init(bounds: [Int], scale: Int) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds ascend")
        self.bounds = bounds
        self.scale = scale
    }

    /// Durations, shown in seconds.
    package static func durations(_ bounds: [Duration]) -> MetricBuckets {
        MetricBuckets(bounds: bounds.map(Histogram.nanoseconds), scale: 1_000_000_000)
    }

    /// Sizes and counts, shown as they are.
    package static func counts(_ bounds: [Int]) -> MetricBuckets { MetricBuckets(bounds: bounds, scale: 1) }

    /// What happens inside the service: 100 µs to 10 s.
    package static let latency = durations([
        .microseconds(100), .microseconds(250), .microseconds(500), .milliseconds(1), .microseconds(2_500),
        .milliseconds(5),
        .milliseconds(10), .milliseconds(25), .milliseconds(50), .milliseconds(100), .milliseconds(250),
        .milliseconds(500),
        .seconds(1), .milliseconds(2_500), .seconds(5), .seconds(10),
    ])

    /// Acknowledgements of webhooks: 500 µs to 5 s, with the 200 ms that Mesh waits.
    package static let acknowledgement = durations([
        .microseconds(500), .milliseconds(1), .microseconds(2_500), .milliseconds(5), .milliseconds(10),
        .milliseconds(20), .milliseconds(50), .milliseconds(100), .milliseconds(150), .milliseconds(200),
        .milliseconds(500), .seconds(1), .seconds(5),
    ])

    /// Ages of queued work: 1 s to 3 days.
    package static let age = durations([
        .seconds(1), .seconds(5), .seconds(15), .seconds(60), .seconds(300), .seconds(1_800), .seconds(7_200),
        .seconds(18_000),
        .seconds(36_000), .seconds(86_400), .seconds(259_200),
    ])

    /// Batch sizes: 1 to 1024, doubling.
    package static let batch = counts([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024])
}

/// How often values fell into which bucket, and their sum. Safe from every thread.
@safe
package final class Histogram: @unchecked Sendable {
    struct Snapshot: Sendable {
        let buckets: MetricBuckets
        /// Not cumulative; one more than there are bounds.
        let counts: [Int]
        let sum: Int
    }

    private let buckets: MetricBuckets
    private let counts: UnsafeMutablePointer<Atomic<Int>>
    private let sum = Atomic(0)

    init(_ buckets: MetricBuckets) {
        self.buckets = buckets
        unsafe counts = .allocate(capacity: buckets.bounds.count + 1)
        for index in 0...buckets.bounds.count { unsafe (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe counts.deinitialize(count: buckets.bounds.count + 1)
        unsafe counts.deallocate()
    }

    /// Counts a duration; the buckets are `durations`.
    package func observe(_ duration: Duration) { observe(Histogram.nanoseconds(duration)) }

    /// Counts a value in the buckets' unit: nanoseconds for durations, the number itself for counts.
    package func observe(_ value: Int) {
        var index = 0
        while index < buckets.bounds.count, value > buckets.bounds[index] { index += 1 }
        unsafe counts[index].wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(value, ordering: .relaxed)
    }

    func snapshot() -> Snapshot {
        let counts = (0...buckets.bounds.count).map { unsafe self.counts[$0].load(ordering: .relaxed) }
        return Snapshot(buckets: buckets, counts: counts, sum: sum.load(ordering: .relaxed))
    }

    static func nanoseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    }
}
