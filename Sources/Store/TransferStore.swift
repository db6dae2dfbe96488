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

extension Store {
    /// Throws `.notFound`.
    package func transfer(_ scope: TenantScope, _ id: TransferID) async throws(StoreError) -> Transfer {
        let rows = try await run(
            scope, .getTransfer, [.id(scope.subClient), .id(id), .word(scope.environment)], on: .read)
        if rows.isEmpty { throw .notFound }
        return Transfer(rows, 0)
    }

    package func transfers(_ scope: TenantScope, _ page: PageRequest) async throws(StoreError) -> Page<Transfer> {
        let rows = try await run(
            scope, .listTransfers,
            [.id(scope.subClient), .word(scope.environment), page.after, page.rowLimit], on: .read)
        return Page(rows, page) { Transfer(rows, $0) }
    }
}

extension Transfer {
    fileprivate init(_ rows: Rows, _ row: Int) {
        self.init(
            id: rows.id(row, 0), linkSession: rows.id(row, 1), upstreamTransferID: rows.uuidValue(row, 2),
            environment: rows.word(row, 3), transactionID: rows.optionalText(row, 4), userID: rows.text(row, 5),
            status: rows.word(row, 6), refundStatus: rows.optionalWord(row, 7), symbol: rows.optionalText(row, 8),
            chain: rows.optionalText(row, 9), txHash: rows.optionalText(row, 10),
            sourceAmount: rows.optionalText(row, 11), destinationAmount: rows.optionalText(row, 12),
            sourceAddress: rows.optionalText(row, 13), destinationAddress: rows.optionalText(row, 14),
            refundAddress: rows.optionalText(row, 15), sourceAccountProvider: rows.optionalText(row, 16),
            createdAt: rows.time(row, 17), updatedAt: rows.time(row, 18))
    }
}
