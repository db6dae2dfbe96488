import Crypto
import Delivery
import HTTPServer
import JSON
import Runtime

/// The merchant's side of the demonstration: verifies each webhook as a merchant would, and prints a line for it.
struct DemoReceiver: Sendable {
    private let verifier: WebhookVerifier
    private let clock: Clock

    init?(secret: String, clock: Clock) {
        guard let verifier = WebhookVerifier(secret: Array(secret.utf8)) else { return nil }
        self.verifier = verifier
        self.clock = clock
    }

    func handle(_ request: Request) async -> Response {
        guard request.head.method == .post, let body = try? await request.body.collect(upTo: 1 << 20) else {
            return Response(status: 400)
        }
        let headers = request.head.headers
        let isValid = verifier.isValid(
            id: headers["webhook-id"].map(Array.init), timestamp: headers["webhook-timestamp"].map(Array.init),
            signatures: headers["webhook-signature"].map(Array.init), body: body, now: clock.now())
        let isValidForMesh = verifier.isValid(
            meshSignature: headers["x-mesh-signature-256"].map(Array.init), body: body)
        guard isValid, isValidForMesh else {
            StandardStreams.say("receiver: refused a webhook whose signature is wrong")
            return Response(status: 401)
        }
        StandardStreams.say("receiver: verified " + DemoReceiver.summary(body))
        return Response(status: 200)
    }

    private static func summary(_ body: [UInt8]) -> String {
        guard let root = try? JSONDocument.parse(body).root else { return "a body that is not JSON" }
        func text(_ name: String) -> String { root[name]?.text ?? "-" }
        let amount = root["DestinationAmount"]?.number?.canonicalDecimal ?? "-"
        return "\(text("TransferStatus")) transaction=\(text("TransactionId")) user=\(text("UserId")) "
            + "amount=\(amount) \(text("Token")) event=\(text("EventId"))"
    }
}
