package import Domain
package import JSON

/// Why a call of the Account Management API did not succeed.
package enum AccountFailure: Error, Equatable, Sendable {
    /// It refused the PSP's keys: nothing was done.
    case keysRefused(status: Int)
    /// It refused the request in its own words: nothing was done.
    case refused(status: Int, message: [UInt8]?)
    /// It has no such sub-client: nothing was done.
    case notFound
    /// Nothing was done. Seconds to wait, if it said.
    case tooManyRequests(retryAfter: Int?)
    /// The request did not reach it: nothing was done.
    case unreachable(reason: String)
    /// It may have been done, or not: no answer, a failure, or an answer that cannot be understood.
    case unknown(reason: String)

    /// Whether the upstream may have done what it was asked.
    package var mayHaveBeenDone: Bool { if case .unknown = self { true } else { false } }

    /// A stable word for records.
    package var code: String {
        switch self {
        case .keysRefused: "keysRefused"
        case .refused: "refused"
        case .notFound: "notFound"
        case .tooManyRequests: "tooManyRequests"
        case .unreachable(let reason), .unknown(let reason): reason
        }
    }

    package var message: [UInt8]? {
        if case .refused(_, let message) = self { message } else { nil }
    }
}

/// What a sub-client is, as an upstream is told and tells (`RegisteredClientInfo` of Mesh's OpenAPI).
package struct SubClientInfo: Equatable, Sendable {
    package var legalName: [UInt8]
    package var displayName: [UInt8]
    /// Origins that may show Link; none leaves it to the account's own.
    package var callbackURLs: [[UInt8]]
    package var catalog: Catalog

    /// Which integrations Link shows: at most one of the two lists has anything.
    package struct Catalog: Equatable, Sendable {
        package var excluded: Set<UUIDValue>
        package var allowed: Set<UUIDValue>
        /// Categories we never set, as the upstream spells them.
        package var excludedCategories: Set<[UInt8]>

        package static let all = Catalog(excluded: [], allowed: [], excludedCategories: [])
        package var isAll: Bool { self == .all }
    }

    package init(legalName: [UInt8], displayName: [UInt8], callbackURLs: [[UInt8]] = [], catalog: Catalog = .all) {
        self.legalName = legalName
        self.displayName = displayName
        self.callbackURLs = callbackURLs
        self.catalog = catalog
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("businessLegalName")
        writer.string(legalName)
        writer.key("displayName")
        writer.string(displayName)
        writer.key("callbackUrls")
        writer.beginArray()
        for url in callbackURLs { writer.string(url) }
        writer.endArray()
        writer.key("catalogConfiguration")
        if catalog.isAll { writer.null() } else { catalog.write(to: &writer) }
        writer.endObject()
        return writer.bytes
    }
}

extension SubClientInfo.Catalog {
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        if !excludedCategories.isEmpty {
            writer.key("excludeIntegrationCategories")
            writer.beginArray()
            for category in excludedCategories.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                writer.string(category)
            }
            writer.endArray()
        }
        write("excludeIntegrations", excluded, to: &writer)
        write("integrationWhiteList", allowed, to: &writer)
        writer.endObject()
    }

    private func write(_ name: StaticString, _ ids: Set<UUIDValue>, to writer: inout JSONWriter) {
        if ids.isEmpty { return }
        writer.key(name)
        writer.beginArray()
        for id in ids.map(\.text).sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.string(id) }
        writer.endArray()
    }
}

/// A sub-client that an upstream has (`RegisteredClientData`).
package struct RegisteredSubClient: Equatable, Sendable {
    package let id: UUIDValue
    package let info: SubClientInfo
    package let hasLogo: Bool

    /// Nil for what is not of that form. Names match without case, as Mesh's own do.
    init?(_ value: JSONValue) {
        guard let id = value.member(ignoringASCIICase: "id")?.string.flatMap({ UUIDValue(text: $0) }),
            let legalName = value.member(ignoringASCIICase: "businessLegalName")?.string,
            let displayName = value.member(ignoringASCIICase: "displayName")?.string
        else { return nil }
        self.id = id
        let urls = value.member(ignoringASCIICase: "callbackUrls")?.elements.compactMap(\.string) ?? []
        let catalog = value.member(ignoringASCIICase: "catalogConfiguration")
        info = SubClientInfo(
            legalName: legalName, displayName: displayName, callbackURLs: urls,
            catalog: SubClientInfo.Catalog(
                excluded: RegisteredSubClient.ids(catalog, "excludeIntegrations"),
                allowed: RegisteredSubClient.ids(catalog, "integrationWhiteList"),
                excludedCategories: Set(
                    catalog?.member(ignoringASCIICase: "excludeIntegrationCategories")?.elements.compactMap(\.string)
                        ?? [])))
        hasLogo = value.member(ignoringASCIICase: "logoUrl")?.string.map { !$0.isEmpty } ?? false
    }

    private static func ids(_ catalog: JSONValue?, _ name: String) -> Set<UUIDValue> {
        Set(
            catalog?.member(ignoringASCIICase: name)?.elements.compactMap { $0.string.flatMap { UUIDValue(text: $0) } }
                ?? [])
    }
}
