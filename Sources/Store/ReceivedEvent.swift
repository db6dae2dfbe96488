package import Domain
package import JSON

/// One verified webhook of an upstream, read but not yet stored.
package struct ReceivedEvent: Sendable {
    /// What the payload says about the transfer, as far as it says it. Amounts are plain decimal text.
    package struct Details: Sendable {
        package var symbol: [UInt8]?
        package var chain: [UInt8]?
        package var txHash: [UInt8]?
        package var sourceAmount: [UInt8]?
        package var destinationAmount: [UInt8]?
        package var sourceAddress: [UInt8]?
        package var destinationAddress: [UInt8]?
        package var refundAddress: [UInt8]?
        package var sourceAccountProvider: [UInt8]?
        package init() {}
    }

    /// Our identifier for the event, should it be new.
    package let id: EventID
    /// Our identifier for the transfer, should it be new.
    package let transferID: TransferID
    package let upstream: UpstreamID
    package let upstreamEventID: UUIDValue
    package let upstreamTransferID: UUIDValue
    /// Nil with a reason: no sub-client can be told, so the event goes to quarantine.
    package let reference: TransactionReference?
    package let unroutableReason: String?
    package let status: ReportedStatus
    package let occurredAt: Timestamp?
    package let details: Details
    /// The body as it was received and signed.
    package let payload: [UInt8]
    /// The same, read.
    package let document: JSONDocument?

    package init(
        id: EventID, transferID: TransferID, upstream: UpstreamID, upstreamEventID: UUIDValue,
        upstreamTransferID: UUIDValue, reference: TransactionReference?, unroutableReason: String?,
        status: ReportedStatus, occurredAt: Timestamp?, details: Details, payload: [UInt8],
        document: JSONDocument? = nil
    ) {
        precondition((reference == nil) == (unroutableReason != nil), "an event without a reference says why")
        self.id = id
        self.transferID = transferID
        self.upstream = upstream
        self.upstreamEventID = upstreamEventID
        self.upstreamTransferID = upstreamTransferID
        self.reference = reference
        self.unroutableReason = unroutableReason
        self.status = status
        self.occurredAt = occurredAt
        self.details = details
        self.payload = payload
        self.document = document
    }
}

extension ReceivedEvent {
    /// The trace of the request that brought it, and of all attempts at it.
    package var traceID: UUIDValue { ReceivedEvent.traceID(upstreamEventID: upstreamEventID, event: id) }

    static func traceID(upstreamEventID: UUIDValue?, event: EventID) -> UUIDValue {
        upstreamEventID.flatMap { $0.isZero ? nil : $0 } ?? event.uuid
    }
}

/// What became of a received event, in the commit that stored it.
package struct AcceptedEvent: Sendable {
    package enum Fate: Hashable, Sendable {
        case stored, duplicate, quarantined
        /// Its link session was erased: only its key was stored.
        case erased
    }

    package var fate: Fate
    /// Those of its deliveries that were handed over to this node.
    package var deliveries: [DueDelivery]
    /// Whether deliveries of the same commit wait in lanes.
    package var isQueued = false
}

/// A handover, and the place in it from 0.
package struct HandoverPlace: Sendable {
    package let handover: UUIDValue
    package let position: Int

    package init(handover: UUIDValue, position: Int) {
        self.handover = handover
        self.position = position
    }
}

/// A delivery this node holds the lease of, with all that its attempt needs but the endpoint.
package struct DueDelivery: Sendable {
    package let subClient: SubClientID
    package let id: DeliveryID
    package let endpoint: EndpointID
    package let environment: Environment
    package let event: StoredEvent
    /// The number of the attempt the lease is for, from 1.
    package let attempt: Int32
    /// Failures recorded before it.
    package let failures: Int32
    package let leaseEnd: Timestamp
    /// Where it stands in the handover it was made in: it has no row before it was tried.
    package let handover: HandoverPlace?
    /// It is the only probe of an endpoint whose breaker is not closed, until then.
    package let probeEnd: Timestamp?

    package init(
        subClient: SubClientID, id: DeliveryID, endpoint: EndpointID, environment: Environment, event: StoredEvent,
        attempt: Int32, failures: Int32, leaseEnd: Timestamp, handover: HandoverPlace? = nil,
        probeEnd: Timestamp? = nil
    ) {
        self.subClient = subClient
        self.id = id
        self.endpoint = endpoint
        self.environment = environment
        self.event = event
        self.attempt = attempt
        self.failures = failures
        self.leaseEnd = leaseEnd
        self.handover = handover
        self.probeEnd = probeEnd
    }
}

/// An event as deliveries carry it; shared by all deliveries of one event.
package final class StoredEvent: Sendable {
    package let id: EventID
    package let type: EventType
    package let transfer: TransferID?
    package let linkSession: LinkSessionID?
    /// The merchant's own, to be restored in the body.
    package let transactionID: [UInt8]?
    package let userID: [UInt8]?
    package let receivedAt: Timestamp
    package let payload: [UInt8]
    /// The payload, read once for all that is sent of it; nil if it is not JSON.
    package let document: JSONDocument?
    package let origin: EventOrigin
    /// The trace that every attempt at it belongs to: its upstream's EventId, and else our own identifier, so that it
    /// is the same on every node and after any time without being stored anywhere.
    package let traceID: UUIDValue

    package init(
        id: EventID, type: EventType, transfer: TransferID?, linkSession: LinkSessionID?, transactionID: [UInt8]?,
        userID: [UInt8]?, receivedAt: Timestamp, payload: [UInt8], document: JSONDocument? = nil,
        origin: EventOrigin = .webhook
    ) {
        self.origin = origin
        self.id = id
        self.type = type
        self.transfer = transfer
        self.linkSession = linkSession
        self.transactionID = transactionID
        self.userID = userID
        self.receivedAt = receivedAt
        self.payload = payload
        let read = document ?? (try? JSONDocument.parse(payload))
        self.document = read
        let named = read?.root["EventId"]?.string.flatMap { UUIDValue(text: $0) }
        traceID = ReceivedEvent.traceID(upstreamEventID: named, event: id)
    }
}
