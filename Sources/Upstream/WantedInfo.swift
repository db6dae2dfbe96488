import Domain
import JSON
import Store

extension SubClientInfo {
    /// What an upstream of `environment` is told of a sub-client.
    init(_ wanted: WantedSubClient, in environment: Environment) {
        self.init(
            legalName: wanted.legalName, displayName: wanted.displayName,
            // Without TLS is for development.
            callbackURLs: wanted.allowedOrigins.filter { environment == .sandbox || $0.starts(with: "https://".utf8) },
            catalog: Catalog(rule: wanted.integrations))
    }

    /// Whether both say the same: the order of lists says nothing.
    func matches(_ other: SubClientInfo) -> Bool { SubClientInfo.differences(self, other).isEmpty }

    /// The names of fields in which two differ, as the upstream's API spells them.
    static func differences(_ one: SubClientInfo, _ other: SubClientInfo) -> [String] {
        var names: [String] = []
        if one.legalName != other.legalName { names.append("businessLegalName") }
        if one.displayName != other.displayName { names.append("displayName") }
        if Set(one.callbackURLs) != Set(other.callbackURLs) { names.append("callbackUrls") }
        if one.catalog != other.catalog { names.append("catalogConfiguration") }
        return names
    }
}

extension SubClientInfo.Catalog {
    /// Reads the rule `integrations` of a compliance policy: `{"allow":[uuid]}` or `{"deny":[uuid]}`.
    init(rule: [UInt8]?) {
        let root = rule.flatMap { (try? JSONDocument.parse($0))?.root }
        func ids(_ name: String) -> Set<UUIDValue> {
            Set(root?[name]?.elements.compactMap { $0.string.flatMap { UUIDValue(text: $0) } } ?? [])
        }
        self.init(excluded: ids("deny"), allowed: ids("allow"), excludedCategories: [])
    }
}
