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
    let faults: FaultBook
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
        let wanted = try await read(request)
        guard let token = wanted.token else { throw Refusal(problem: .unknownToken) }
        do {
            guard let stored = try await store.find(token) else { throw Refusal(problem: .unknownToken) }
            let now = clock.now()
            var random = random
            let destination = try stored.destination(at: now)
            let plan = faults.plan(OutcomeQuestion(of: stored, to: destination))
            let completion = try await completion(wanted, plan)
            let transfer = PlayedTransfer(of: stored, to: destination, as: completion, now: now, random: &random)
            let hasAddress = sender.hasAddress(stored.clientId)
            guard
                try await store.use(
                    token.digest, isOpened: false, for: transfer, hasAddress: hasAddress, at: now)
            else {
                throw Refusal(problem: .usedToken)
            }
            await faults.spend(plan.rules, wanted.isDecided ? .playedOtherwise : .played)
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

    /// What the call asked for, and what it left to faults and magic values. Their faults of webhooks count in any
    /// case.
    private func completion(_ wanted: Completion, _ plan: OutcomePlan) async throws(Refusal) -> Completion {
        if wanted.isDecided {
            var completion = wanted
            completion.webhookFaults = plan.completion?.webhookFaults ?? []
            return completion
        }
        if let code = plan.previewFailure?.rawValue ?? plan.executeFailure?.rawValue {
            await faults.spend(plan.rules, .failed)
            throw Refusal(problem: .transferFails(code))
        }
        return plan.completion.map { wanted.going(as: $0) } ?? wanted
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
