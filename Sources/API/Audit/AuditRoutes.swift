import Crypto
import Domain
import HTTPServer
import JSON
import Store

/// `/admin/v1/audit`: who changed what, and the proof that nobody changed that.
enum AuditRoutes {
    static let all: [Route] = [
        .admin(.get, "/admin/v1/audit", needs: .viewAudit, list),
        .admin(.get, "/admin/v1/audit/verify", needs: .viewAudit, verify),
        .admin(.get, "/admin/v1/audit/export", needs: .viewAudit, export),
    ]

    @Sendable private static func list(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let filter = filter(&query)
        let limit = query.integer("limit", APILimits.auditPageEntries) ?? PageRequest.standardLimit
        let cursor = query.integer("cursor", 1...Int(Int32.max))
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.auditEntries(scope, filter, before: cursor.map { Int64($0) }, limit: limit)
        }
        var json = JSONWriter()
        json.beginObject()
        json.key("data")
        json.beginArray()
        for entry in found.entries {
            json.beginObject()
            write(entry, &json)
            json.endObject()
        }
        json.endArray()
        json.key("nextCursor")
        if found.hasMore, let last = found.entries.last { json.string("\(last.seq)") } else { json.null() }
        json.endObject()
        return .json(200, json.bytes)
    }

    static func filter(_ query: inout QueryParameters) -> AuditFilter {
        var filter = AuditFilter()
        filter.subClient = query.identifier("subClientId", SubClientID.self)
        filter.actor = query.identifier("memberId", MemberID.self)?.uuid
        if let credential = query.identifier("credentialId", CredentialID.self) { filter.actor = credential.uuid }
        filter.action = query.text("action", APILimits.auditActionCharacters)
        if let action = filter.action,
            !action.allSatisfy({ ($0 | 0x20) &- UInt8(ascii: "a") < 26 || $0 == UInt8(ascii: ".") })
        {
            query.fail("action", "must be letters and dots")
        }
        filter.target = query.raw("targetId").flatMap { text in
            let id = AuditNoun.id(in: text)
            if id == nil { query.fail("targetId", "must be an identifier of ours") }
            return id
        }
        filter.from = query.time("from")
        filter.before = query.time("before")
        return filter
    }

    /// Walks the chain from its beginning, or from an entry whose hash the caller noted earlier.
    @Sendable private static func verify(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let seq = query.integer("afterSeq", 1...Int(Int32.max))
        let hash = query.hash("afterHash")
        if (seq == nil) != (hash == nil) {
            query.fail(seq == nil ? "afterSeq" : "afterHash", "must come with the other")
        }
        try query.finish()
        var chain = AuditChain()
        if let seq, let hash {
            let anchor = try await call.store { store throws(StoreError) in
                try await store.auditEntries(scope, after: Int64(seq) - 1, limit: 1)
            }.first
            if anchor?.seq != Int64(seq) || anchor?.hash != hash {
                return .json(200, proof(chain, checked: 0, broken: (Int64(seq), "anchor")))
            }
            chain = AuditChain(after: Int64(seq), hash: hash)
        }
        var checked: Int64 = 0
        while true {
            let after = chain.head.seq
            let entries = try await call.store { store throws(StoreError) in
                try await store.auditEntries(scope, after: after, limit: APILimits.auditProofEntries)
            }
            for entry in entries {
                if let fault = chain.append(entry) {
                    return .json(200, proof(chain, checked: checked, broken: (entry.seq, fault.rawValue)))
                }
                checked += 1
            }
            if entries.isEmpty { return .json(200, proof(chain, checked: checked, broken: nil)) }
        }
    }

    private static func proof(_ chain: AuditChain, checked: Int64, broken: (seq: Int64, fault: String)?) -> [UInt8] {
        jsonObject { json in
            json.member("valid", broken == nil)
            json.member("entries", checked)
            json.key("head")
            json.beginObject()
            json.member("seq", chain.head.seq)
            json.member("hash", Hex.encode(chain.head.hash))
            json.endObject()
            json.key("firstBroken")
            if let broken {
                json.beginObject()
                json.member("seq", broken.seq)
                json.member("fault", broken.fault)
                json.endObject()
            } else {
                json.null()
            }
        }
    }

    /// One line an entry, oldest first, as it is stored: what `subgate check audit` proves without this service.
    @Sendable private static func export(_ call: Call, _ scope: PlatformScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let after = query.integer("afterSeq", 0...Int(Int32.max)) ?? 0
        try query.finish()
        let entries = try await call.store { store throws(StoreError) in
            try await store.auditEntries(scope, after: Int64(after), limit: APILimits.auditExportLines)
        }
        var lines: [UInt8] = []
        for entry in entries {
            lines += AuditLine(entry).text
            lines.append(10)
        }
        return Response(status: 200, contentType: "application/x-ndjson", body: lines)
    }

    // MARK: Answers

    private static func write(_ entry: AuditEntry, _ json: inout JSONWriter) {
        json.member("seq", entry.seq)
        json.member("id", entry.id)
        json.member("at", entry.at)
        let facts = AuditFacts(entry.body)
        json.key("actor")
        json.beginObject()
        json.member("type", facts?.actorType)
        json.member("id", facts.flatMap { actorID($0) })
        json.member("keyId", facts?.key.map { AdminKeyID($0) })
        json.endObject()
        json.member("action", facts?.action)
        json.key("target")
        json.beginObject()
        let noun = facts.flatMap { facts in
            AuditNoun.allCases.first { facts.targetType.elementsEqual($0.rawValue.utf8) }
        }
        json.member("type", noun.map { Array("\($0)".utf8) })
        json.member("id", facts.flatMap { facts in noun?.text(of: facts.target) })
        json.endObject()
        // What is the platform's own stands under the nil UUID, which is nobody's.
        let subClient = facts?.subClient.flatMap { $0 == UUIDValue(high: 0, low: 0) ? nil : $0 }
        json.member("subClientId", subClient.map { SubClientID($0) })
        json.member("requestId", facts?.requestID)
        json.member("address", facts?.address)
        let details = entry.details.flatMap { try? JSONDocument.parse($0).root }
        for name: StaticString in ["before", "after"] {
            json.key(name)
            if let value = details?[name] { json.raw(value.raw) } else { json.null() }
        }
        json.member("erased", entry.details == nil)
        json.member("previousHash", Hex.encode(entry.previousHash))
        json.member("hash", Hex.encode(entry.hash))
    }

    static func actorID(_ facts: AuditFacts) -> [UInt8]? {
        guard let actor = facts.actor else { return nil }
        return facts.actorType.elementsEqual("member".utf8) ? MemberID(actor).text : CredentialID(actor).text
    }
}
