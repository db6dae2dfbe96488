import JSON

extension JSONWriter {
    /// Mesh's `TransferFee`.
    mutating func fee(
        _ name: StaticString, _ fee: TransferFee, in currency: FiatCurrency, transferring symbol: [UInt8]
    ) {
        key(name)
        beginObject()
        member("fee", json: fee.amount.text)
        member("feeCurrency", fee.symbol)
        let worth = fee.worth(in: currency)
        member("feeInFiat", json: worth.text)
        let isSame = Portfolio.matches(fee.symbol, symbol)
        member(
            "feeInTransferCurrency", json: (isSame ? fee.amount : worth.dividedUp(by: currency.price(of: symbol))).text)
        endObject()
    }
}
