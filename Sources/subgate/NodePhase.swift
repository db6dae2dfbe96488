import API
import Runtime
import Synchronization

/// Whether the node serves; read on every loop.
final class NodePhase: Sendable {
    private let current = Atomic<Int>(0)

    private static let phases: [Readiness.Status] = [.starting, .ready, .draining]

    func set(_ status: Readiness.Status) {
        current.store(NodePhase.phases.firstIndex(of: status) ?? 0, ordering: .relaxed)
    }

    func readiness(isDatabaseReady: Bool) -> Readiness {
        let status = NodePhase.phases[current.load(ordering: .relaxed)]
        let database = Readiness.Part(name: "database", reason: isDatabaseReady ? nil : "no connection")
        let node = Readiness.Part(name: "node", reason: status == .ready ? nil : "the node is \(status.rawValue)")
        let isReady = status == .ready && isDatabaseReady
        return Readiness(status: isReady ? .ready : status == .ready ? .unavailable : status, parts: [database, node])
    }
}
