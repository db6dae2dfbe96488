import Domain
import HTTPServer
import JSON
import Postgres
import Runtime

/// One operation of the control API that forces and forgets.
package enum FaultOperation: Equatable, Sendable {
    case getFaults, setFaults, reset, getClock, setClock, advanceClock
}

/// `/sandbox/v1/faults`, `/reset` and `/clock`. They ask for no key, as the control call does. Loop-bound.
struct FaultRoutes: Sendable {
    let book: FaultBook
    /// Looks at once for what became due.
    let nudge: @Sendable () -> Void
    let log: Log

    private struct Refusal: Error { let problem: Problem }

    func answer(_ operation: FaultOperation, _ request: Request) async -> Response {
        do {
            return try await answered(operation, request)
        } catch let refusal as Refusal {
            return refusal.problem.response(requestId: request.head.requestId)
        } catch let fault as Completion.Fault {
            return Problem.invalid(fault).response(requestId: request.head.requestId)
        } catch {
            log.error("a control call cannot be served", [(.error, .text("\(error)"))])
            return Problem.unavailable.response(requestId: request.head.requestId)
        }
    }

    private func answered(_ operation: FaultOperation, _ request: Request) async throws -> Response {
        switch operation {
        case .getFaults: return rules()
        case .setFaults:
            try await book.replace(with: try FaultRule.parse(try await body(request)))
            return rules()
        case .reset:
            _ = try StrictObject.parse(try await body(request), names: [])
            try await book.reset()
            return Response(status: 204)
        case .getClock: return time()
        case .setClock:
            let change = try VirtualClock.Change.parse(try await body(request))
            return try await set(book.clock.setting(changedBy: change))
        case .advanceClock:
            let object = try StrictObject.parse(try await body(request), names: ["seconds"])
            guard let seconds = try object.integer("seconds", SandboxLimits.clockAdvanceSeconds) else {
                throw object.fault("seconds", "is required")
            }
            return try await set(book.clock.setting(advancedBy: .seconds(seconds)))
        }
    }

    private func set(_ setting: VirtualClock.Setting) async throws -> Response {
        let distance = book.clock.distance(of: setting).components.seconds
        guard SandboxLimits.clockOffsetSeconds.contains(distance) else {
            let years = SandboxLimits.clockOffsetSeconds.upperBound / 31_536_000
            throw Completion.Fault(field: nil, message: "The clock may be \(years) years from the machine's.")
        }
        try await book.store.setClock(setting)
        book.clock.setting = setting
        nudge()
        return time()
    }

    private func body(_ request: Request) async throws(Refusal) -> [UInt8] {
        guard MediaType.isJSON(request.head.headers) else { throw Refusal(problem: .unsupportedMediaType) }
        do throws(BodyError) {
            return try await request.body.collect(upTo: SandboxLimits.controlBodyBytes)
        } catch {
            throw Refusal(problem: error == .tooLarge ? .tooLarge : .unreadable)
        }
    }

    // MARK: Answers

    private func rules() -> Response {
        var json = JSONWriter()
        json.beginObject()
        json.array("rules", book.rules) { $0.write(to: &$1) }
        json.endObject()
        return FaultRoutes.response(json)
    }

    private func time() -> Response {
        let setting = book.clock.setting
        var json = JSONWriter()
        json.beginObject()
        json.member("now", book.clock.now().rfc3339())
        json.member("offsetSeconds", integer: book.clock.distance(of: setting).components.seconds)
        json.member("frozen", setting.frozenAt != nil)
        json.endObject()
        return FaultRoutes.response(json)
    }

    private static func response(_ json: JSONWriter) -> Response {
        var response = Response(status: 200, contentType: "application/json", body: json.bytes)
        response.headers.add("Cache-Control", "no-store")
        return response
    }
}
