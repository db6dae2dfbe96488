import Domain
import JSON

/// Writes Mesh's `TransferModel`, every member of it.
enum TransferBody {
    /// `content` of `GET /transfers/managed/mesh`.
    static func content(_ page: TransferStore.Page, _ filter: TransferFilter) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 1_024 + page.transfers.count * 2_048)
        let count = Int64(page.transfers.count)
        json.beginObject()
        json.objects("items", page.transfers) { transfer, json in
            write(transfer, filter, page.logs[transfer.id] ?? [], &json)
        }
        json.member("total", integer: page.total)
        json.key("range")
        json.beginObject()
        json.member("start", integer: filter.offset)
        json.member("end", integer: filter.offset + count)
        json.member("isValid", true)
        json.member("count", integer: count)
        json.endObject()
        json.member("hasMorePages", filter.offset + count < page.total)
        json.endObject()
        return json.bytes
    }

    private static func write(
        _ transfer: StoredTransfer, _ filter: TransferFilter, _ logs: [StoredWebhookLog], _ json: inout JSONWriter
    ) {
        json.member("id", transfer.id.text)
        json.member("clientTransactionId", transfer.transactionId)
        json.members(null: "institutionTransactionId")
        json.member("status", transfer.status)
        json.member("userId", transfer.userId)
        json.member("subClientId", transfer.subClientId?.text)
        json.member("clientId", transfer.clientId.text)
        json.members(null: "companyName")
        json.member("transferType", transfer.transferType)
        json.member("symbol", transfer.symbol)
        json.members(null: "tokenAddress")
        json.member("networkId", transfer.networkId.text)
        json.member("networkName", transfer.networkName)
        json.members(null: "networkLogoUrl")
        json.member("hash", transfer.transactionHash)
        json.members(null: "infoUrl")
        writeSource(transfer, &json)
        writeAmounts(transfer, &json)
        json.member("destinationAddress", transfer.destinationAddress)
        json.member("refundAddress", transfer.refundAddress)
        json.member("createdTimestamp", integer: transfer.createdAt.seconds)
        json.member("executedTimestamp", integer: transfer.executedAt?.seconds)
        writeFees(transfer, &json)
        json.member("isFeeIncluded", transfer.feeIsInclusive)
        json.member(
            "isSmartFundingTransfer", transfer.funding.contains { $0.kind != .existingCryptocurrencyBalance })
        json.member("isBridgingTransfer", false)
        json.members(null: "bridgingDetails")
        writeFunding(transfer, &json)
        if filter.includesRefunds { writeRefund(transfer, &json) }
        if !filter.includesWebhookLogs { return json.members(null: "webhookLogs") }
        json.objects("webhookLogs", logs, writeLog)
    }

    private static func writeSource(_ transfer: StoredTransfer, _ json: inout JSONWriter) {
        json.key("from")
        guard let source = transfer.source else { return json.null() }
        json.beginObject()
        json.member("id", source.id.text)
        json.member("type", source.type)
        json.member("name", source.name)
        json.members(null: "logoUrl")
        json.endObject()
    }

    private static func writeAmounts(_ transfer: StoredTransfer, _ json: inout JSONWriter) {
        let arriving = transfer.destinationAmount.text
        json.member("amount", json: arriving)
        json.member("amountInFiat", json: transfer.amountInFiat.text)
        json.member("amountInFiatCurrencyCode", "USD")
        json.member("amountToReceive", json: arriving)
        json.member("amountToReceiveInFiat", json: transfer.amountInFiat.text)
        json.member("sourceAmount", json: transfer.sourceAmount.text)
        json.member("destinationAmount", json: arriving)
        json.member("destinationAmountInFiat", json: transfer.amountInFiat.text)
        // Inclusive fees are taken out of what was asked for.
        json.member(
            "requestedTransferAmount", json: transfer.feeIsInclusive ? transfer.sourceAmount.text : arriving)
        json.member("unitPrice", json: Price.dollars(of: transfer.symbol).text)
    }

    private static func writeFees(_ transfer: StoredTransfer, _ json: inout JSONWriter) {
        let price = Price.dollars(of: transfer.symbol)
        let gas = transfer.fees.gas
        json.fee("gasFee", gas, in: .usd, transferring: transfer.symbol)
        let withdrawal = TransferFee(amount: transfer.fees.withdrawal, symbol: transfer.symbol)
        json.fee("withdrawalFee", withdrawal, in: .usd, transferring: transfer.symbol)
        let processing = TransferFee(amount: transfer.fees.processing, symbol: transfer.symbol)
        json.fee("processingFee", processing, in: .usd, transferring: transfer.symbol)
        // Gas in the token itself is part of what left.
        let isGasApart = !Portfolio.matches(gas.symbol, transfer.symbol)
        let apart = isGasApart ? gas.worth(in: .usd) : .zero
        let conversions = transfer.funding.map { TransferFee(amount: $0.fee, symbol: $0.fromSymbol).worth(in: .usd) }
        let all = transfer.sourceAmount.less(transfer.destinationAmount).worth(at: price) + apart + conversions.sum()
        json.member("totalFeesAmountInFiat", json: all.text)
        json.member(
            "totalTransactionAmountInFiat",
            json: (transfer.sourceAmount.worth(at: price) + apart + conversions.sum()).text)
    }

    /// Where nothing is recorded, the user had the tokens already.
    private static func writeFunding(_ transfer: StoredTransfer, _ json: inout JSONWriter) {
        let existing = FundingStep(
            kind: .existingCryptocurrencyBalance, fromSymbol: transfer.symbol, fromAmount: transfer.sourceAmount,
            amount: transfer.sourceAmount, fee: .zero)
        let steps = transfer.funding.isEmpty ? [existing] : transfer.funding
        json.objects("fundingMethods", steps) { step, json in
            json.member("type", step.kind.rawValue)
            json.member("amount", json: step.amount.text)
            json.member("amountInFiat", json: step.amount.worth(at: Price.dollars(of: transfer.symbol)).text)
            json.member("toSymbol", transfer.symbol)
            json.member("fromAmount", json: step.fromAmount.text)
            json.member("fromSymbol", step.fromSymbol)
            json.members(null: "paymentMethodType")
            if step.fee == .zero { return json.members(null: "fee") }
            let fee = TransferFee(amount: step.fee, symbol: step.fromSymbol)
            json.fee("fee", fee, in: .usd, transferring: transfer.symbol)
        }
    }

    /// Mesh publishes no shape for it.
    private static func writeRefund(_ transfer: StoredTransfer, _ json: inout JSONWriter) {
        json.key("refundInformation")
        guard let status = transfer.refundStatus else { return json.null() }
        json.beginObject()
        json.member("status", [lowercaseASCII(status[0])] + status.dropFirst())
        json.member("refundAddress", transfer.refundAddress)
        json.endObject()
    }

    private static func writeLog(_ log: StoredWebhookLog, _ json: inout JSONWriter) {
        json.member("webhookUri", log.uri)
        json.member("responseCode", log.status.map { $0 == 200 ? "OK" : "\($0)" })
        json.member("sentTimestamp", integer: log.sentAt.seconds)
        json.member("responseTimestamp", integer: log.answeredAt?.seconds)
        json.member("responseMessage", log.message)
    }
}
