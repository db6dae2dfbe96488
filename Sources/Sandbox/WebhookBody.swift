import Domain
import JSON

/// The body of Mesh's transfer webhook (PascalCase, `TransferUpdateWebhookQueueItem`), in two steps: what an event says
/// for good, and what is new in each attempt.
enum WebhookBody {
    /// The members that stay the same in all attempts, as one JSON object: those that the event's posting leaves in.
    static func event(_ event: PlayedTransfer.Event, of transfer: PlayedTransfer) -> [UInt8] {
        let posting = event.posting
        var writer = JSONWriter(reservingCapacity: 1_024)
        writer.beginObject()
        for field in WebhookField.allCases where !posting.missingFields.contains(field) {
            writer.key(field.rawValue)
            if posting.nullFields.contains(field) {
                writer.null()
            } else {
                write(field, event, transfer, to: &writer)
            }
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(
        _ field: WebhookField, _ event: PlayedTransfer.Event, _ transfer: PlayedTransfer, to writer: inout JSONWriter
    ) {
        switch field {
        case .eventId: writer.string(event.id.text)
        case .userId: writer.string(transfer.userId)
        case .transactionId: writer.stringOrNull(transfer.transactionId)
        case .transferId: writer.string(transfer.id.text)
        case .transferStatus: writer.string(event.posting.status ?? event.status)
        case .transactionHash: writer.stringOrNull(event.transactionHash)
        case .chain: writer.string(transfer.network.name)
        case .token: writer.string(transfer.symbol)
        case .sourceAccountProvider: writer.string(transfer.source.name)
        case .sourceAddress: writer.string(transfer.sourceAddress)
        case .destinationAddress: writer.string(transfer.destinationAddress)
        case .refundAddress: writer.string(transfer.refundAddress)
        case .sourceAmount: writer.raw((event.posting.amount ?? transfer.sourceAmount).text)
        case .destinationAmount: writer.raw((event.posting.amount ?? transfer.destinationAmount).text)
        case .timestamp: writer.integer(event.happensAt.milliseconds)
        }
    }

    /// The whole body of one attempt: the event with an `Id` and a `SentTimestamp` (Unix seconds) of the attempt's own.
    static func attempt(event: [UInt8], id: UUIDValue, sentAt moment: Timestamp) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: event.count + 96)
        writer.beginObject()
        writer.key("Id")
        writer.string(id.text)
        writer.key("SentTimestamp")
        writer.integer(moment.seconds)
        if event.count == 2 { return writer.bytes + event.dropFirst() }
        return writer.bytes + [UInt8(ascii: ",")] + event.dropFirst()
    }
}

extension JSONWriter {
    fileprivate mutating func stringOrNull(_ text: [UInt8]?) {
        if let text { string(text) } else { null() }
    }
}
