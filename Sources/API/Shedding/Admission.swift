package import Domain
import HTTPServer

/// What may be under way on one loop at once: more is refused while that is still cheap. Every queue behind it, for a
/// database connection, a lock or an upstream, holds requests that are counted here, and is bounded by that.
///
/// Webhooks of upstreams are not counted: they have a queue and a database connection of their own.
package struct Admission: Sendable {
    /// What is refused first comes first.
    package enum Kind: Sendable, CaseIterable { case read, linkToken, write, admin }

    private let capacity: Int
    package private(set) var inFlight = 0
    /// Of them, those known to be of the sandbox.
    private var sandbox = 0
    /// Never more entries than requests in flight.
    private var subClients: [SubClientID: Int] = [:]

    package init(capacity: Int) { self.capacity = capacity }

    /// Whether one more of this kind may begin; then it counts until `leave()`.
    package mutating func enter(_ kind: Kind) -> Bool {
        if inFlight >= Admission.part(of: capacity, Admission.percent(kind)) { return false }
        inFlight += 1
        return true
    }

    package mutating func leave() { inFlight -= 1 }

    /// Whether one more of the environment's, which has entered, may go on; then it counts until `leave(_:)`. What is
    /// tried out leaves room for what is earned with.
    package mutating func enter(_ environment: Environment) -> Bool {
        guard environment == .sandbox else { return true }
        if sandbox >= Admission.part(of: capacity, SheddingLimits.shareOfSandbox) { return false }
        sandbox += 1
        return true
    }

    package mutating func leave(_ environment: Environment) { if environment == .sandbox { sandbox -= 1 } }

    /// Whether one more of the sub-client's, which has entered, may go on; then it counts until `leave(_:)`.
    package mutating func enter(_ subClient: SubClientID) -> Bool {
        let count = subClients[subClient, default: 0]
        if count >= Admission.part(of: capacity, SheddingLimits.shareOfSubClient) { return false }
        subClients[subClient] = count + 1
        return true
    }

    package mutating func leave(_ subClient: SubClientID) {
        guard let count = subClients[subClient] else { return }
        subClients[subClient] = count > 1 ? count - 1 : nil
    }

    package var isEmpty: Bool { inFlight == 0 && sandbox == 0 && subClients.isEmpty }

    private static func part(of capacity: Int, _ percent: Int) -> Int { max(1, capacity * percent / 100) }

    private static func percent(_ kind: Kind) -> Int {
        switch kind {
        case .read: SheddingLimits.shareOfReads
        case .linkToken: SheddingLimits.shareOfLinkTokens
        case .write: SheddingLimits.shareOfWrites
        case .admin: SheddingLimits.shareOfAdmins
        }
    }
}

extension Admission {
    /// What an operation counts as; nil for nothing: the ops listener answers however much is under way.
    static func kind(of handler: Route.Handler, _ method: Method, _ pattern: StaticString) -> Kind? {
        let path = "\(pattern)"
        switch handler {
        case .ops, .inbound, .console, .consoleOpen: return nil
        // A reader of the stream waits half a minute, and those who do are counted by themselves.
        case .tenant where path == "/v1/events/stream": return nil
        case .admin: return .admin
        case .open: return .read
        case .mesh where path == "/api/v1/linktoken": return .linkToken
        case .tenant, .mesh: return method == .get ? .read : .write
        }
    }
}
