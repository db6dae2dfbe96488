import Domain
import Runtime
import Store

/// How much callers may send; nil where there is no limit.
package struct RateLimits: Hashable, Sendable {
    package var address: RateLimit?
    package var key: RateLimit?
    package var subClient: RateLimit?
    /// Of keys that are none, from one address.
    package var failures: RateLimit?

    /// Rates of requests a second; 0 is no limit.
    package init(address: Int, key: Int, subClient: Int, failures: Int) {
        self.address = RateLimit(orNone: address)
        self.key = RateLimit(orNone: key)
        self.subClient = RateLimit(orNone: subClient)
        self.failures = RateLimit(orNone: failures)
    }

    package static let none = RateLimits(address: 0, key: 0, subClient: 0, failures: 0)
}

/// Where a request's caller stands under each limit that it came under.
struct RateStandings: Equatable {
    struct Standing: Equatable {
        let limit: RateLimit
        let finding: TokenBucket.Finding
    }

    var address: Standing?
    var subClient: Standing?
    var key: Standing?
}

/// Holds callers to their rates: one for all loops of a node.
package final class RateGate: Sendable {
    private let limits: RateLimits
    private let addresses = SharedBuckets()
    private let failures = SharedBuckets()
    private let keys = SharedBuckets()
    private let subClients = SharedBuckets()
    let metrics: RefusalMetrics

    package init(_ limits: RateLimits, metrics: RefusalMetrics) {
        self.limits = limits
        self.metrics = metrics
    }

    // MARK: Before the key is looked at

    func enter(from address: IPAddress, now: UInt64, _ standings: inout RateStandings) -> Refusal? {
        guard let limit = limits.address else { return nil }
        let found = addresses.take(RateGate.key(of: address), limit, now: now)
        standings.address = .init(limit: limit, finding: found)
        return found.isAllowed ? nil : Refusal(reason: .addressRate, after: found.untilNext)
    }

    /// When so many keys from there were wrong that another must not even be looked at.
    func tryKey(from address: IPAddress, now: UInt64) -> Refusal? {
        guard let limit = limits.failures else { return nil }
        let found = failures.look(RateGate.key(of: address), limit, now: now)
        return found.isAllowed ? nil : Refusal(reason: .failedKeys, after: found.untilNext)
    }

    func noteWrongKey(from address: IPAddress, now: UInt64) {
        guard let limit = limits.failures else { return }
        _ = failures.take(RateGate.key(of: address), limit, now: now)
    }

    // MARK: When the caller is known

    /// A sub-client with a limit of its own shares it among its keys as it likes.
    func enter(_ principal: Principal, now: UInt64, _ standings: inout RateStandings) -> Refusal? {
        let own = principal.requestsPerSecond.flatMap { RateLimit(orNone: Int($0)) }
        if let limit = own ?? limits.subClient {
            let id = principal.scope.subClient.uuid
            let found = subClients.take(RateGate.key(of: id, principal.environment), limit, now: now)
            standings.subClient = .init(limit: limit, finding: found)
            if !found.isAllowed { return Refusal(reason: .subClientRate, after: found.untilNext) }
        }
        return own == nil ? enter(key: principal.credential.uuid, now, &standings) : nil
    }

    func enter(_ scope: PlatformScope, now: UInt64, _ standings: inout RateStandings) -> Refusal? {
        guard case .member(_, let key) = scope.actor.identity else { return nil }
        return enter(key: key.uuid, now, &standings)
    }

    private func enter(key: UUIDValue, _ now: UInt64, _ standings: inout RateStandings) -> Refusal? {
        guard let limit = limits.key else { return nil }
        let found = keys.take(RateGate.key(of: key), limit, now: now)
        standings.key = .init(limit: limit, finding: found)
        return found.isAllowed ? nil : Refusal(reason: .keyRate, after: found.untilNext)
    }

    // MARK: Keys of the tables: `Hasher` has a seed that is drawn at the start of the process

    private static func key(of id: UUIDValue, _ environment: Environment? = nil) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(id)
        hasher.combine(environment)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// Of IPv6 the first 64 bits: whoever has one address there has all of them.
    static func key(of address: IPAddress) -> UInt64 {
        var hasher = Hasher()
        switch address.unmapped {
        case .v4(let value): hasher.combine(value)
        case .v6(let high, _): hasher.combine(high)
        }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
