package import Domain
import JSON
package import Store

/// The bodies of webhooks, made from the event as it was received.
///
/// Everything the upstream wrote stays byte for byte (amounts, order, spaces), but for the two fields that hold our
/// own references, which get the merchant's values back, and the two that are new for each attempt.
package enum WebhookBody {
    /// Mesh's format for one attempt. `sentID` and `sentAt` are new for each.
    package static func mesh(_ event: StoredEvent, sentID: UUIDValue, sentAt: Timestamp) -> [UInt8] {
        guard let document = event.document else { return event.payload }
        // A test event carries no references of ours.
        let references = event.linkSession == nil ? [] : references(event.transactionID, event.userID)
        return document.replacingMembers(
            references + [
                (key: "Id", value: quoted(sentID.text)),
                (key: "SentTimestamp", value: Array(String(sentAt.seconds).utf8)),
            ])
    }

    /// A payload as the merchant may see it: with its own references in place of ours.
    package static func restored(_ payload: [UInt8], transactionID: [UInt8]?, userID: [UInt8]?) -> [UInt8] {
        guard let document = try? JSONDocument.parse(payload) else { return payload }
        return document.replacingMembers(references(transactionID, userID))
    }

    /// Our own format: the same for every attempt.
    package static func standard(_ event: StoredEvent) -> [UInt8] {
        let payload = event.document?.root
        var writer = JSONWriter(reservingCapacity: 1_024)
        writer.beginObject()
        writer.key("type")
        writer.string(event.type.rawValue)
        writer.key("timestamp")
        writer.string(event.receivedAt.rfc3339())
        writer.key("data")
        if event.type.isForOperator {
            // Made by us, in the shape that it is sent in.
            writer.raw(event.payload)
            writer.endObject()
            return writer.bytes
        }
        writer.beginObject()
        writer.key("eventId")
        writer.string(event.id.text)
        writer.key("origin")
        writer.string(event.origin.rawValue)
        member("transferId", event.transfer?.text, in: &writer)
        member("linkSessionId", event.linkSession?.text, in: &writer)
        member("transactionId", event.transactionID, in: &writer)
        member("userId", event.userID, in: &writer)
        for (name, source) in copiedText {
            guard let value = payload?[source], value.kind == .string else { continue }
            writer.key(name)
            writer.raw(value.raw)
        }
        for (name, source) in copiedAmounts {
            guard let decimal = payload?[source]?.number?.canonicalDecimalBytes else { continue }
            writer.key(name)
            writer.string(decimal)
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    private static let copiedText: [(name: StaticString, source: StaticString)] = [
        ("upstreamEventId", "EventId"), ("upstreamTransferId", "TransferId"), ("status", "TransferStatus"),
        ("symbol", "Token"), ("chain", "Chain"), ("txHash", "TxHash"), ("sourceAddress", "SourceAddress"),
        ("destinationAddress", "DestinationAddress"), ("refundAddress", "RefundAddress"),
        ("refundType", "RefundType"), ("sourceAccountProvider", "SourceAccountProvider"),
    ]
    private static let copiedAmounts: [(name: StaticString, source: StaticString)] = [
        ("sourceAmount", "SourceAmount"), ("destinationAmount", "DestinationAmount"),
    ]

    private static func member(_ name: StaticString, _ text: [UInt8]?, in writer: inout JSONWriter) {
        guard let text else { return }
        writer.key(name)
        writer.string(text)
    }

    private static func references(
        _ transactionID: [UInt8]?, _ userID: [UInt8]?
    ) -> [(key: StaticString, value: [UInt8])] {
        [
            (key: "TransactionId", value: transactionID.map(quoted) ?? Array("null".utf8)),
            (key: "UserId", value: userID.map(quoted) ?? Array("null".utf8)),
        ]
    }

    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: text.count + 2)
        writer.string(text)
        return writer.bytes
    }
}
