import Crypto
import Domain
import Runtime
import Store

/// Shows which keys are in use, and so whether a rotation is unfinished: numbers and ages, no id and no secret.
/// Loop-bound.
struct KeyMeter: Sendable {
    /// Counting reads every data key and every secret, and what it tells changes within days.
    private static let interval: Duration = .seconds(300)

    private let store: Store
    private let log: Log
    private let inUse: MetricSet<Gauge>
    private let oldUsers: MetricSet<Gauge>
    private let age: MetricSet<Gauge>

    init(_ store: Store, log: Log, metrics: Metrics) {
        self.store = store
        self.log = log
        let label = MetricLabel("kind", KeyKind.allCases.map(\.rawValue))
        inUse = metrics.gauges(
            "subgate_keys_in_use", help: "Master keys and peppers that something needs, or that are current.", label)
        oldUsers = metrics.gauges(
            "subgate_keys_old_users",
            help: "Data keys, or secrets and admin keys, that are not under the current key.", label)
        age = metrics.gauges(
            "subgate_key_age_seconds", help: "How long ago the current key was first held by a node.", label)
    }

    /// Looks again and again until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await runOnce()
            await store.loop.sleep(for: KeyMeter.interval)
        }
    }

    /// While the database is away what was seen last stays.
    private func runOnce() async {
        do throws(StoreError) {
            let uses = try await store.keyUses()
            for (place, kind) in KeyKind.allCases.enumerated() {
                let keys = store.keyring.keys
                let current = String(
                    decoding: kind == .master ? keys.masterKeys.currentId : keys.peppers.currentId, as: UTF8.self)
                let ours = uses.filter { $0.kind == kind && ($0.users > 0 || $0.id == current) }
                inUse[place].set(ours.count)
                oldUsers[place].set(ours.reduce(0) { $0 + ($1.id == current ? 0 : Int($1.users)) })
                let since = ours.first { $0.id == current }?.firstHeldAt
                age[place].set(since.map { max(0, Int((store.clock.now() - $0).components.seconds)) } ?? 0)
            }
        } catch {
            log.heldUp("which keys are in use could not be counted", by: error)
        }
    }
}
