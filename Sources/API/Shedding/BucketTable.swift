import Runtime

/// Token buckets of many callers in bounded memory: 16 bytes each, all of them there from the start.
///
/// A caller's bucket is one of the few of its set. When all of a set are in use, a newcomer takes over the one that
/// owes least, with what it owes, and whoever had it does the same when he comes back. So nobody gets a full bucket by
/// pushing others, or himself, out of the table: a set never allows more than its buckets do. What suffers under too
/// many callers is that some share a bucket and are refused sooner; for that each bucket of a set must be drawn nearly
/// empty, at the cost of a whole quota each.
package struct BucketTable: Sendable {
    private struct Place {
        /// Of the caller; meaningless while the bucket is full.
        var key: UInt64 = 0
        var bucket = TokenBucket()
    }

    private var places: [Place]
    private let ways: Int
    private let mask: UInt64

    /// `buckets` and `ways` are powers of two.
    package init(buckets: Int, ways: Int = SheddingLimits.bucketsPerSet) {
        precondition(buckets.nonzeroBitCount == 1 && ways.nonzeroBitCount == 1 && ways <= buckets, "powers of two")
        places = Array(repeating: Place(), count: buckets)
        self.ways = ways
        mask = UInt64(buckets / ways - 1)
    }

    /// Takes a token of the caller's bucket. `key` is a hash under a key that callers do not know, so that none can
    /// choose whose set it shares.
    package mutating func take(_ key: UInt64, _ limit: RateLimit, now: UInt64) -> TokenBucket.Finding {
        let index = place(of: key, now)
        let found = places[index].bucket.take(limit, now: now)
        if found.isAllowed { places[index].key = key }
        return found
    }

    /// Looks without taking.
    package func look(_ key: UInt64, _ limit: RateLimit, now: UInt64) -> TokenBucket.Finding {
        places[place(of: key, now)].bucket.look(limit, now: now)
    }

    /// The caller's own bucket, or the one of its set that owes least.
    private func place(of key: UInt64, _ now: UInt64) -> Int {
        let first = Int(key & mask) * ways
        var least = first
        for index in first..<first + ways {
            let bucket = places[index].bucket
            if places[index].key == key, bucket.fullAt > now { return index }
            if bucket.fullAt < places[least].bucket.fullAt { least = index }
        }
        return least
    }
}

/// One table for all loops of a node, in parts with a lock each.
final class SharedBuckets: Sendable {
    private let stripes: [Locked<BucketTable>]

    init() {
        stripes = (0..<SheddingLimits.stripes).map { _ in
            Locked(BucketTable(buckets: SheddingLimits.buckets / SheddingLimits.stripes))
        }
    }

    func take(_ key: UInt64, _ limit: RateLimit, now: UInt64) -> TokenBucket.Finding {
        stripe(key).withValue { $0.take(key, limit, now: now) }
    }

    func look(_ key: UInt64, _ limit: RateLimit, now: UInt64) -> TokenBucket.Finding {
        stripe(key).withValue { $0.look(key, limit, now: now) }
    }

    /// By the first bits, as the set within is by the last.
    private func stripe(_ key: UInt64) -> Locked<BucketTable> {
        stripes[Int(truncatingIfNeeded: key >> 32) & (SheddingLimits.stripes - 1)]
    }
}
