package import Domain
import Postgres
import SQL

/// What a user did in a link session. Amounts are plain decimal text.
package struct Transfer: Sendable {
    package let id: TransferID
    package let linkSession: LinkSessionID
    package let upstreamTransferID: UUIDValue
    package let environment: Environment
    /// The merchant's own.
    package let transactionID: [UInt8]?
    /// The merchant's own.
    package let userID: [UInt8]
    package let status: TransferStatus
    package let refundStatus: RefundStatus?
    package let symbol: [UInt8]?
    package let chain: [UInt8]?
    package let txHash: [UInt8]?
    package let sourceAmount: [UInt8]?
    package let destinationAmount: [UInt8]?
    package let sourceAddress: [UInt8]?
    package let destinationAddress: [UInt8]?
    package let refundAddress: [UInt8]?
    package let sourceAccountProvider: [UInt8]?
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
}

/// Which transfers are wanted: those that all of these let through.
package struct TransferFilter: Sendable {
    package var status: TransferStatus?
    package var linkSession: LinkSessionID?
    /// The merchant's own.
    package var transactionID: [UInt8]?
    /// The merchant's own.
    package var userID: [UInt8]?
    /// By the time of the first event, with which a transfer's identifier begins.
    package var window = TimeWindow()
    package init() {}

    /// Whether it names something that an index finds transfers by.
    fileprivate var isByName: Bool { linkSession != nil || transactionID != nil || userID != nil }
}

extension Store {
    /// Throws `.notFound`.
    package func transfer(_ scope: TenantScope, _ id: TransferID) async throws(StoreError) -> Transfer {
        let rows = try await run(
            scope, .getTransfer, [.id(scope.subClient), .id(id), .word(scope.environment)], on: .read)
        if rows.isEmpty { throw .notFound }
        return try Transfer(rows, 0)
    }

    /// A page looks at no more than `PageRequest.examinedRows` transfers, so it may be short and yet have a next one.
    package func transfers(
        _ scope: TenantScope, _ page: PageRequest, matching filter: TransferFilter = TransferFilter()
    ) async throws(StoreError) -> Page<Transfer> {
        let common: [Parameter] = [
            .id(scope.subClient), .word(scope.environment), page.below(filter.window), page.notBelow(filter.window),
            page.rowLimit, .int32(PageRequest.examinedRows), .word(filter.status),
        ]
        let names: [Parameter] = [.id(filter.linkSession), .text(filter.transactionID), .text(filter.userID)]
        let rows =
            filter.isByName
            ? try await run(scope, .listNamedTransfers, common + names, on: .read)
            : try await run(scope, .listTransfers, common, on: .read)
        return try Page(rows, page, boundColumn: 19) { row throws(StoreError) in try Transfer(rows, row) }
    }
}

extension Transfer {
    /// Reads the columns of the statements here, of which the first is the one at `start`.
    init(_ rows: Rows, _ row: Int, from start: Int = 0) throws(StoreError) {
        let text = { (column: Int) in rows.optionalText(row, start + column) }
        try self.init(
            id: rows.id(row, start), linkSession: rows.id(row, start + 1),
            upstreamTransferID: rows.uuidValue(row, start + 2), environment: rows.word(row, start + 3),
            transactionID: text(4), userID: rows.text(row, start + 5), status: rows.word(row, start + 6),
            refundStatus: rows.optionalWord(row, start + 7), symbol: text(8), chain: text(9), txHash: text(10),
            sourceAmount: text(11), destinationAmount: text(12), sourceAddress: text(13), destinationAddress: text(14),
            refundAddress: text(15), sourceAccountProvider: text(16), createdAt: rows.time(row, start + 17),
            updatedAt: rows.time(row, start + 18))
    }
}
