import Domain
import JSON
import Runtime
import Store

/// How a sub-client stands at one moment: what judges its link tokens.
struct CurrentStanding: Sendable {
    let status: SubClientStatus
    /// 0 if there is no revision.
    let revision: Int32
    let kyb: KYB
    let policy: CompliancePolicy
}

/// The standing of sub-clients in this loop's memory, with their policies parsed. Loop-bound.
///
/// An entry counts for less than a second from before its reading, so that a new policy, an approval's end and a
/// suspension bind every node within one, without any message between nodes. What comes into force within that time is
/// read along, and binds at its moment. A policy is parsed once: a further reading of the same revision leaves it out.
package struct PolicyDirectory: Sendable {
    private static let lifetime: Duration = .milliseconds(900)
    /// How far ahead revisions are read along: beyond the entry's life.
    private static let horizon: Duration = .seconds(1)

    private struct Revision {
        let number: Int32
        let effectiveAt: Timestamp
        let kyb: KYB
        let policy: CompliancePolicy
        /// Bytes of its JSON.
        let size: Int
    }

    private struct Entry {
        let status: SubClientStatus
        /// In the order in which they come into force; the first may be in force.
        let revisions: [Revision]
        /// Monotonic nanoseconds.
        let readAt: UInt64
        /// Wall time from which and until which all that is in force is in here.
        let from: Timestamp
        let until: Timestamp

        var size: Int { revisions.reduce(0) { $0 + $1.size } }

        func isFresh(at now: Timestamp) -> Bool {
            let age = EventLoop.monotonicNanoseconds - readAt
            return now >= from && now <= until && age < UInt64(PolicyDirectory.lifetime.microseconds) * 1_000
        }

        func standing(at now: Timestamp) -> CurrentStanding {
            let inForce = revisions.last { $0.effectiveAt <= now }
            return CurrentStanding(
                status: status, revision: inForce?.number ?? 0, kyb: inForce?.kyb ?? .none,
                policy: inForce?.policy ?? .none)
        }
    }

    private struct State {
        var entries: [SubClientID: Entry] = [:]
        var bytes = 0
    }

    private let store: Store
    private let log: Log
    private let state: LoopState<State>

    init(store: Store, log: Log) {
        self.store = store
        self.log = log
        state = LoopState(store.loop, State())
    }

    /// How the scope's sub-client stands now. `fresh` asks the database in any case. Throws `.notFound`, and
    /// `.unexpected` for a stored policy that cannot be read: then nothing may be allowed.
    func standing(_ scope: TenantScope, fresh: Bool = false) async throws(StoreError) -> CurrentStanding {
        let id = scope.subClient
        let now = store.clock.now()
        let cached = state.withValue { $0.entries[id] }
        if !fresh, let cached, cached.isFresh(at: now) { return cached.standing(at: now) }

        let readAt = EventLoop.monotonicNanoseconds
        let known = Dictionary(
            (cached?.revisions ?? []).map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        let until = now + Self.horizon
        let read = try await store.standing(scope, at: now, until: until, known: known.keys.sorted())
        var revisions: [Revision] = []
        for revision in read.revisions {
            revisions.append(try parsed(revision, known, scope))
        }
        let entry = Entry(status: read.status, revisions: revisions, readAt: readAt, from: now, until: until)
        keep(entry, of: id)
        return entry.standing(at: now)
    }

    /// Makes the next question about a sub-client one to the database: it was changed here.
    func forget(_ id: SubClientID) {
        state.withValue { state in
            let entry = state.entries.removeValue(forKey: id)
            state.bytes -= entry?.size ?? 0
        }
    }

    private func parsed(
        _ revision: Standing.Revision, _ known: [Int32: Revision], _ scope: TenantScope
    ) throws(StoreError) -> Revision {
        guard let rules = revision.rules else {
            // It was left out because we know it.
            guard let same = known[revision.number] else { throw .unexpected(sqlState: "policy") }
            return same
        }
        do {
            let policy = CompliancePolicy(try ComplianceRules(stored: rules))
            return Revision(
                number: revision.number, effectiveAt: revision.effectiveAt, kyb: revision.kyb, policy: policy,
                size: rules.count)
        } catch {
            log.error("a stored compliance policy cannot be read", [(.subClient, .bytes(scope.subClient.text))])
            throw .unexpected(sqlState: "policy")
        }
    }

    private func keep(_ entry: Entry, of id: SubClientID) {
        state.withValue { state in
            state.bytes += entry.size - (state.entries[id]?.size ?? 0)
            state.entries[id] = entry
            guard state.bytes > APILimits.cachedPolicyBytes || state.entries.count > APILimits.cachedPolicies else {
                return
            }
            // Far more than are busy within a second: the directory starts anew.
            state.entries = [id: entry]
            state.bytes = entry.size
        }
    }
}

extension ComplianceRules {
    /// Reads what `json` wrote. Throws for anything that a change would not be allowed to write.
    init(stored bytes: [UInt8]) throws {
        var errors: [Problem.FieldError] = []
        let value = try JSONDocument.parse(bytes).root
        guard let rules = Rule<ComplianceRules>.complianceRules.read(value, "rules", &errors) else {
            throw Problem.invalid(errors)
        }
        self = rules
    }
}
