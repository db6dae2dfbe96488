import Domain
import Runtime
import Store

/// What becomes known of a request on its way, for its log line.
struct RequestFacts: Sendable {
    /// The caller's, if it named one, with a span of ours.
    let trace: TraceContext
    /// Its place in the table.
    var route: Int?
    var subClient: SubClientID?
    /// Of a webhook: the event it brought, whose trace the request then belongs to, and what became of it.
    var event: (id: EventID, trace: UUIDValue)?
    var fate: AcceptedEvent.Fate?
    /// Why it was refused, if it was.
    var refusal: Refusal.Reason?
    /// Where its caller stands, for the answer's headers.
    var standings = RateStandings()

    init(trace: TraceContext) { self.trace = trace }

    /// 32 hexadecimal digits.
    var traceText: [UInt8] { (event.map { TraceContext(trace: $0.trace, span: 1) } ?? trace).traceText }

    /// What not every request has.
    var fields: [Log.Field] {
        var fields: [Log.Field] = []
        if let subClient { fields.append((.subClient, .bytes(subClient.text))) }
        if let event {
            // By which an upstream that traces finds its own part of it.
            fields += [(.event, .bytes(event.id.text)), (.callerTraceId, .bytes(trace.traceText))]
        }
        if let fate { fields.append((.outcome, .text("\(fate)"))) }
        return fields
    }
}
