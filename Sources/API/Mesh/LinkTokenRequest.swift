import Domain
import JSON

/// A merchant's request for a link token, read and judged, with the places that we rewrite. Mesh's GetLinkTokenRequest,
/// whose names match without case; a property it does not know passes as it came.
struct LinkTokenRequest {
    let userID: [UInt8]
    let transactionID: [UInt8]?
    let transferType: TransferType
    /// Plain decimal text.
    let amountInFiat: [UInt8]?
    /// Whether the session goes on into a transfer.
    let hasTransfer: Bool
    /// What the compliance rules judge, but for the end user's country and the day's total, which stand elsewhere.
    let facts: TokenFacts

    private let document: JSONDocument
    private let userIDRange: Range<Int>
    private let subClientPlace: Place
    private let transactionPlace: Place?

    /// Where a member's value stands, or the member is to stand.
    private enum Place {
        case replace(Range<Int>)
        /// After the opening brace at this offset.
        case insert(at: Int, isOnly: Bool)
    }

    /// Throws 400 for what is malformed, of the wrong type or out of range, at the first such field.
    init(_ body: [UInt8]) throws(MeshProblem) {
        document = try MeshFields.document(body)
        let root = MeshFields(document.root)
        try root.checkNames()
        guard let user = root.value("userId") else { throw .missing("UserId") }
        userID = try root.string("userId", APILimits.userIDCharacters) ?? []
        userIDRange = user.raw.startIndex..<user.raw.endIndex
        if root.value("subClientId") != nil {
            throw .invalid("SubClientId", "is set by the service; leave it out.")
        }
        subClientPlace = LinkTokenRequest.place(of: "subClientId", in: document.root)
        var facts = TokenFacts(integration: try root.uuid("integrationId"))
        try root.uuid("configurationId")
        try root.bool("restrictMultipleAccounts")
        try root.bool("disableApiKeyGeneration")
        _ = try root.string("brokerType", 0...100)
        if let wallet = try root.object("verifyWalletOptions") {
            facts.asksSignedMessage = try LinkTokenRequest.checkWallet(wallet)
        }

        guard let options = try root.object("transferOptions") else {
            (transactionID, transferType, amountInFiat, hasTransfer, transactionPlace) = (
                nil, .deposit, nil, false, nil
            )
            self.facts = facts
            return
        }
        transactionID = try options.string("transactionId", APILimits.transactionIDCharacters)
            .flatMap { $0.isEmpty ? nil : $0 }
        transferType = try options.word("transferType", TransferType.self) ?? .deposit
        let amount = try options.decimal("amountInFiat")
        amountInFiat = amount?.text
        let addresses = try LinkTokenRequest.addresses(options)
        hasTransfer = !addresses.isEmpty
        let fee = try LinkTokenRequest.checkOptions(options, hasTransactionID: transactionID != nil)
        facts.transfer = TokenFacts.Transfer(
            type: transferType, amountInFiat: amount, clientFee: fee, addresses: addresses)
        self.facts = facts
        transactionPlace = LinkTokenRequest.place(of: "transactionId", in: options.object)
    }

    // MARK: Rules

    /// Returns the fee.
    private static func checkOptions(
        _ options: MeshFields, hasTransactionID: Bool
    ) throws(MeshProblem) -> ExactDecimal? {
        try options.checkNames()
        let fee = try options.decimal("clientFee")
        if let fee, fee > .one { throw .invalid("ClientFee", "must be between 0 and 1.") }
        try options.bool("isInclusiveFeeEnabled")
        _ = try options.string("description", APILimits.linkTokenDescriptionCharacters)
        if try options.bool("generatePayLink") == true, !hasTransactionID { throw .missing("TransactionId") }
        if let funding = try options.object("fundingOptions") { try funding.bool("enabled") }
        for item in try options.objects("goodsDetails") {
            if let type = try item.string("goodsType", 0...2), type != Array("01".utf8), type != Array("02".utf8) {
                throw .invalid("GoodsType", "must be 01 or 02.")
            }
            for name in ["goodsCategory", "referenceGoodsId", "goodsName", "goodsDetail"] {
                _ = try item.string(name, LinkTokenRequest.anyText)
            }
        }
        return fee
    }

