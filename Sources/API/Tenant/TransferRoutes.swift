import Domain
import HTTPServer
import JSON
import Store

/// `/v1/transfers`: what users did in link sessions.
enum TransferRoutes {
    static let all: [Route] = [
        .tenant(.get, "/v1/transfers") { call, principal throws(Problem) in try await list(call, principal.scope) },
        .tenant(.get, "/v1/transfers/{transferId}", get),
    ]

    @Sendable static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        let wanted = filter(&query)
        let page = query.page()
        try query.finish()
        let found = try await call.store { store throws(StoreError) in
            try await store.transfers(scope, page, matching: wanted)
        }
        return .json(200, found.json(write))
    }

    private static func filter(_ query: inout QueryParameters) -> TransferFilter {
        var filter = TransferFilter()
        filter.status = query.word("status")
        filter.linkSession = query.identifier("linkSessionId", LinkSessionID.self)
        filter.transactionID = query.text("transactionId", APILimits.transactionIDCharacters)
        filter.userID = query.text("userId", APILimits.userIDCharacters)
        filter.window = query.window()
        return filter
    }

    @Sendable private static func get(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        let id: TransferID = try call.identifier(0)
        let transfer = try await call.store { store throws(StoreError) in
            try await store.transfer(principal.scope, id)
        }
        return .json(200, jsonObject { write(transfer, &$0) })
    }

    @Sendable private static func write(_ transfer: Transfer, _ json: inout JSONWriter) {
        json.member("id", transfer.id)
        json.member("linkSessionId", transfer.linkSession)
        json.member("transactionId", transfer.transactionID)
        json.member("userId", transfer.userID)
        json.member("upstreamTransferId", transfer.upstreamTransferID)
        json.member("status", word: transfer.status)
        json.member("refundStatus", word: transfer.refundStatus)
        json.member("symbol", transfer.symbol)
        json.member("chain", transfer.chain)
        json.member("txHash", transfer.txHash)
        json.member("sourceAmount", transfer.sourceAmount)
        json.member("destinationAmount", transfer.destinationAmount)
        json.member("destinationAddress", transfer.destinationAddress)
        json.member("refundAddress", transfer.refundAddress)
        json.member("createdAt", transfer.createdAt)
        json.member("updatedAt", transfer.updatedAt)
    }
}
