import Domain
package import Runtime
package import Store

/// How long what was delivered is kept.
package struct RetentionAges: Sendable {
    /// Of events, deliveries and attempts: a month of them goes when its end is older.
    package let events: Duration
    /// Of the keys by which a repeated webhook is known: longer, because a repeat may come when the event is gone.
    package let eventKeys: Duration

    package init(days: Int) {
        events = .seconds(Int64(days) * 86_400)
        eventKeys = events * 2
    }
}

/// Makes partitions ahead and forgets what is old, hour after hour. Any number of nodes may do so: one at a time does.
/// Loop-bound.
package struct Housekeeper: Sendable {
    private let loop: EventLoop
    /// A store with a write connection that nothing else uses: what shared a commit with DDL would wait for its locks.
    private let store: Store
    private let ages: RetentionAges
    private let log: Log

    package init(loop: EventLoop, store: Store, ages: RetentionAges, log: Log) {
        self.loop = loop
        self.store = store
        self.ages = ages
        self.log = log
    }

    /// Looks again and again until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await runOnce()
            await loop.sleep(for: Limits.choreInterval)
        }
    }

    /// Does what is due.
    package func runOnce() async {
        await perform(.retention, every: Limits.retentionInterval) { () throws(StoreError) in
            try await store.ensurePartitions()
            _ = try await store.forgetIdempotentAnswers()
            try await store.forgetEndedEndpointSecrets()
            try await store.forgetStatistics(olderThan: Limits.statisticsAge)
            let isDropped = try await dropPartitions()
            try await inChunks { limit throws(StoreError) in
                try await store.pruneDefaultPartitions(before: store.clock.now() - ages.events, limit: limit)
            }
            try await inChunks { limit throws(StoreError) in
                Int64(try await store.forgetQuarantined(before: store.clock.now() - ages.events, limit: limit))
            }
            return isDropped
        }
        await perform(.eventKeys, every: Limits.eventKeyInterval) { () throws(StoreError) in
            try await forgetEventKeys()
            return true
        }
    }

    /// A chore that fails or is not done in full is tried again soon: it may have met somebody's lock.
    private func perform(
        _ chore: Chore, every interval: Duration, _ work: () async throws(StoreError) -> Bool
    ) async {
        do throws(StoreError) {
            guard let lease = try await store.claim(chore, lease: Limits.choreLease) else { return }
            var next = store.clock.now() + interval
            do throws(StoreError) {
                if try await !work() { next = store.clock.now() + Limits.choreRetryInterval }
            } catch {
                log.heldUp("housekeeping was held up", by: error, [(.kind, .text(chore.rawValue))])
                next = store.clock.now() + Limits.choreRetryInterval
            }
            try await store.finish(chore, lease: lease, next: next)
        } catch {
            if error != .unavailable {
                log.heldUp("housekeeping was not done", by: error, [(.kind, .text(chore.rawValue))])
            }
        }
    }

    /// Whether none was kept for no better reason than that somebody used it.
    private func dropPartitions() async throws(StoreError) -> Bool {
        let before = store.clock.now() - ages.events
        while !Task.isCancelled {
            let found = try await store.dropExpiredPartition(before: before)
            let dropped = found.last.flatMap { $0.keptFor == nil ? $0 : nil }
            if let dropped {
                log.info("dropped a month of events and their deliveries", [(.table, .text("event_\(dropped.month)"))])
                continue
            }
            for kept in found {
                log.warn(
                    "kept a month of events that is older than it need be",
                    [(.table, .text("event_\(kept.month)")), (.reason, .text(kept.keptFor ?? ""))])
            }
            return !found.contains(where: \.isBusy)
        }
        return true
    }

    /// Until a chunk finds less than it may take.
    private func inChunks(_ chunk: (Int) async throws(StoreError) -> Int64) async throws(StoreError) {
        while !Task.isCancelled {
            if try await chunk(Limits.pruneSize) < Int64(Limits.pruneSize) { return }
            await loop.sleep(for: Limits.prunePause)
        }
    }

    private func forgetEventKeys() async throws(StoreError) {
        let before = store.clock.now() - ages.eventKeys
        var block: Int64 = 0
        var all = block + 1
        var forgotten: Int64 = 0
        while !Task.isCancelled, block < all {
            let found = try await store.forgetEventKeys(before: before, from: block, count: Limits.keyBlocks)
            forgotten += found.forgotten
            all = found.blocks
            block += Limits.keyBlocks
            await loop.sleep(for: Limits.prunePause)
        }
        if forgotten > 0 { log.info("forgot keys of old events", [(.count, .integer(Int(forgotten)))]) }
    }
}