    private static func addresses(_ options: MeshFields) throws(MeshProblem) -> [TokenFacts.Address] {
        let addresses = try options.objects("toAddresses")
        guard addresses.count <= APILimits.linkTokenAddresses else {
            throw .invalid("ToAddresses", "must have at most \(APILimits.linkTokenAddresses) entries.")
        }
        var facts: [TokenFacts.Address] = []
        facts.reserveCapacity(addresses.count)
        for address in addresses {
            try address.checkNames()
            _ = try address.string("note", anyText)
            _ = try address.amount("displayAmountInFiat")
            facts.append(
                TokenFacts.Address(
                    network: try address.uuid("networkId"), symbol: try address.string("symbol", anyText),
                    address: try address.string("address", anyText),
                    addressTag: try address.string("addressTag", anyText),
                    hasAmount: try address.amount("amount") != nil,
                    hasMinimum: try address.amount("minAmount").map { $0 != [UInt8(ascii: "0")] } ?? false,
                    minimumInFiat: try address.decimal("minAmountInFiat")))
        }
        return facts
    }

    /// Whether it asks for a signed message in so many words: that it is the default is Mesh's to change.
    private static func checkWallet(_ wallet: MeshFields) throws(MeshProblem) -> Bool {
        try wallet.checkNames()
        _ = try wallet.string("message", anyText)
        let methods = try wallet.strings("verificationMethods", oneOf: ["signedMessage"])
        try wallet.strings("addresses", oneOf: nil)
        try wallet.uuid("networkId")
        _ = try wallet.word("networkType", NetworkType.self)
        return !methods.isEmpty
    }

    /// Text that Mesh gives no limit: long enough for every address and label.
    private static let anyText = 0...1_000

    private enum NetworkType: String, CaseIterable {
        case unknown, evm, solana, bitcoin, cardano, tron, avalancheX, tezos, dogecoin, ripple, stellar, litecoin, sui
        case aptos, tvm, injective
    }

    // MARK: Rewriting

    private static func place(of name: StaticString, in object: JSONValue) -> Place {
        if let value = object.member(ignoringASCIICase: name) {
            return .replace(value.raw.startIndex..<value.raw.endIndex)
        }
        var isEmpty = true
        for _ in object.members { isEmpty = false }
        return .insert(at: object.raw.startIndex + 1, isOnly: isEmpty)
    }

    private typealias Edit = (range: Range<Int>, text: [UInt8])

    private static func edit(_ place: Place, _ name: StaticString, _ value: [UInt8]) -> Edit {
        switch place {
        case .replace(let range): return (range, quoted(value))
        case .insert(let offset, let isOnly):
            let member = Array("\"\(name)\":".utf8) + quoted(value)
            return (offset..<offset, isOnly ? member : member + [UInt8(ascii: ",")])
        }
    }

    /// The body for the upstream: our user id and transaction id in place of the merchant's, the sub-client as the
    /// upstream knows it if it does, every other byte as it came.
    func rewritten(userID: [UInt8], transactionID: [UInt8], subClientID: UUIDValue? = nil) -> [UInt8] {
        var edits: [Edit] = [(userIDRange, LinkTokenRequest.quoted(userID))]
        if let transactionPlace {
            edits.append(LinkTokenRequest.edit(transactionPlace, "transactionId", transactionID))
        }
        if let subClientID { edits.append(LinkTokenRequest.edit(subClientPlace, "subClientId", subClientID.text)) }
        edits.sort { $0.range.lowerBound < $1.range.lowerBound }
        let bytes = document.bytes
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 128)
        var copied = 0
        for edit in edits {
            output += bytes[copied..<edit.range.lowerBound]
            output += edit.text
            copied = edit.range.upperBound
        }
        return output + bytes[copied...]
    }

    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: text.count + 2)
        json.string(text)
        return json.bytes
    }
}
