import Domain
import HTTPServer
import Runtime

/// Stands before all calls: those of Mesh's APIs meet the faults that wait for them. Loop-bound.
struct FaultGate: Sendable {
    let loop: EventLoop
    let book: FaultBook
    let keys: ClientKeys
    let accountKeys: AccountKeys
    let random: RandomSource

    /// Answers as `work` would, or as a fault has it.
    func answer(_ request: Request, _ work: (Request) async -> Response) async -> Response {
        await book.load()
        guard let route = SandboxRouteTable.route(request.head.method, request.head.path),
            let operation = route.callName,
            let fault = await book.fault(of: operation, by: caller(request.head.headers))
        else { return await work(request) }
        return await play(fault, isAccount: route.isOfAccounts) { await work(request) }
    }

    /// Who calls; nil for a caller without keys that count, and for one who asks for a token.
    private func caller(_ headers: HeaderFields) -> UUIDValue? {
        keys.client(of: headers) ?? accountKeys.client(of: headers, now: book.clock.now())
    }

    private func play(_ fault: CallFault, isAccount: Bool, _ work: () async -> Response) async -> Response {
        var response: Response
        switch fault.answer {
        case .serverFailure: response = failure(500, .serverFailure, "The request could not be processed")
        case .unavailable: response = failure(503, .serverFailure, "The service is not available")
        case .tooManyRequests: response = failure(429, .tooManyRequest, "Too many requests")
        case .unauthorized: response = isAccount ? AccountRoutes.unauthorized : Response(status: 401)
        case .hang:
            await loop.sleep(for: SandboxLimits.longestHang)
            response = Response(status: 504)
            response.breaking = .beforeHead
        case .dropAnswer:
            _ = await work()
            response = Response(status: 504)
        case .cut:
            response = await work()
            response.breaking = .insideBody
        case .malformed:
            response = await work()
            response.body.removeLast(response.body.count - response.body.count / 2)
        case nil: response = await work()
        }
        if let seconds = fault.retryAfterSeconds { response.headers.add("Retry-After", "\(seconds)".utf8) }
        if fault.delayMilliseconds > 0 { await loop.sleep(for: .milliseconds(fault.delayMilliseconds)) }
        return response
    }

    private func failure(_ code: Int, _ status: Envelope.Status, _ message: String) -> Response {
        Envelope.failure(status, message, errorType: "", hash: random.next()).response(code)
    }
}
