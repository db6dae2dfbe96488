import Domain
import JSON

/// One entry of `toAddresses`: `TransferToAddressWithAmount` of Mesh's OpenAPI. Network, symbol and address can be left
/// out by the schema, but not by a transfer that arrives.
struct Destination: Sendable, Equatable {
    let networkId: UUIDValue
    let symbol: [UInt8]
    let address: [UInt8]
    let amount: Amount?
    let minAmount: Amount?
    let minAmountInFiat: Amount?
    /// The memo of chains whose addresses many people share.
    let addressTag: [UInt8]?

    init(_ object: MeshObject) throws(RequestFault) {
        guard let networkId = try object.uuid("networkId") else { throw .missing("NetworkId") }
        guard let symbol = try object.text("symbol", units: SandboxLimits.symbolUnits) else { throw .missing("Symbol") }
        guard let address = try object.text("address", units: SandboxLimits.addressUnits) else {
            throw .missing("Address")
        }
        self.networkId = networkId
        self.symbol = symbol
        self.address = address
        amount = try object.amount("amount")
        minAmount = try object.amount("minAmount")
        minAmountInFiat = try object.amount("minAmountInFiat")
        _ = try object.amount("displayAmountInFiat")
        addressTag = try object.text("addressTag", units: SandboxLimits.freeTextUnits)
        _ = try object.text("note", units: SandboxLimits.freeTextUnits)
    }

    init(
        networkId: UUIDValue, symbol: [UInt8], address: [UInt8], amount: Amount?, minAmount: Amount?,
        minAmountInFiat: Amount? = nil, addressTag: [UInt8]? = nil
    ) {
        self.networkId = networkId
        self.symbol = symbol
        self.address = address
        self.amount = amount
        self.minAmount = minAmount
        self.minAmountInFiat = minAmountInFiat
        self.addressTag = addressTag
    }

    // MARK: In the database

    /// Writes what `stored` reads: an array of objects.
    static func json(_ destinations: [Destination]) -> [UInt8] {
        var json = JSONWriter()
        json.beginArray()
        for destination in destinations {
            json.beginObject()
            json.member("networkId", destination.networkId.text)
            json.member("symbol", destination.symbol)
            json.member("address", destination.address)
            json.member("amount", destination.amount?.text)
            json.member("minAmount", destination.minAmount?.text)
            json.member("minAmountInFiat", destination.minAmountInFiat?.text)
            json.member("addressTag", destination.addressTag)
            json.endObject()
        }
        json.endArray()
        return json.bytes
    }

    static func stored(_ json: [UInt8]) -> [Destination] {
        guard let document = try? JSONDocument.parse(json) else { return [] }
        return document.root.elements.compactMap { try? MeshObject($0) }.compactMap { try? Destination($0) }
    }
}
