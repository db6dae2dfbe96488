import Domain
import Store

/// What one loop knows of how endpoints fare. Those that are well are not in it, so that most attempts cost one look.
/// Pure.
struct HealthBoard {
    private struct Entry {
        var health: EndpointHealth
        /// How often what nodes share had changed when it was last taken over.
        var version: Int32 = 0
        /// A delivery waits in memory that is the one probe of all nodes.
        var awaitsProbe = false
    }

    private let policy: HealthPolicy
    private let capacity: Int
    private var entries: [EndpointID: Entry] = [:]

    init(policy: HealthPolicy, capacity: Int = Limits.cachedEndpoints) {
        self.policy = policy
        self.capacity = capacity
    }

    var isEmpty: Bool { entries.isEmpty }

    // MARK: Asking

    /// How many may be in flight at once; nil if nothing speaks against as many as to any.
    func limit(_ endpoint: EndpointID, at now: Timestamp) -> Int? {
        guard let entry = entries[endpoint] else { return nil }
        return switch entry.health.admission(at: now) {
        case .upTo(let count): count
        case .probe: 1
        case .nothing: entry.awaitsProbe ? 1 : 0
        }
    }

    /// The end of a pause, and whether other nodes keep it as well.
    func pause(_ endpoint: EndpointID, at now: Timestamp) -> (end: Timestamp, isShared: Bool)? {
        guard let health = entries[endpoint]?.health, case .nothing(let end) = health.admission(at: now) else {
            return nil
        }
        return (end, health.isPauseShared)
    }

    /// Whether an attempt may begin now. It may be the probe of a pause that is known here alone, which is then out;
    /// that of a shared one comes from the endpoint's lane.
    mutating func admit(_ endpoint: EndpointID, at now: Timestamp) -> Bool {
        guard let health = entries[endpoint]?.health else { return true }
        switch health.admission(at: now) {
        case .upTo: return true
        case .nothing: return false
        case .probe:
            if health.isPauseShared { return false }
            entries[endpoint]?.health.beginProbe(at: now)
            return true
        }
    }

    // MARK: Learning

    /// What was read of the endpoint.
    mutating func learn(_ endpoint: EndpointID, _ shared: EndpointHealth.Shared, version: Int32, at now: Timestamp) {
        if let entry = entries[endpoint] {
            if version <= entry.version { return }
        } else if shared == EndpointHealth.Shared() {
            return
        }
        make(endpoint)
        entries[endpoint]?.health.adopt(shared, at: now)
        entries[endpoint]?.version = version
    }

    /// A delivery came that is the one probe of all nodes, and waits for its turn.
    mutating func awaitProbe(_ endpoint: EndpointID) { entries[endpoint]?.awaitsProbe = true }

    /// It came too late to be sent.
    mutating func missProbe(_ endpoint: EndpointID) { entries[endpoint]?.awaitsProbe = false }

    /// A delivery that went out as a probe comes back unsent: another may go out at once.
    mutating func abandonProbe(_ endpoint: EndpointID, at now: Timestamp) {
        entries[endpoint]?.health.abandonProbe(at: now)
    }

    /// It goes out now, and no other does before `end`; `known` is what was read of the endpoint.
    mutating func takeProbe(
        _ endpoint: EndpointID, _ known: EndpointHealth.Shared, until end: Timestamp, at now: Timestamp
    ) {
        make(endpoint)
        entries[endpoint]?.awaitsProbe = false
        entries[endpoint]?.health.takeProbe(known, until: end, at: now)
    }

    /// Counts an attempt; nil if it was one of many successes.
    mutating func note(
        _ endpoint: EndpointID, _ outcome: AttemptOutcome, startedAt start: Timestamp, at now: Timestamp,
        random: UInt64
    ) -> (news: EndpointHealth.News, shared: EndpointHealth.Shared)? {
        if entries[endpoint] == nil {
            if outcome.isSuccess { return nil }
            make(endpoint)
        }
        guard let index = entries.index(forKey: endpoint) else { return nil }
        let news = entries.values[index].health.note(outcome, startedAt: start, at: now, random: random)
        let health = entries.values[index].health
        if health.isUnremarkable { entries.remove(at: index) }
        return (news, health.shared)
    }

    /// What was found out here is what all know now.
    mutating func told(_ endpoint: EndpointID, version: Int32) {
        guard let entry = entries[endpoint] else { return }
        entries[endpoint]?.version = max(entry.version, version)
    }

    mutating func forget(_ endpoint: EndpointID) { entries[endpoint] = nil }

    /// With too many, those are forgotten that may be sent to: it costs some of them an attempt too many.
    private mutating func make(_ endpoint: EndpointID) {
        guard entries[endpoint] == nil else { return }
        if entries.count >= capacity { entries = entries.filter { $0.value.health.shared.breaker != .closed } }
        if entries.count >= capacity { entries = [:] }
        entries[endpoint] = Entry(health: EndpointHealth(policy: policy))
    }
}
