import Domain
package import HTTPServer
import Runtime
import Store

/// Answers the requests of one listener on one loop: finds the route, then the caller, then runs the handler.
package struct APIService: Sendable {
    private let context: APIContext
    private let table: RouteTable
    private let router: Router
    private let metricOffset: Int
    /// Made once: a log line per request takes them.
    private let listenerName: String
    private let patterns: [String]

    package init(_ table: RouteTable, _ context: APIContext) {
        self.context = context
        self.table = table
        router = Router(table)
        metricOffset = context.requestMetrics.offset(of: table.listener)
        listenerName = "\(table.listener)"
        patterns = table.routes.map { "\($0.pattern)" }
    }

    /// The handler for `HTTPServer`.
    package func handle(_ request: Request) async -> Response {
        let started = context.clock.monotonic()
        var trace = Trace()
        let response = await answer(request, &trace)
        finish(request, response, trace, took: context.clock.monotonic() &- started)
        return response
    }

    /// What is known of a request for its log line.
    private struct Trace {
        var route: Int?
        var subClient: SubClientID?
    }

    private func answer(_ request: Request, _ trace: inout Trace) async -> Response {
        let head = request.head
        if head.isAsterisk { return noContent(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") }
        switch router.match(head.method, head.path) {
        case .notFound:
            return isMesh(head.path)
                ? MeshProblem.notFound.response(requestID: head.requestId)
                : Problem.notFound.response(requestID: head.requestId)
        case .methodNotAllowed(let allow):
            return isMesh(head.path)
                ? MeshProblem.methodNotAllowed(allow: allow).response(requestID: head.requestId)
                : Problem.methodNotAllowed(allow: allow).response(requestID: head.requestId)
        case .options(let allow):
            return noContent(allow: allow)
        case .route(let position, let parameters):
            trace.route = position
            let call = Call(
                context: context, route: table.routes[position], head: head, requestBody: request.body,
                parameters: parameters)
            return await run(call, &trace)
        }
    }

    private func run(_ call: Call, _ trace: inout Trace) async -> Response {
        if case .mesh(let access, let handler) = call.route.handler {
            do {
                let principal = try await Access.mesh(call, needs: access)
                trace.subClient = principal.scope.subClient
                return try await handler(call, principal)
            } catch {
                return error.response(requestID: call.requestID)
            }
        }
        do {
            switch call.route.handler {
            case .ops(let handler), .inbound(let handler), .open(let handler):
                return try await handler(call)
            case .admin(let permission, let handler):
                return try await handler(call, try await Access.admin(call, needs: permission))
            case .tenant(let access, let handler):
                let principal = try await Access.tenant(call, needs: access)
                trace.subClient = principal.scope.subClient
                return try await handler(call, principal)
            case .mesh:
                return Problem.internal.response(requestID: call.requestID)
            }
        } catch {
            return error.response(requestID: call.requestID)
        }
    }

    private func noContent(allow: String) -> Response {
        var response = Response(status: 204)
        response.headers.add("Allow", text: allow)
        return response
    }

    /// Whether failures on this path are told in Mesh's envelope.
    private func isMesh(_ path: ArraySlice<UInt8>) -> Bool {
        let prefix = Array("/api/".utf8)
        return path.count > prefix.count && zip(path, prefix).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
    }

    private func finish(_ request: Request, _ response: Response, _ trace: Trace, took nanoseconds: UInt64) {
        let position = trace.route.map { metricOffset + $0 } ?? 0
        context.requestMetrics.count(position: position, status: response.status, nanoseconds: nanoseconds)
        // Probes and scrapes come every few seconds and tell nothing.
        if let route = trace.route, table.routes[route].access == .ops { return }
        context.log.info(
            "request",
            [
                (.requestId, .bytes(request.head.requestId)), (.listener, .text(listenerName)),
                (.method, .text("\(request.head.method.name)")),
                (.route, .text(trace.route.map { patterns[$0] } ?? "none")),
                (.status, .integer(response.status)),
                (.durationMs, .duration(.nanoseconds(Int64(clamping: nanoseconds)))),
            ] + (trace.subClient.map { [(.subClient, .bytes($0.text))] } ?? []))
    }
}
