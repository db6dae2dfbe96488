import Domain
import HTTPClient
import Runtime
import Store

/// One HTTP request for a delivery: builds it, sends it, and says what it came to.
struct Attempt: Sendable {
    let client: HTTPClient
    let policy: AddressPolicy
    let clock: Clock
    let identifiers: IdentifierSource
    let retries: RetryPolicy
    /// How long it may take in all.
    let timeout: Duration

    /// Returns nil if nothing was sent for a reason of our own: then it was no attempt.
    func make(
        _ delivery: DueDelivery, format: PayloadFormat, url: TargetURL, signer: WebhookSigner,
        headers: [(name: String, value: [UInt8])], retrySchedule: RetrySchedule?
    ) async -> (finished: FinishedAttempt, outcome: AttemptOutcome)? {
        let startedAt = clock.now()
        let monotonicStart = EventLoop.monotonicNanoseconds
        let id: AttemptID = identifiers.next()
        let request = self.request(
            delivery, id, format: format, url: url, signer: signer, headers: headers, at: startedAt)
        let outcome: AttemptOutcome
        var statusCode: Int32?
        var errorCode: String?
        var body: [UInt8]?
        var answered = ResponseHeaders()
        let exchange = await client.exchange(request)
        do throws(ClientError) {
            let response = try exchange.result.get()
            outcome = .answered(
                status: response.status,
                retryAfter: response.headers["retry-after"].flatMap { RetryAfter.wait($0, now: clock.now()) })
            statusCode = Int32(response.status)
            errorCode = (200..<300).contains(response.status) ? nil : "httpStatus"
            body = Array(response.body.prefix(Limits.keptAnswerBytes))
            answered = response.headers
        } catch {
            if error.isOurOwn { return nil }
            outcome = error.isRefusal ? .refused : .unanswered
            // Why an address is refused is nobody's business but the operator's.
            errorCode = error.isRefusal ? "addressRefused" : error.code
        }
        let decision = DeliveryMachine(schedule: retries.schedule(own: retrySchedule)).decide(
            outcome, failuresBefore: Int(delivery.failures), random: identifiers.draw())
        let finished = FinishedAttempt(
            delivery: delivery, id: id, startedAt: startedAt,
            duration: .nanoseconds(Int64(EventLoop.monotonicNanoseconds - monotonicStart)), statusCode: statusCode,
            errorCode: errorCode, responseBody: body,
            exchange: ExchangeRecord.json(
                custom: headers, own: Array(request.headers.dropFirst(headers.count)), responseHeaders: answered,
                timings: ExchangeRecord.Timings(
                    dns: exchange.timings.dns, connect: exchange.timings.connect, tls: exchange.timings.tls,
                    firstByte: exchange.timings.firstByte)), decision: decision)
        return (finished, outcome)
    }

    private func request(
        _ delivery: DueDelivery, _ id: AttemptID, format: PayloadFormat, url: TargetURL, signer: WebhookSigner,
        headers: [(name: String, value: [UInt8])], at moment: Timestamp
    ) -> OutgoingRequest {
        let body =
            switch format {
            case .mesh: WebhookBody.mesh(delivery.event, sentID: id.uuid, sentAt: moment)
            case .standard: WebhookBody.standard(delivery.event)
            }
        let timestamp = Array(String(moment.seconds).utf8)
        // An attempt is a span: its identifier's random half. An endpoint may have a header of its own by that name.
        let trace = delivery.trace.continued(in: id.uuid.low)
        let hasOwnTrace = headers.contains { $0.name.utf8.count == 11 && $0.name.lowercased() == "traceparent" }
        return OutgoingRequest(
            method: .post, url: url,
            headers: headers + [
                (name: "content-type", value: Array("application/json".utf8)),
                (name: "user-agent", value: Array("Subgate".utf8)),
            ] + (hasOwnTrace ? [] : [(name: "traceparent", value: trace.traceparent)])
                + signer.headers(id: delivery.event.id.text, timestamp: timestamp, body: body),
            body: body, connectTimeout: min(Limits.connectTimeout, timeout), totalTimeout: timeout,
            responseLimit: Limits.readAnswerBytes, policy: policy, partition: delivery.endpoint.uuid.low,
            // Every delivery may arrive twice, and a receiver that closes what it keeps open is no failure of its own.
            resendsOnStaleConnection: true)
    }
}

extension ClientError {
    /// Whether we would not send at all, because of where it would have gone.
    fileprivate var isRefusal: Bool {
        switch self {
        case .addressRefused, .urlRefused, .invalidRequest: true
        default: false
        }
    }

    /// Whether the receiver has no part in it: this node stops, or has no place for one more transfer.
    fileprivate var isOurOwn: Bool {
        switch self {
        case .cancelled, .closed, .tooManyTransfers: !mayHaveReachedPeer
        default: false
        }
    }
}
