import HTTPServer
import Runtime
import Store

extension Route {
    /// Whether callers are held to rates. Upstreams are not: what they send has to be taken, from whatever few
    /// addresses it comes. Nor are callers of the ops listener, nor people at the console, whose sign-in has its own
    /// limit.
    var isLimited: Bool {
        switch handler {
        case .ops, .inbound, .console, .consoleOpen: false
        case .admin, .tenant, .mesh, .open: true
        }
    }

    /// Whether its failures are told in Mesh's envelope.
    fileprivate var isMesh: Bool { if case .mesh = handler { true } else { false } }
}

/// What every request of a limited route passes, cheapest first.
extension Call {
    /// By the head alone: the caller's address, whether its key may be looked at, and whether there is room. What
    /// enters must `leave()`.
    func enter(_ standings: inout RateStandings) -> Refusal? {
        let now = context.clock.monotonic()
        let address = limitedAddress
        if let refusal = context.gate.enter(from: address, now: now, &standings) { return refusal }
        if let key = Access.key(head.headers), let refusal = context.gate.tryKey(from: address, now: now),
            // Whoever guesses must not shut out those who share his address.
            !store.remembers(key)
        {
            return refusal
        }
        if head.isCrowded { return Refusal(reason: .connections) }
        if let kind = route.admission, !context.admission.withValue({ $0.enter(kind) }) {
            return Refusal(reason: .busy)
        }
        return nil
    }

    func leave() {
        if route.admission != nil { context.admission.withValue { $0.leave() } }
    }

    /// Once its sub-client is known. What enters must `leave(_:)`.
    func enter(_ principal: Principal, _ standings: inout RateStandings) -> Refusal? {
        if let refusal = context.gate.enter(principal, now: context.clock.monotonic(), &standings) { return refusal }
        if route.admission == nil { return nil }
        return context.admission.withValue { admission -> Refusal? in
            guard admission.enter(principal.environment) else { return Refusal(reason: .busy) }
            if admission.enter(principal.scope.subClient) { return nil }
            admission.leave(principal.environment)
            return Refusal(reason: .subClientBusy)
        }
    }

    func leave(_ principal: Principal) {
        if route.admission == nil { return }
        context.admission.withValue { admission in
            admission.leave(principal.environment)
            admission.leave(principal.scope.subClient)
        }
    }

    func enter(_ scope: PlatformScope, _ standings: inout RateStandings) -> Refusal? {
        context.gate.enter(scope, now: context.clock.monotonic(), &standings)
    }

    func noteWrongKey() { context.gate.noteWrongKey(from: limitedAddress, now: context.clock.monotonic()) }

    /// The answer, in the format of the route.
    func refuse(_ refusal: Refusal, _ facts: inout RequestFacts) -> Response {
        context.gate.metrics.count(refusal.reason)
        facts.refusal = refusal.reason
        var response =
            route.isMesh
            ? refusal.meshProblem.response(requestID: requestID) : refusal.problem.response(requestID: requestID)
        response.rests = true
        // Its place is for an upstream's webhook.
        response.closes = refusal.reason == .connections
        return response
    }

    /// The caller's, or the proxy's that does not name one.
    private var limitedAddress: IPAddress { callerAddress ?? IPAddress(head.peer) }
}
