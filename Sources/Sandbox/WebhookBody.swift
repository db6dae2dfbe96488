import Domain
import JSON

/// The body of Mesh's transfer webhook (PascalCase, `TransferUpdateWebhookQueueItem`), in two steps: what an event says
/// for good, and what is new in each attempt.
enum WebhookBody {
    /// The members that stay the same in all attempts, as one JSON object.
    static func event(_ event: PlayedTransfer.Event, of transfer: PlayedTransfer) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1_024)
        writer.beginObject()
        let texts: [(StaticString, [UInt8]?)] = [
            ("EventId", event.id.text), ("UserId", transfer.userId), ("TransactionId", transfer.transactionId),
            ("TransferId", transfer.id.text), ("TransferStatus", event.status), ("TxHash", event.transactionHash),
            ("Chain", Array(transfer.network.name.utf8)), ("Token", transfer.symbol),
            ("SourceAccountProvider", Array(transfer.source.name.utf8)), ("SourceAddress", transfer.sourceAddress),
            ("DestinationAddress", transfer.destinationAddress), ("RefundAddress", transfer.refundAddress),
        ]
        for (name, text) in texts {
            writer.key(name)
            if let text { writer.string(text) } else { writer.null() }
        }
        writer.key("SourceAmount")
        writer.raw(transfer.sourceAmount.text)
        writer.key("DestinationAmount")
        writer.raw(transfer.destinationAmount.text)
        writer.key("Timestamp")
        writer.integer(event.happensAt.milliseconds)
        writer.endObject()
        return writer.bytes
    }

    /// The whole body of one attempt: the event with an `Id` and a `SentTimestamp` (Unix seconds) of the attempt's own.
    static func attempt(event: [UInt8], id: UUIDValue, sentAt moment: Timestamp) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: event.count + 96)
        writer.beginObject()
        writer.key("Id")
        writer.string(id.text)
        writer.key("SentTimestamp")
        writer.integer(moment.seconds)
        return writer.bytes + [UInt8(ascii: ",")] + event.dropFirst()
    }
}
