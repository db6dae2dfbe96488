import Crypto
import Domain
import JSON
package import Store

/// Proves the audit chain, link by link, oldest first: that each entry is what was written, and that none is missing
/// between two.
///
/// What no chain can tell by itself is that its newest entries were cut off: for that, compare its head with one that
/// was noted elsewhere.
package struct AuditChain: Sendable {
    /// Why an entry cannot be the one that was written.
    package enum Fault: String, Sendable {
        /// It is not the successor of the entry before it.
        case sequence
        /// It is bound to another predecessor.
        case previousHash
        /// Its hash is not that of its body.
        case hash
        /// Its body is not what its columns say.
        case body
        /// The values before and after are not those it was written with.
        case details
    }

    package private(set) var head: (seq: Int64, hash: [UInt8])

    /// Begins before the first entry.
    package init() { head = (0, [UInt8](repeating: 0, count: 32)) }

    /// Begins after an entry that is trusted.
    package init(after seq: Int64, hash: [UInt8]) { head = (seq, hash) }

    /// Takes the next entry, or tells what is wrong with it; then the chain stays where it was.
    package mutating func append(_ entry: AuditEntry) -> Fault? {
        if entry.seq != head.seq + 1 { return .sequence }
        if entry.previousHash != head.hash { return .previousHash }
        if Digest.sha256(entry.previousHash, entry.body) != entry.hash { return .hash }
        guard let facts = AuditFacts(entry.body), facts.seq == entry.seq, facts.id == entry.id.uuid,
            facts.at == entry.at
        else { return .body }
        if let details = entry.details, Hex.encode(Digest.sha256(details)) != facts.detailsDigest { return .details }
        head = (entry.seq, entry.hash)
        return nil
    }
}

/// What an entry's body says.
struct AuditFacts {
    let seq: Int64
    let id: UUIDValue
    let at: Timestamp
    let actorType: [UInt8]
    let actor: UUIDValue?
    let key: UUIDValue?
    let requestID: [UInt8]?
    let address: [UInt8]?
    let action: [UInt8]
    let targetType: [UInt8]
    let target: UUIDValue
    let subClient: UUIDValue?
    let detailsDigest: [UInt8]

    /// Nil for what is not such a body.
    init?(_ body: [UInt8]) {
        guard let root = try? JSONDocument.parse(body).root, let seq = root["seq"]?.integer,
            let id = root["id"]?.uuid, let at = root["at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
            let actorType = root["actorType"]?.string, let action = root["action"]?.string,
            let targetType = root["targetType"]?.string, let target = root["targetId"]?.uuid,
            let digest = root["detailsDigest"]?.string
        else { return nil }
        self.seq = seq
        self.id = id
        self.at = at
        self.actorType = actorType
        actor = root["actorId"]?.uuid
        key = root["keyId"]?.uuid
        requestID = root["requestId"]?.string
        address = root["address"]?.string
        self.action = action
        self.targetType = targetType
        self.target = target
        subClient = root["subClientId"]?.uuid
        detailsDigest = digest
    }
}

extension JSONValue {
    fileprivate var uuid: UUIDValue? { string.flatMap { UUIDValue(text: $0) } }
}
