/// Where a transfer stands. It only moves up in `rank`: webhooks arrive out of order, and a late `Pending` changes
/// nothing. A success outranks a failure, because money that arrived has arrived.
package enum TransferStatus: String, Sendable, CaseIterable {
    case unknown, pending, failed, succeeded

    package var rank: Int32 {
        switch self {
        case .unknown: 0
        case .pending: 1
        case .failed: 2
        case .succeeded: 3
        }
    }
}

/// What happened to the money afterwards: a facet of its own, which does not replace `succeeded`.
package enum RefundStatus: String, Sendable, CaseIterable {
    case refundPending, refundFailed, refundSucceeded

    package var rank: Int32 {
        switch self {
        case .refundPending: 1
        case .refundFailed: 2
        case .refundSucceeded: 3
        }
    }
}

package enum EventType: String, Sendable, CaseIterable {
    case transferPending = "transfer.pending"
    case transferSucceeded = "transfer.succeeded"
    case transferFailed = "transfer.failed"
    case refundPending = "transfer.refund_pending"
    case refundSucceeded = "transfer.refund_succeeded"
    case refundFailed = "transfer.refund_failed"
    /// A status we do not know: passed on, never dropped.
    case transferUpdated = "transfer.updated"
    case webhookTest = "webhook.test"
    // What the PSP is told; no sub-client has events of these.
    case endpointDisabled = "endpoint.disabled"
    case endpointRecovered = "endpoint.recovered"
    case deliveryExhausted = "delivery.exhausted"
    case quarantineAdded = "quarantine.added"

    /// Those of sub-clients: the vocabulary of their filters and lists.
    package static let allCases: [EventType] = [
        .transferPending, .transferSucceeded, .transferFailed, .refundPending, .refundSucceeded, .refundFailed,
        .transferUpdated, .webhookTest,
    ]
    package static let operatorCases: [EventType] = [
        .endpointDisabled, .endpointRecovered, .deliveryExhausted, .quarantineAdded,
    ]

    package var isForOperator: Bool { EventType.operatorCases.contains(self) }
}

/// Mesh's `TransferStatus`, read without regard to ASCII case as Mesh's own documents spell it both ways.
package struct ReportedStatus: Hashable, Sendable {
    package let type: EventType
    package let status: TransferStatus?
    package let refund: RefundStatus?

    package init(upstreamText: some Sequence<UInt8>) { self.init(upstreamText: Array(upstreamText)) }

    package init(upstreamText: [UInt8]) {
        let lowered = upstreamText.map { (65...90).contains($0) ? $0 | 32 : $0 }
        let known = ReportedStatus.known[lowered]
        type = known?.type ?? .transferUpdated
        status = known?.status
        refund = known?.refund
    }

    private typealias Meaning = (type: EventType, status: TransferStatus?, refund: RefundStatus?)
    private static let known: [[UInt8]: Meaning] = [
        [UInt8]("pending".utf8): (.transferPending, .pending, nil),
        [UInt8]("succeeded".utf8): (.transferSucceeded, .succeeded, nil),
        [UInt8]("failed".utf8): (.transferFailed, .failed, nil),
        [UInt8]("refundpending".utf8): (.refundPending, nil, .refundPending),
        [UInt8]("refundsucceeded".utf8): (.refundSucceeded, nil, .refundSucceeded),
        [UInt8]("refundfailed".utf8): (.refundFailed, nil, .refundFailed),
    ]
}
