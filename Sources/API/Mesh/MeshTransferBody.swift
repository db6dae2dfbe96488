import Domain
import JSON
import Store

/// Writes Mesh's `TransferModel` with every member of it; what we do not know is null.
struct MeshTransferBody {
    let principal: Principal
    let request: MeshTransferRequest

    func content(_ page: MeshTransferPage) -> [UInt8] {
        let count = Int64(page.transfers.count)
        let end = request.query.offset + count
        return jsonObject { json in
            json.key("items")
            json.beginArray()
            for transfer in page.transfers {
                json.beginObject()
                write(transfer, page.webhookLogs[transfer.transfer.id] ?? [], &json)
                json.endObject()
            }
            json.endArray()
            json.member("total", page.total)
            json.key("range")
            json.beginObject()
            json.member("start", request.query.offset)
            json.member("end", end)
            json.member("isValid", true)
            json.member("count", count)
            json.endObject()
            json.member("hasMorePages", end < page.total)
        }
    }

    private func write(_ item: MeshTransfer, _ logs: [MeshWebhookLog], _ json: inout JSONWriter) {
        let transfer = item.transfer
        json.member("id", transfer.upstreamTransferID)
        json.member("clientTransactionId", transfer.transactionID)
        json.nulls("institutionTransactionId")
        json.member("status", word: MeshTransferRoutes.Status(transfer.status))
        json.member("userId", transfer.userID)
        json.member("subClientId", principal.scope.subClient.uuid)
        json.member("clientId", principal.clientID)
        json.member("companyName", principal.displayName)
        json.member("transferType", item.transferType)
        json.member("symbol", transfer.symbol)
        json.nulls("tokenAddress", "networkId")
        json.member("networkName", transfer.chain)
        json.nulls("networkLogoUrl")
        json.member("hash", transfer.txHash)
        json.nulls("infoUrl")
        json.key("from")
        json.beginObject()
        json.nulls("id", "type")
        json.member("name", transfer.sourceAccountProvider)
        json.nulls("logoUrl")
        json.endObject()
        writeAmounts(item, &json)
        json.member("destinationAddress", transfer.destinationAddress)
        json.member("refundAddress", transfer.refundAddress)
        json.member("createdTimestamp", transfer.createdAt.seconds)
        json.seconds("executedTimestamp", item.executedAt)
        json.nulls(
            "gasFee", "withdrawalFee", "processingFee", "totalFeesAmountInFiat", "totalTransactionAmountInFiat",
            "isFeeIncluded", "isSmartFundingTransfer", "isBridgingTransfer", "bridgingDetails", "fundingMethods")
        if request.includesRefunds { writeRefund(transfer, &json) }
        writeLogs(logs, &json)
    }

    /// JSON numbers, digit for digit as they were told.
    private func writeAmounts(_ item: MeshTransfer, _ json: inout JSONWriter) {
        let arriving = item.transfer.destinationAmount
        json.number("amount", arriving)
        json.number("amountInFiat", item.amountInFiat)
        json.member("amountInFiatCurrencyCode", item.amountInFiat.map { _ in Array("USD".utf8) })
        json.number("amountToReceive", arriving)
        json.nulls("amountToReceiveInFiat")
        json.number("sourceAmount", item.transfer.sourceAmount)
        json.number("destinationAmount", arriving)
        json.nulls("destinationAmountInFiat", "requestedTransferAmount", "unitPrice")
    }

    /// Mesh publishes no shape for it.
    private func writeRefund(_ transfer: Transfer, _ json: inout JSONWriter) {
        json.key("refundInformation")
        guard let status = transfer.refundStatus else { return json.null() }
        json.beginObject()
        json.member("status", status.rawValue)
        json.member("refundAddress", transfer.refundAddress)
        json.endObject()
    }

    private func writeLogs(_ logs: [MeshWebhookLog], _ json: inout JSONWriter) {
        json.key("webhookLogs")
        guard request.query.includesWebhookLogs else { return json.null() }
        json.beginArray()
        for log in logs {
            json.beginObject()
            json.member("webhookUri", log.url)
            json.member("responseCode", log.statusCode.map { Array(MeshStatusName.of($0).utf8) })
            json.member("sentTimestamp", log.sentAt.seconds)
            json.seconds("responseTimestamp", log.statusCode.map { _ in log.sentAt + log.duration })
            json.member("responseMessage", log.statusCode == nil ? log.errorCode : log.responseBody)
            json.endObject()
        }
        json.endArray()
    }
}

/// How Mesh spells a status code: .NET's `HttpStatusCode`, whose numbers without a name stay numbers.
enum MeshStatusName {
    static func of(_ code: Int32) -> String { names[code] ?? "\(code)" }

    private static let names: [Int32: String] = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "NoContent", 301: "MovedPermanently", 302: "Found",
        304: "NotModified", 307: "TemporaryRedirect", 308: "PermanentRedirect", 400: "BadRequest", 401: "Unauthorized",
        402: "PaymentRequired", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 406: "NotAcceptable",
        408: "RequestTimeout", 409: "Conflict", 410: "Gone", 411: "LengthRequired", 412: "PreconditionFailed",
        413: "RequestEntityTooLarge", 414: "RequestUriTooLong", 415: "UnsupportedMediaType",
        422: "UnprocessableEntity", 429: "TooManyRequests", 500: "InternalServerError", 501: "NotImplemented",
        502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout",
    ]
}

extension JSONWriter {
    /// Members that have no value.
    fileprivate mutating func nulls(_ names: StaticString...) {
        for name in names {
            key(name)
            null()
        }
    }

    /// A plain decimal, as a number.
    fileprivate mutating func number(_ name: StaticString, _ decimal: [UInt8]?) {
        key(name)
        if let decimal { raw(decimal) } else { null() }
    }

    /// Unix seconds.
    fileprivate mutating func seconds(_ name: StaticString, _ moment: Timestamp?) {
        key(name)
        if let moment { integer(moment.seconds) } else { null() }
    }
}
