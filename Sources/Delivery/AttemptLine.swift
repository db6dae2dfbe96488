import Domain
import Runtime
import Store

extension DueDelivery {
    /// The trace of its event, in whichever span.
    var trace: TraceContext { TraceContext(trace: event.traceID, span: id.uuid.low) }
}

extension FinishedAttempt {
    /// What its log line tells: whose it was, and what came of it. Never what was sent or answered.
    var logFields: [Log.Field] {
        var fields: [Log.Field] = [
            (.traceId, .bytes(delivery.trace.traceText)), (.subClient, .bytes(delivery.subClient.text)),
            (.event, .bytes(delivery.event.id.text)), (.eventType, .text(delivery.event.type.rawValue)),
            (.endpoint, .bytes(delivery.endpoint.text)), (.delivery, .bytes(delivery.id.text)),
            (.attemptId, .bytes(id.text)), (.attempt, .integer(Int(delivery.attempt))),
            (.outcome, .text(decision.word)), (.durationMs, .duration(duration)),
        ]
        if let statusCode { fields.append((.status, .integer(Int(statusCode)))) }
        if let errorCode { fields.append((.reason, .text(errorCode))) }
        return fields
    }
}

extension DeliveryMachine.Decision {
    /// As in the metric of attempts.
    fileprivate var word: String {
        switch self {
        case .delivered: "delivered"
        case .retry: "retried"
        case .failed: "failed"
        case .endpointGone: "gone"
        }
    }
}
