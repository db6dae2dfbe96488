import Foundation
import TestSupport

/// Webhooks as the upstream writes them.
enum MeshEvents {
    /// One about a link session. `transfer` and `id` are new unless given.
    static func make(
        _ session: Merchant.Session, status: String = "Succeeded", transfer: String = newID(), id: String = newID()
    ) -> MeshPost.Event {
        make(
            transaction: session.upstreamTransactionID, user: session.upstreamUserID, status: status,
            transfer: transfer, id: id)
    }

    static func make(
        transaction: String, user: String, status: String = "Succeeded", transfer: String = newID(),
        id: String = newID()
    ) -> MeshPost.Event {
        let body = """
            {"EventId":"\(id)","Id":"\(newID())","SentTimestamp":1720532648,"UserId":"\(user)",\
            "TransactionId":"\(transaction)","TransferId":"\(transfer)","TransferStatus":"\(status)","TxHash":null,\
            "Chain":"Ethereum","Token":"ETH","SourceAccountProvider":"Binance",\
            "DestinationAddress":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0","SourceAmount":0.004786046226555188,\
            "DestinationAmount":4.70E-3,"Timestamp":1715175519038}
            """
        return MeshPost.Event(id: id, body: Array(body.utf8))
    }

    /// `count` events over the sessions in turn, in pairs about one transfer: pending, then succeeded.
    static func stream(_ count: Int, over sessions: [Merchant.Session]) -> [MeshPost.Event] {
        var transfer = newID()
        return (0..<count).map { number in
            if number % 2 == 0 { transfer = newID() }
            return make(
                sessions[number / 2 % sessions.count], status: number % 2 == 0 ? "Pending" : "Succeeded",
                transfer: transfer)
        }
    }

    static func newID() -> String { UUID().uuidString.lowercased() }
}
