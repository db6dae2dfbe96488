import Domain
import JSON

/// What a `webhook.test` event says.
enum TestEvent {
    /// To the PSP: nothing but that it is a test, in the shape of its other webhooks.
    @Sendable static func operatorPayload(_ event: EventID, endpoint: EndpointID, now: Timestamp) -> [UInt8] {
        Array("{}".utf8)
    }

    /// To a merchant: Mesh's body with made-up values.
    @Sendable static func payload(_ event: EventID, endpoint: EndpointID, now: Timestamp) -> [UInt8] {
        jsonObject { json in
            json.member("Id", event.uuid)
            json.member("EventId", event.uuid)
            json.member("SentTimestamp", now.seconds)
            json.member("Timestamp", now.milliseconds)
            json.member("UserId", "test-user")
            json.member("TransactionId", "test-transaction")
            json.member("TransferId", endpoint.uuid)
            json.member("TransferStatus", "Succeeded")
            json.member("TxHash", "0x0000000000000000000000000000000000000000000000000000000000000000")
            json.member("Chain", "Ethereum")
            json.member("Token", "ETH")
            json.member("DestinationAddress", "0x0000000000000000000000000000000000000000")
            json.member("SourceAccountProvider", "Test")
            json.member("SourceAmount", json: Array("0.01".utf8))
            json.member("DestinationAmount", json: Array("0.01".utf8))
            json.member("RefundAddress", nil as [UInt8]?)
        }
    }
}
