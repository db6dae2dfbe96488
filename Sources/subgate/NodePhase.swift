import API
import Domain
import Runtime
import Synchronization

/// Whether the node serves, and which of its loops have their database; read and written on every loop.
final class NodePhase: Sendable {
    private let current = Atomic<Int>(0)
    /// A bit for each loop whose database is away: there are 64 loops at most.
    private let lost = Atomic<UInt64>(0)

    private static let phases: [Readiness.Status] = [.starting, .ready, .draining]

    func set(_ status: Readiness.Status) {
        current.store(NodePhase.phases.firstIndex(of: status) ?? 0, ordering: .relaxed)
    }

    /// Whether the node is on its way out: what it closes then is not lost.
    var isStopped: Bool { NodePhase.phases[current.load(ordering: .relaxed)] == .draining }
    /// Whether it serves, but for what only the asking loop knows.
    var isReady: Bool {
        NodePhase.phases[current.load(ordering: .relaxed)] == .ready && lost.load(ordering: .relaxed) == 0
    }

    /// Notes whether a loop has its database.
    func setDatabase(loop: Int, isThere: Bool) {
        let bit = UInt64(1) << UInt64(loop)
        _ = isThere ? lost.bitwiseAnd(~bit, ordering: .relaxed) : lost.bitwiseOr(bit, ordering: .relaxed)
    }

    /// `outage` says why the asking loop has no database, `hasUpstreams` whether it knows the upstreams.
    func readiness(outage: String?, hasUpstreams: Bool, hold: HoldReason?) -> Readiness {
        let status = NodePhase.phases[current.load(ordering: .relaxed)]
        let others = lost.load(ordering: .relaxed).nonzeroBitCount
        let parts = [
            Readiness.Part(name: "node", reason: status == .ready ? nil : "the node is \(status.rawValue)"),
            Readiness.Part(
                name: "database", reason: outage ?? (others == 0 ? nil : "\(others) loops have no connection")),
            Readiness.Part(name: "upstreams", reason: hasUpstreams ? nil : "they were not read yet"),
        ]
        let isWell = parts.allSatisfy { $0.reason == nil }
        // It takes webhooks and serves the API all the same.
        let deliveries = Readiness.Part(
            name: "deliveries", reason: hold.map { "on hold until `subgate release`: \($0.explanation)" })
        return Readiness(
            status: isWell ? .ready : status == .ready ? .unavailable : status, parts: parts + [deliveries])
    }
}
