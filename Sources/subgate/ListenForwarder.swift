import Delivery
import HTTPClient
import Runtime

/// The developer's side of `subgate listen`: posts an event as a delivery is posted. Loop-bound.
struct ListenForwarder: Sendable {
    let client: HTTPClient
    let target: TargetURL
    let signer: WebhookSigner

    /// What became of it, for a person: the status, or why there is none.
    func post(_ event: ListenSource.Event, at seconds: Int64) async -> String {
        let headers: [(name: String, value: [UInt8])] = [
            (name: "content-type", value: Array("application/json".utf8)),
            (name: "user-agent", value: Array("Subgate".utf8)),
        ]
        let signed = signer.headers(id: event.id, timestamp: Array(String(seconds).utf8), body: event.body)
        let request = OutgoingRequest(
            method: .post, url: target, headers: headers + signed, body: event.body, policy: .allowPrivate,
            partition: 1, resendsOnStaleConnection: true)
        do {
            return "\(try await client.send(request).status)"
        } catch {
            return ListenWords.of(error, target)
        }
    }
}
