import Domain
import HTTPServer
import JSON
import Postgres
import Runtime

/// `POST /sandbox/v1/link-tokens/complete`: plays the user's part of a link token. Loop-bound.
///
/// It asks for no key, so the listener belongs on loopback; that it insists on JSON keeps web pages in a developer's
/// browser from calling it without the preflight they would fail.
struct ControlRoutes: Sendable {
    let store: LinkTokenStore
    let sender: WebhookSender
    let clock: Clock
    let random: RandomSource
    let log: Log

    func complete(_ request: Request) async -> Response {
        do throws(Refusal) {
            return try await completed(request)
        } catch {
            return error.problem.response(requestId: request.head.requestId)
        }
    }

    private struct Refusal: Error { let problem: Problem }

    private func completed(_ request: Request) async throws(Refusal) -> Response {
        let completion = try await read(request)
        guard let token = completion.token else { throw Refusal(problem: .unknownToken) }
        do {
            guard let stored = try await store.find(token) else { throw Refusal(problem: .unknownToken) }
            let now = clock.now()
            var random = random
            let transfer = PlayedTransfer(
                of: stored, to: try stored.destination(at: now), as: completion, now: now, random: &random)
            let copies = sender.hasAddress(stored.clientId) ? 1 + Int(completion.duplicates) : 0
            guard try await store.use(token, for: transfer, copies: copies, at: now) else {
                throw Refusal(problem: .usedToken)
            }
            sender.nudge()
            return Response(status: 200, contentType: "application/json", body: ControlRoutes.body(transfer))
        } catch let refusal as Refusal {
            throw refusal
        } catch StoredLinkToken.Refusal.used {
            throw Refusal(problem: .usedToken)
        } catch StoredLinkToken.Refusal.expired {
            throw Refusal(problem: .expiredToken)
        } catch StoredLinkToken.Refusal.connectsOnly {
            throw Refusal(problem: .noTransfer)
        } catch {
            log.error("a link token cannot be completed", [(.error, .text("\(error)"))])
            throw Refusal(problem: .unavailable)
        }
    }

    private func read(_ request: Request) async throws(Refusal) -> Completion {
        guard MediaType.isJSON(request.head.headers) else { throw Refusal(problem: .unsupportedMediaType) }
        let body: [UInt8]
        do throws(BodyError) {
            body = try await request.body.collect(upTo: SandboxLimits.controlBodyBytes)
        } catch {
            throw Refusal(problem: error == .tooLarge ? .tooLarge : .unreadable)
        }
        do throws(Completion.Fault) {
            return try Completion.parse(body)
        } catch {
            throw Refusal(problem: .invalid(error))
        }
    }

    private static func body(_ transfer: PlayedTransfer) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("transferId")
        writer.string(transfer.id.text)
        writer.key("eventIds")
        writer.beginArray()
        for event in transfer.events { writer.string(event.id.text) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
