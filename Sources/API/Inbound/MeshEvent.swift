import Domain
import JSON
import Store
import Upstream

/// Reads Mesh's transfer webhook: the PascalCase body of which every field but the event's id may be missing.
enum MeshEvent {
    /// Mesh has no tenant in its webhooks; these say why one cannot be found.
    enum Unroutable: String { case noTransactionId, unknownTransactionId }

    /// Throws 400 for what is no Mesh event.
    static func read(
        _ body: [UInt8], upstream: UpstreamID, id: EventID, transferID: TransferID
    ) throws(Problem) -> ReceivedEvent {
        let document: JSONDocument
        do {
            document = try JSONDocument.parse(body)
        } catch {
            throw Problem(.invalid, "The body is \(error).")
        }
        let root = document.root
        guard root.kind == .object else { throw Problem(.invalid, "The body must be a JSON object.") }
        guard let eventID = root["EventId"]?.string.flatMap({ UUIDValue(text: $0) }) else {
            throw .invalid(field: "EventId", "must be a UUID")
        }
        let transaction = text(root["TransactionId"])
        let reference = transaction.flatMap { TransactionReference(text: $0) }
        let unroutable: Unroutable? =
            reference != nil ? nil : transaction == nil ? .noTransactionId : .unknownTransactionId
        return ReceivedEvent(
            id: id, transferID: transferID, upstream: upstream, upstreamEventID: eventID,
            upstreamTransferID: root["TransferId"]?.string.flatMap { UUIDValue(text: $0) }
                ?? UUIDValue(high: 0, low: 0),
            reference: reference, unroutableReason: unroutable?.rawValue,
            status: ReportedStatus(upstreamText: root["TransferStatus"]?.string ?? []),
            occurredAt: root["Timestamp"].flatMap(MeshTime.read), details: details(root), payload: body,
            document: document)
    }

    private static func details(_ root: JSONValue) -> ReceivedEvent.Details {
        var details = ReceivedEvent.Details()
        details.symbol = text(root["Token"])
        details.chain = text(root["Chain"])
        details.txHash = text(root["TxHash"])
        details.sourceAmount = amount(root["SourceAmount"])
        details.destinationAmount = amount(root["DestinationAmount"])
        details.sourceAddress = text(root["SourceAddress"])
        details.destinationAddress = text(root["DestinationAddress"])
        details.refundAddress = text(root["RefundAddress"])
        details.sourceAccountProvider = text(root["SourceAccountProvider"])
        return details
    }

    /// Nil for an empty one as well.
    private static func text(_ value: JSONValue?) -> [UInt8]? {
        value?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The exact value in plain digits; one that would need absurdly many counts as absent. The payload keeps it.
    private static func amount(_ value: JSONValue?) -> [UInt8]? { value?.number?.canonicalDecimalBytes }
}
