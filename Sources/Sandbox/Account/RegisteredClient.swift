import Domain
import JSON

/// What an account says of one of its sub-clients: `RegisteredClientInfo` of Mesh's OpenAPI.
struct RegisteredClientInfo: Sendable, Equatable {
    let businessLegalName: [UInt8]
    let displayName: [UInt8]
    let callbackUrls: [[UInt8]]?
    let catalog: CatalogConfiguration?

    /// - Throws: the first fault, in the order of Mesh's schema.
    static func parse(_ body: [UInt8]) throws(RequestFault) -> RegisteredClientInfo {
        let object = try MeshObject.parse(body)
        try object.refuseOthers(than: "businessLegalName", "displayName", "callbackUrls", "catalogConfiguration")
        guard let legalName = try object.text("businessLegalName", units: SandboxLimits.nameUnits) else {
            throw .missing("BusinessLegalName")
        }
        guard let displayName = try object.text("displayName", units: SandboxLimits.nameUnits) else {
            throw .missing("DisplayName")
        }
        return RegisteredClientInfo(
            businessLegalName: legalName, displayName: displayName, callbackUrls: try callbackUrls(object),
            catalog: try CatalogConfiguration(object))
    }

    /// The body of `POST Client/callbackUrls`.
    static func parseCallbackUrls(_ body: [UInt8]) throws(RequestFault) -> [[UInt8]] {
        let object = try MeshObject.parse(body)
        try object.refuseOthers(than: "callbackUrls")
        guard let urls = try callbackUrls(object) else { throw .missing("CallbackUrls") }
        return urls
    }

    /// Origins or URLs, in which Mesh takes wildcards.
    private static func callbackUrls(_ object: MeshObject) throws(RequestFault) -> [[UInt8]]? {
        let urls = try object.texts(
            "callbackUrls", units: SandboxLimits.callbackURLUnits, atMost: SandboxLimits.callbackURLs)
        for url in urls ?? [] {
            let rest = url.starts(with: "https://".utf8) ? url.dropFirst(8) : url.dropFirst(7)
            let isWeb = url.starts(with: "https://".utf8) || url.starts(with: "http://".utf8)
            guard isWeb, !rest.isEmpty, rest.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw .invalid("The field CallbackUrls has a value that is not a URL")
            }
        }
        return urls
    }
}

/// Which integrations Link shows. Lists that were not given stay so.
struct CatalogConfiguration: Sendable, Equatable {
    enum Category: String, CaseIterable, Sendable { case exchange, wallet }

    let excludeIntegrationCategories: [Category]?
    let excludeIntegrations: [UUIDValue]?
    let integrationWhiteList: [UUIDValue]?

    /// Reads the member `catalogConfiguration`; nil for none.
    init?(_ parent: MeshObject) throws(RequestFault) {
        guard let object = try parent.object("catalogConfiguration") else { return nil }
        try self.init(members: object)
    }

    private init(members object: MeshObject) throws(RequestFault) {
        try object.refuseOthers(than: "excludeIntegrationCategories", "excludeIntegrations", "integrationWhiteList")
        let categories = try object.choices(
            "excludeIntegrationCategories", Category.self, atMost: SandboxLimits.catalogCategories)
        let excluded = try object.uuids("excludeIntegrations", atMost: SandboxLimits.catalogIntegrations)
        let allowed = try object.uuids("integrationWhiteList", atMost: SandboxLimits.catalogIntegrations)
        if let categories, Set(categories).count == Category.allCases.count {
            throw .invalid("The field ExcludeIntegrationCategories cannot contain all categories")
        }
        let isExcluding = categories?.isEmpty == false || excluded?.isEmpty == false
        if allowed?.isEmpty == false, isExcluding {
            throw .invalid("The field IntegrationWhiteList cannot be used together with exclusions")
        }
        (excludeIntegrationCategories, excludeIntegrations, integrationWhiteList) = (categories, excluded, allowed)
    }

    /// The body of `PUT Client`: an object without the member clears the configuration, as Mesh's own does.
    static func parse(_ body: [UInt8]) throws(RequestFault) -> CatalogConfiguration? {
        let object = try MeshObject.parse(body)
        try object.refuseOthers(than: "catalogConfiguration")
        return try CatalogConfiguration(object)
    }

    /// Reads what `json` wrote.
    init?(stored: [UInt8]) {
        guard let object = try? MeshObject.parse(stored),
            let read = try? CatalogConfiguration(members: object)
        else { return nil }
        self = read
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        CatalogConfiguration.write(
            "excludeIntegrationCategories", excludeIntegrationCategories?.map { Array($0.rawValue.utf8) }, to: &writer)
        CatalogConfiguration.write("excludeIntegrations", excludeIntegrations?.map(\.text), to: &writer)
        CatalogConfiguration.write("integrationWhiteList", integrationWhiteList?.map(\.text), to: &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ name: StaticString, _ texts: [[UInt8]]?, to writer: inout JSONWriter) {
        writer.key(name)
        writer.strings(texts)
    }
}

/// A sub-client as the stand-in gives it: `RegisteredClientData` of Mesh's OpenAPI.
struct RegisteredClient: Sendable {
    let id: UUIDValue
    let businessLegalName: [UInt8]
    let displayName: [UInt8]
    let callbackUrls: [[UInt8]]?
    /// What `CatalogConfiguration.json` wrote.
    let catalog: [UInt8]?
    let hasLogo: Bool

    func write(to writer: inout JSONWriter, logoURL: [UInt8]) {
        writer.beginObject()
        writer.key("id")
        writer.string(id.text)
        writer.key("businessLegalName")
        writer.string(businessLegalName)
        writer.key("displayName")
        writer.string(displayName)
        writer.key("callbackUrls")
        writer.strings(callbackUrls)
        writer.key("catalogConfiguration")
        if let catalog { writer.raw(catalog) } else { writer.null() }
        writer.key("logoUrl")
        if hasLogo { writer.string(logoURL) } else { writer.null() }
        // Inherited from the account, which has none here.
        writer.key("fundingTokenWhitelist")
        writer.null()
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func strings(_ texts: [[UInt8]]?) {
        guard let texts else { return null() }
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}

extension MeshObject {
    /// The object that a whole body is.
    static func parse(_ body: [UInt8]) throws(RequestFault) -> MeshObject {
        if body.isEmpty {
            throw RequestFault(kind: .missingField, message: "A non-empty request body is required")
        }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(body, limits: .ignoringKeyCase)
        } catch {
            throw .invalid("The request body is not valid JSON at byte \(error.offset)")
        }
        return try MeshObject(document.root)
    }
}
