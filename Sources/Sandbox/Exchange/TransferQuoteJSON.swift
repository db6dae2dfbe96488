import Domain
import JSON

/// A quote as the database keeps it. Amounts are strings in the plain spelling.
extension TransferQuote {
    var json: [UInt8] {
        var json = JSONWriter(reservingCapacity: 1_024)
        json.beginObject()
        json.member("networkId", networkId.text)
        json.member("toAddress", toAddress)
        json.member("addressTag", addressTag)
        json.member("symbol", amounts.symbol)
        json.member("asked", amounts.asked.text)
        json.member("arriving", amounts.arriving.text)
        json.member("fees", amounts.fees.text)
        json.member("institutionFee", amounts.institutionFee.text)
        json.member("clientFee", amounts.clientFee.text)
        json.member("gas", amounts.gas.amount.text)
        json.member("gasSymbol", amounts.gas.symbol)
        json.member("feeIsInclusive", feeIsInclusive)
        json.member("currency", currency.rawValue)
        json.key("funding")
        json.raw(funding.json)
        json.endObject()
        return json.bytes
    }

    /// Nil for what `json` did not write.
    init?(json bytes: [UInt8]) {
        guard let root = (try? JSONDocument.parse(bytes))?.root, let amounts = TransferAmounts(root),
            let networkId = root["networkId"]?.string.flatMap({ UUIDValue(text: $0) }),
            let toAddress = root["toAddress"]?.string, let feeIsInclusive = root["feeIsInclusive"]?.bool,
            let currency = root["currency"]?.text.flatMap(FiatCurrency.init(rawValue:)),
            let funding = root["funding"].flatMap([FundingStep].init(json:))
        else { return nil }
        self.init(
            networkId: networkId, toAddress: toAddress, addressTag: root["addressTag"]?.string, amounts: amounts,
            feeIsInclusive: feeIsInclusive, currency: currency, funding: funding)
    }
}

extension TransferAmounts {
    fileprivate init?(_ object: JSONValue) {
        guard let symbol = object["symbol"]?.string, let asked = object.amount("asked"),
            let arriving = object.amount("arriving"), let fees = object.amount("fees"),
            let institutionFee = object.amount("institutionFee"), let clientFee = object.amount("clientFee"),
            let gas = object.amount("gas"), let gasSymbol = object["gasSymbol"]?.string
        else { return nil }
        self.init(
            symbol: symbol, asked: asked, arriving: arriving, institutionFee: institutionFee, clientFee: clientFee,
            gas: TransferFee(amount: gas, symbol: gasSymbol), fees: fees)
    }
}

extension [FundingStep] {
    var json: [UInt8] {
        var json = JSONWriter(reservingCapacity: 256)
        json.beginArray()
        for step in self {
            json.beginObject()
            json.member("kind", step.kind.rawValue)
            json.member("fromSymbol", step.fromSymbol)
            json.member("fromAmount", step.fromAmount.text)
            json.member("amount", step.amount.text)
            json.member("fee", step.fee.text)
            json.endObject()
        }
        json.endArray()
        return json.bytes
    }

    /// Nil for what `json` did not write.
    init?(json value: JSONValue) {
        guard value.kind == .array else { return nil }
        self = []
        for element in value.elements {
            guard let kind = element["kind"]?.text.flatMap(FundingStep.Kind.init(rawValue:)),
                let fromSymbol = element["fromSymbol"]?.string, let fromAmount = element.amount("fromAmount"),
                let amount = element.amount("amount"), let fee = element.amount("fee")
            else { return nil }
            append(FundingStep(kind: kind, fromSymbol: fromSymbol, fromAmount: fromAmount, amount: amount, fee: fee))
        }
    }
}

extension JSONValue {
    /// The amount in a member that is a string.
    fileprivate func amount(_ name: String) -> Amount? { self[name]?.string.flatMap { Amount(plain: $0) } }
}
