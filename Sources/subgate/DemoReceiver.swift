import Crypto
import Delivery
import Domain
import HTTPServer
import JSON
import Runtime

/// The merchant's side of the demonstration: verifies each webhook as a merchant would, and prints a line for it.
struct DemoReceiver: Sendable {
    /// Shown to a person; none of them is secret.
    private static let shownHeaders: [(name: String, key: StaticString)] = [
        ("webhook-id", "webhook-id"), ("webhook-timestamp", "webhook-timestamp"),
        ("webhook-signature", "webhook-signature"), ("X-Mesh-Signature-256", "x-mesh-signature-256"),
        ("Content-Type", "content-type"), ("User-Agent", "user-agent"),
    ]

    private let verifier: WebhookVerifier
    private let clock: Clock

    init?(secret: String, clock: Clock) {
        guard let verifier = WebhookVerifier(secret: Array(secret.utf8)) else { return nil }
        self.verifier = verifier
        self.clock = clock
    }

    /// Why a request is no webhook: the status it is answered with.
    struct Refusal: Error { let status: Int }

    /// The webhook, if both of its signatures are right and its time is near.
    func receive(_ request: Request) async throws(Refusal) -> ReceivedWebhook {
        let body: [UInt8]
        do throws(BodyError) {
            body = try await request.body.collect(upTo: 1 << 20)
        } catch {
            throw Refusal(status: error == .tooLarge ? 413 : 400)
        }
        let headers = request.head.headers
        let now = clock.now()
        let id = headers["webhook-id"].map(Array.init)
        let isValid = verifier.isValid(
            id: id, timestamp: headers["webhook-timestamp"].map(Array.init),
            signatures: headers["webhook-signature"].map(Array.init), body: body, now: now)
        let isValidForMesh = verifier.isValid(
            meshSignature: headers["x-mesh-signature-256"].map(Array.init), body: body)
        guard isValid, isValidForMesh, let id else {
            StandardStreams.say("receiver: refused a webhook whose signature is wrong")
            throw Refusal(status: 401)
        }
        StandardStreams.say("receiver: verified " + DemoReceiver.summary(body))
        let shown = DemoReceiver.shownHeaders.compactMap { header in
            headers[header.key].map { (name: header.name, value: String(decoding: $0, as: UTF8.self)) }
        }
        return ReceivedWebhook(id: String(decoding: id, as: UTF8.self), at: now, headers: shown, body: body)
    }

    private static func summary(_ body: [UInt8]) -> String {
        guard let root = try? JSONDocument.parse(body).root else { return "a body that is not JSON" }
        func text(_ name: String) -> String { root[name]?.text ?? "-" }
        let amount = root["DestinationAmount"]?.number?.canonicalDecimal ?? "-"
        return "\(text("TransferStatus")) transaction=\(text("TransactionId")) user=\(text("UserId")) "
            + "amount=\(amount) \(text("Token")) event=\(text("EventId"))"
    }
}
