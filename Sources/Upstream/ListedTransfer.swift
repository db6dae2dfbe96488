import Crypto
import Domain
import JSON
import Store

/// One transfer as an upstream lists it (Mesh's `TransferModel`).
struct ListedTransfer: Sendable {
    let id: UUIDValue
    let createdAt: Timestamp
    /// When it succeeded; nil for one that did not.
    let executedAt: Timestamp?
    /// Nil if it was made without Subgate.
    let reference: TransactionReference?
    /// Where it stands: nil for a status that nobody can rank.
    let status: ReportedStatus?
    /// What became of its money afterwards, if anything did.
    let refund: ReportedStatus?
    private let item: JSONValue

    /// Nil for what has no id or no time of making.
    init?(_ item: JSONValue) {
        guard item.kind == .object, let id = item["id"]?.string.flatMap({ UUIDValue(text: $0) }),
            let createdAt = item["createdTimestamp"].flatMap(MeshTime.read)
        else { return nil }
        self.item = item
        self.id = id
        self.createdAt = createdAt
        executedAt = item["executedTimestamp"].flatMap(MeshTime.read)
        reference = item["clientTransactionId"]?.string.flatMap { TransactionReference(text: $0) }
        let reported = ReportedStatus(upstreamText: item["status"]?.string ?? [])
        status = reported.status == nil ? nil : reported
        let refunded = ReportedStatus(upstreamText: item["refundInformation"]?["status"]?.string ?? [])
        refund = refunded.refund == nil ? nil : refunded
    }

    /// What the list says of it, one status at a time and the status before the refund. Statuses that it passed through
    /// are not invented.
    var statuses: [ReportedStatus] { [status, refund].compactMap { $0 } }

    // MARK: As its webhook

    /// The event that the webhook of `status` would have been. `reference` must be there.
    func event(
        _ status: ReportedStatus, of upstream: UpstreamID, id eventID: EventID, transferID: TransferID, now: Timestamp
    ) -> ReceivedEvent? {
        guard let reference else { return nil }
        let key = ListedTransfer.key(upstream, id, status)
        let occurredAt = status.status == .succeeded ? executedAt : status.status == .pending ? createdAt : nil
        return ReceivedEvent(
            id: eventID, transferID: transferID, upstream: upstream, upstreamEventID: key, upstreamTransferID: id,
            reference: reference, unroutableReason: nil, status: status, occurredAt: occurredAt, details: details,
            payload: payload(status, key: key, occurredAt: occurredAt, now: now))
    }

    /// Stands for the `EventId`, which only the webhook tells: derived from what is told, and so the same every time. A
    /// UUID of version 8 (RFC 9562 section 5.8).
    static func key(_ upstream: UpstreamID, _ transfer: UUIDValue, _ status: ReportedStatus) -> UUIDValue {
        let digest = Digest.sha256(
            Array("subgate reconciliation ".utf8), upstream.uuid.text, transfer.text, Array(status.type.rawValue.utf8))
        let halves = [digest[0..<8], digest[8..<16]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return UUIDValue(
            high: halves[0] & 0xFFFF_FFFF_FFFF_0FFF | 0x8000,
            low: 0x8000_0000_0000_0000 | halves[1] & 0x3FFF_FFFF_FFFF_FFFF)
    }

    private var details: ReceivedEvent.Details {
        var details = ReceivedEvent.Details()
        details.symbol = text("symbol")
        details.chain = text("networkName")
        details.txHash = text("hash")
        details.sourceAmount = item["sourceAmount"]?.number?.canonicalDecimalBytes
        details.destinationAmount = item["destinationAmount"]?.number?.canonicalDecimalBytes
        details.destinationAddress = text("destinationAddress")
        details.refundAddress = text("refundAddress")
        details.sourceAccountProvider = nonEmpty(item["from"]?["name"])
        return details
    }

    /// Mesh's webhook body with what the list tells. Numbers are the list's own text, to the last digit.
    private func payload(
        _ status: ReportedStatus, key: UUIDValue, occurredAt: Timestamp?, now: Timestamp
    ) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 1_024)
        json.beginObject()
        let texts: [(StaticString, [UInt8]?)] = [
            ("EventId", key.text), ("Id", key.text), ("UserId", text("userId")),
            ("TransactionId", text("clientTransactionId")), ("TransferId", id.text),
            ("TransferStatus", ListedTransfer.word(status)), ("TxHash", text("hash")), ("Chain", text("networkName")),
            ("Token", text("symbol")), ("SourceAccountProvider", nonEmpty(item["from"]?["name"])),
            ("DestinationAddress", text("destinationAddress")), ("RefundAddress", text("refundAddress")),
        ]
        for (name, text) in texts {
            json.key(name)
            if let text { json.string(text) } else { json.null() }
        }
        for (name, member) in [("SourceAmount", "sourceAmount"), ("DestinationAmount", "destinationAmount")]
            as [(StaticString, StaticString)]
        {
            json.key(name)
            if let number = item[member]?.number { json.raw(number.raw) } else { json.null() }
        }
        json.key("SentTimestamp")
        json.integer(now.seconds)
        json.key("Timestamp")
        if let occurredAt { json.integer(occurredAt.milliseconds) } else { json.null() }
        json.endObject()
        return json.bytes
    }

    /// As webhooks spell it.
    private static func word(_ status: ReportedStatus) -> [UInt8] {
        let lower = Array((status.refund?.rawValue ?? status.status?.rawValue ?? "unknown").utf8)
        return [lower[0] & ~32] + lower.dropFirst()
    }

    private func text(_ name: StaticString) -> [UInt8]? { nonEmpty(item[name]) }

    private func nonEmpty(_ value: JSONValue?) -> [UInt8]? { value?.string.flatMap { $0.isEmpty ? nil : $0 } }
}
