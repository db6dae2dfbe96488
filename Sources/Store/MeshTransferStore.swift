package import Domain
import Postgres
import SQL

/// Which transfers Mesh's own list is asked for.
package struct MeshTransferQuery: Sendable {
    /// What the list is sorted by; within that by time.
    package enum Order: String, CaseIterable, Sendable {
        case id, clientTransferId, userId, fromType, amountInFiat, status, createdTimestamp, symbol, networkName
    }

    package var upstreamTransferID: UUIDValue?
    /// The merchant's own.
    package var transactionID: [UInt8]?
    /// The merchant's own.
    package var userID: [UInt8]?
    package var statuses: [TransferStatus]?
    package var txHash: [UInt8]?
    /// Names of exchanges and wallets, as events spell them.
    package var providers: [[UInt8]]?
    /// Plain decimal text.
    package var minAmountInFiat: [UInt8]?
    package var maxAmountInFiat: [UInt8]?
    /// Of the creation.
    package var from: Timestamp?
    /// The first moment that is too late.
    package var until: Timestamp?
    package var order = Order.createdTimestamp
    package var isDescending = true
    package var offset: Int64 = 0
    package var count: Int64 = 10
    package var includesWebhookLogs = false

    package init() {}

    /// Whether what matches, or comes first, cannot be told without looking at all there are.
    fileprivate var sifts: Bool {
        statuses != nil || txHash != nil || providers != nil || minAmountInFiat != nil || maxAmountInFiat != nil
            || order != .createdTimestamp || keys > 1 || keys == 1 && !isDescending
    }

    /// How many ways in by a key there are: one is taken, from the newest on, and the others sift.
    private var keys: Int {
        (upstreamTransferID == nil ? 0 : 1) + (transactionID == nil ? 0 : 1) + (userID == nil ? 0 : 1)
    }

    /// How many transfers may be looked at. One more than that is asked for, to tell whether there are more.
    fileprivate var lookLimit: Int64 {
        sifts ? MeshTransferLimits.sifted : max(MeshTransferLimits.counted, offset + count)
    }

}

/// Every bound of Mesh's list, with its unit and its reason.
package enum MeshTransferLimits {
    /// Transfers that are counted: a total beyond it takes ever longer and says nothing more.
    package static let counted: Int64 = 10_000
    /// Transfers that a filter without an index looks through, or that are sorted: a tenth of a second of an idle core.
    package static let sifted: Int64 = 50_000
    /// Attempts that are listed with one transfer.
    static let attempts: Int32 = 20
    /// How far the time in a transfer's id may lie from its creation, both taken of one clock.
    static let idTolerance: Duration = .seconds(3_600)
    /// The end of time: the first moment of the year 10000.
    static let endOfTime = Timestamp(seconds: 253_402_300_800)
}

/// A transfer with what its link session says of it.
package struct MeshTransfer: Sendable {
    package let transfer: Transfer
    package let transferType: [UInt8]?
    /// What the link token asked for: plain decimal text.
    package let amountInFiat: [UInt8]?
    package let executedAt: Timestamp?
}

/// One attempt to tell the sub-client of an event.
package struct MeshWebhookLog: Sendable {
    package let url: [UInt8]
    /// Nil if no answer came.
    package let statusCode: Int32?
    package let errorCode: [UInt8]?
    package let sentAt: Timestamp
    package let duration: Duration
    /// The start of it.
    package let responseBody: [UInt8]?
}

package struct MeshTransferPage: Sendable {
    package var transfers: [MeshTransfer] = []
    /// Exact up to `MeshTransferLimits.counted`; beyond, how many there are at least.
    package var total: Int64 = 0
    /// More than may be looked at would have to be: the page is not what was asked for.
    package var isTooWide = false
    /// Oldest first; empty unless they were asked for.
    package var webhookLogs: [TransferID: [MeshWebhookLog]] = [:]

    package init() {}
}

extension Store {
    /// One page of the transfers of a key's environment.
    package func meshTransfers(
        _ scope: TenantScope, _ query: MeshTransferQuery
    ) async throws(StoreError) -> MeshTransferPage {
        let from = query.from ?? Timestamp(seconds: 0)
        let until = query.until ?? MeshTransferLimits.endOfTime
        let rows = try await run(
            scope, .listMeshTransfers,
            [
                .id(scope.subClient), .word(scope.environment), .uuid(query.upstreamTransferID),
                .text(query.transactionID), .text(query.userID), .uuid(firstID(from - MeshTransferLimits.idTolerance)),
                .uuid(firstID(until + MeshTransferLimits.idTolerance)), .time(from), .time(until),
                .int32(Int32(query.lookLimit + 1)), .bool(query.isDescending), .word(query.order),
                query.statuses.map { .stringArray($0.map(\.rawValue)) } ?? .null, .text(query.txHash),
                query.providers.map { .textArray($0) } ?? .null, .text(query.minAmountInFiat),
                .text(query.maxAmountInFiat), .int64(query.offset), .int64(query.count),
            ], on: .read)
        var page = MeshTransferPage()
        page.total = try rows.int64(0, 1)
        page.isTooWide = query.sifts ? try rows.int64(0, 0) > query.lookLimit : false
        for row in rows.indices where !rows.isNull(row, 2) { page.transfers.append(try MeshTransfer(rows, row)) }
        if query.includesWebhookLogs, !page.transfers.isEmpty, !page.isTooWide {
            page.webhookLogs = try await webhookLogs(scope, of: page.transfers)
        }
        return page
    }

    private func webhookLogs(
        _ scope: TenantScope, of transfers: [MeshTransfer]
    ) async throws(StoreError) -> [TransferID: [MeshWebhookLog]] {
        let rows = try await run(
            scope, .listMeshWebhookLogs,
            [
                .id(scope.subClient), .word(scope.environment), .uuids(transfers.map(\.transfer.id.uuid)),
                .int32(MeshTransferLimits.attempts),
            ], on: .read)
        var logs: [TransferID: [MeshWebhookLog]] = [:]
        for row in rows.indices {
            let log = try MeshWebhookLog(
                url: rows.text(row, 1), statusCode: rows.optionalInt32(row, 2), errorCode: rows.optionalText(row, 3),
                sentAt: rows.time(row, 4), duration: .microseconds(rows.int64(row, 5)),
                responseBody: rows.optionalBytes(row, 6))
            try logs[rows.id(row, 0), default: []].append(log)
        }
        return logs
    }

    /// The least identifier of a moment.
    private func firstID(_ moment: Timestamp) -> UUIDValue {
        UUIDValue(high: UInt64(clamping: moment.milliseconds) << 16, low: 0)
    }
}

extension MeshTransfer {
    fileprivate init(_ rows: Rows, _ row: Int) throws(StoreError) {
        try self.init(
            transfer: Transfer(rows, row, from: 2), transferType: rows.optionalText(row, 21),
            amountInFiat: rows.optionalText(row, 22), executedAt: rows.optionalTime(row, 23))
    }
}
