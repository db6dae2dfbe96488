import API
import Domain
import Store

/// What `subgate check` says of a database's contents: whether a backup of it is good for anything.
struct CheckContents: Sendable {
    struct Finding: Sendable {
        let what: String
        /// Nil if it is well.
        let failure: String?
    }

    private(set) var findings: [Finding] = []
    private(set) var notes: [String] = []

    init(of store: Store) async throws(StoreError) {
        let keys = try await store.checkDataKeys()
        findings.append(
            Finding(
                what: "data keys (\(keys.opened + keys.unopened))",
                failure: keys.unopened == 0 ? nil : "no master key here opens \(keys.unopened) of them"))
        findings.append(try await CheckContents.auditChain(of: store))
        if let hold = try await store.lookAtGate().record?.hold {
            notes.append("deliveries are on hold until `subgate release`: \(hold.reason.explanation)")
        }
    }

    private static func auditChain(of store: Store) async throws(StoreError) -> Finding {
        var chain = AuditChain()
        while true {
            let entries = try await store.auditEntries(.system, after: chain.head.seq, limit: 1_000)
            for entry in entries {
                if let fault = chain.append(entry) {
                    return Finding(
                        what: "audit chain",
                        failure: "entry \(entry.seq) is the first that is broken: its \(fault.rawValue) does not fit")
                }
            }
            if entries.isEmpty { return Finding(what: "audit chain (\(chain.head.seq) entries)", failure: nil) }
        }
    }
}
