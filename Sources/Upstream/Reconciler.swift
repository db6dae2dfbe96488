import Domain
package import Runtime
package import Store

/// Finds transfers whose webhooks never came: pages each upstream's list of transfers, and makes the events that it
/// tells beyond the webhooks. Any number of nodes may do so: one at a time has a sweep. Loop-bound.
///
/// Nothing depends on it but those events: while an upstream fails, it logs, counts and waits.
package struct Reconciler: Sendable {
    private struct State {
        var isStopping = false
        var isBusy = false
    }

    private let loop: EventLoop
    private let store: Store
    private let client: MeshClient
    private let upstreams: UpstreamDirectory
    private let pace: ReconcilerPace
    private let log: Log
    private let metrics: ReconcilerMetrics
    /// Called when something became due.
    private let onMade: @Sendable () -> Void
    private let state: LoopState<State>

    package init(
        loop: EventLoop, store: Store, client: MeshClient, upstreams: UpstreamDirectory, pace: ReconcilerPace, log: Log,
        metrics: ReconcilerMetrics, onMade: @escaping @Sendable () -> Void = {}
    ) {
        self.loop = loop
        self.store = store
        self.client = client
        self.upstreams = upstreams
        self.pace = pace
        self.log = log
        self.metrics = metrics
        self.onMade = onMade
        state = LoopState(loop, State())
    }

    /// Works until the task is cancelled or `stop()` is called.
    package func run() async {
        while !Task.isCancelled, !isStopping {
            await runOnce()
            await loop.sleep(for: pace.turnPause)
        }
    }

    /// Begins no further pages, and waits up to `grace` for the one under way.
    package func stop(grace: Duration) async {
        state.withValue { $0.isStopping = true }
        let deadline = EventLoop.monotonicNanoseconds + UInt64(max(grace.microseconds, 0)) * 1_000
        while state.withValue({ $0.isBusy }), EventLoop.monotonicNanoseconds < deadline {
            await loop.sleep(for: .milliseconds(10))
        }
    }

    private var isStopping: Bool { state.withValue { $0.isStopping } }

    /// One turn of each sweep that is due.
    package func runOnce() async {
        state.withValue { $0.isBusy = true }
        defer { state.withValue { $0.isBusy = false } }
        do throws(StoreError) {
            for claimed in try await store.claimReconciliations(lease: pace.lease) { await take(claimed) }
            let until = try await store.reconciledUntil()
            metrics.lag.set(until.map { max(0, Int((store.clock.now() - $0).components.seconds)) } ?? 0)
        } catch {
            if error != .unavailable { log.heldUp("reconciliation is held up", by: error) }
        }
    }

    // MARK: One turn

    private func take(_ claimed: ClaimedReconciliation) async {
        do throws(StoreError) {
            guard case .failure(let failure) = try await readPages(claimed), !isStopping else { return }
            metrics.failures.add()
            log.warn("an upstream's transfers cannot be listed", facts(claimed) + [(.reason, .text(failure.reason))])
            let failures = claimed.failures + 1
            try await store.pause(
                claimed, until: store.clock.now() + pace.pause(after: failures, failure), failures: failures)
        } catch {
            // Another node has the sweep by now, or takes it when the lease runs out.
            metrics.failures.add()
            if error != .stale, !isStopping {
                log.warn("transfers cannot be reconciled", facts(claimed) + [(.error, .text("\(error)"))])
            }
        }
    }

    /// Up to a turn's pages. The outer error is the store's.
    private func readPages(_ claimed: ClaimedReconciliation) async throws(StoreError) -> Result<Void, UpstreamFailure> {
        guard let upstream = await upstreams.upstream(claimed.upstream) else {
            return .failure(.failed(reason: "unknownUpstream"))
        }
        var place = claimed.place ?? pace.pass(claimed, now: store.clock.now())
        if claimed.place == nil { try await store.turnPage(claimed, to: place, lease: pace.lease) }
        for _ in 0..<pace.pagesPerTurn where !isStopping {
            let page: TransferListPage
            do throws(UpstreamFailure) {
                page = try await read(place, upstream)
            } catch {
                return .failure(error)
            }
            try await reconcile(page, of: upstream.id)
            guard let next = place.next(after: page) else {
                try await store.finish(claimed, next: store.clock.now() + pace.interval(claimed.sweep))
                return .success(())
            }
            place = next
            try await store.turnPage(claimed, to: place, lease: pace.lease)
        }
        try await store.pause(claimed, until: store.clock.now() + pace.turnPause, failures: 0)
        return .success(())
    }

    private func read(
        _ place: ReconciliationPlace, _ upstream: ActiveUpstream
    ) async throws(UpstreamFailure) -> TransferListPage {
        let answer = try await client.answer(place.call(count: pace.pageSize), of: upstream)
        metrics.pages.add()
        guard let page = TransferListPage(content: answer.content, offset: place.offset, wanted: pace.pageSize) else {
            throw .failed(reason: "unreadableAnswer")
        }
        metrics.found(.unreadable, page.count - page.transfers.count)
        return page
    }

    // MARK: One page

    private func reconcile(_ page: TransferListPage, of upstream: UpstreamID) async throws(StoreError) {
        let now = store.clock.now()
        var rounds: [[ReceivedEvent]] = [[], []]
        for transfer in page.transfers {
            if transfer.reference == nil {
                metrics.found(.foreign)
            } else if transfer.statuses.isEmpty {
                metrics.found(.unreadable)
            } else if let executedAt = transfer.executedAt, executedAt > now - pace.interval {
                // A later pass sees it again.
                metrics.found(.early)
            } else {
                // A transfer's status and its refund cannot move one row in one statement.
                for (round, status) in transfer.statuses.enumerated() {
                    let event = transfer.event(
                        status, of: upstream, id: store.identifiers.next(), transferID: store.identifiers.next(),
                        now: now)
                    if let event { rounds[round].append(event) }
                }
            }
        }
        for events in rounds where !events.isEmpty {
            let fates = try await store.reconcile(events)
            for fate in fates { metrics.found(.fate(fate)) }
            let made = fates.count { $0 == .made }
            guard made > 0 else { continue }
            onMade()
            log.info(
                "made events whose webhooks did not come",
                [(.upstream, .bytes(upstream.text)), (.count, .integer(made))])
        }
    }

    private func facts(_ claimed: ClaimedReconciliation) -> [(LogKey, LogValue)] {
        [(.upstream, .bytes(claimed.upstream.text)), (.kind, .text(claimed.sweep.rawValue))]
    }
}
