import Crypto
import Domain
import JSON
package import Store

/// One line of an exported chain: `{"seq","id","at","previousHash","hash","body","details"}`. `body` and `details` are
/// strings that hold the stored JSON byte for byte, hashes are lower-case hex.
package struct AuditLine: Sendable {
    package let entry: AuditEntry

    package init(_ entry: AuditEntry) { self.entry = entry }

    /// Nil for what is not such a line.
    package init?(text: [UInt8]) {
        guard let root = try? JSONDocument.parse(text).root, let seq = root["seq"]?.integer,
            let id = root["id"]?.string.flatMap({ AuditEntryID(text: $0) }),
            let at = root["at"]?.string.flatMap({ Timestamp(rfc3339: $0) }),
            let previous = root["previousHash"]?.string.flatMap({ Hex.decode($0) }),
            let hash = root["hash"]?.string.flatMap({ Hex.decode($0) }), let body = root["body"]?.string
        else { return nil }
        entry = AuditEntry(
            seq: seq, id: id, at: at, body: body, details: root["details"]?.string, previousHash: previous, hash: hash)
    }

    package var text: [UInt8] {
        jsonObject { json in
            json.member("seq", entry.seq)
            json.member("id", entry.id)
            json.member("at", entry.at)
            json.member("previousHash", Hex.encode(entry.previousHash))
            json.member("hash", Hex.encode(entry.hash))
            json.member("body", entry.body)
            json.member("details", entry.details)
        }
    }
}
