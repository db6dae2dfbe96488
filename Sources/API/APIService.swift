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
        patterns = table.served.map { "\($0.pattern)" }
    }

    /// The handler for `HTTPServer`.
    package func handle(_ request: Request) async -> Response {
        let started = context.clock.monotonic()
        var facts = RequestFacts(trace: trace(request.head))
        let response = await answer(request, &facts)
        finish(request, response, facts, took: context.clock.monotonic() &- started)
        return response
    }

    /// Whether a request for this path, on a connection whose last one was refused, may wait a little: a webhook only
    /// if it would be refused as well.
    package func mayWait(_ path: ArraySlice<UInt8>) -> Bool {
        guard case .route(let position, _) = router.match(.post, path),
            case .inbound = table.served[position].handler
        else { return true }
        return !context.hasRoom()
    }

    /// The trace that the caller named, or a new one, and a span of our own.
    private func trace(_ head: RequestHead) -> TraceContext {
        let span = context.identifiers.draw()
        if let named = head.headers["traceparent"].flatMap({ TraceContext(traceparent: $0) }) {
            return named.continued(in: span)
        }
        return TraceContext(trace: context.identifiers.nextUUID(), span: span)
    }

    private func answer(_ request: Request, _ facts: inout RequestFacts) async -> Response {
        let head = request.head
        if head.isAsterisk { return noContent(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") }
        switch router.match(head.method, head.path) {
        case .notFound:
            return isMesh(head.path)
                ? MeshProblem.notFound.response(requestID: head.requestId)
                : refusal(.notFound, head)
        case .methodNotAllowed(let allow):
            return isMesh(head.path)
                ? MeshProblem.methodNotAllowed(allow: allow).response(requestID: head.requestId)
                : refusal(.methodNotAllowed(allow: allow), head)
        case .options(let allow):
            return noContent(allow: allow)
        case .route(let position, let parameters):
            facts.route = position
            let call = Call(
                context: context, route: table.served[position], head: head, requestBody: request.body,
                parameters: parameters, trace: facts.trace)
            return await admit(call, &facts)
        }
    }

    /// In HTML where the console's pages are.
    private func refusal(_ problem: Problem, _ head: RequestHead) -> Response {
        !table.pages.isEmpty && Console.owns(head.path)
            ? Console.problem(problem, requestID: head.requestId, now: context.clock.now())
            : problem.response(requestID: head.requestId)
    }

    /// Refuses what is too much before anything is asked of the database, and runs the rest.
    private func admit(_ call: Call, _ facts: inout RequestFacts) async -> Response {
        guard call.route.isLimited else { return await run(call, &facts) }
        var response: Response
        if let refusal = call.enter(&facts.standings) {
            response = call.refuse(refusal, &facts)
        } else {
            response = await run(call, &facts)
            call.leave()
        }
        response.tell(facts.standings)
        return response
    }

    private func run(_ call: Call, _ facts: inout RequestFacts) async -> Response {
        if case .mesh(let access, let handler) = call.route.handler {
            do {
                let principal = try await Access.mesh(call, needs: access)
                facts.subClient = principal.scope.subClient
                if let refusal = call.enter(principal, &facts.standings) { return call.refuse(refusal, &facts) }
                defer { call.leave(principal) }
                return try await handler(call, principal)
            } catch {
                return error.response(requestID: call.requestID)
            }
        }
        do {
            switch call.route.handler {
            case .ops(let handler), .open(let handler):
                return try await handler(call)
            case .inbound(let handler):
                return try await handler(call, &facts)
            case .admin(let permission, let handler):
                let scope = try await Access.admin(call, needs: permission)
                if let refusal = call.enter(scope, &facts.standings) { return call.refuse(refusal, &facts) }
                return try await handler(call, scope)
            case .tenant(let access, let handler):
                let principal = try await Access.tenant(call, needs: access)
                facts.subClient = principal.scope.subClient
                if let refusal = call.enter(principal, &facts.standings) { return call.refuse(refusal, &facts) }
                defer { call.leave(principal) }
                return try await handler(call, principal)
            case .console(let permission, let page):
                return await Console.answer(call, permission, page)
            case .consoleOpen(let page):
                return await Console.answer(call, page)
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

    private func finish(
        _ request: Request, _ response: Response, _ facts: RequestFacts, took nanoseconds: UInt64
    ) {
        let position = facts.route.map { metricOffset + $0 } ?? 0
        context.requestMetrics.count(position: position, status: response.status, nanoseconds: nanoseconds)
        if let route = facts.route {
            // Probes and scrapes come every few seconds and tell nothing.
            if table.served[route].access == .ops { return }
            if table.served[route].access == .inbound {
                context.requestMetrics.acknowledged(facts.fate, status: response.status, nanoseconds: nanoseconds)
            }
        }
        if let reason = facts.refusal, !context.refusals.mayTell(reason) {
            context.log.debug("request", fields(request, response, facts, nanoseconds))
        } else {
            context.log.info("request", fields(request, response, facts, nanoseconds))
        }
    }

    private func fields(
        _ request: Request, _ response: Response, _ facts: RequestFacts, _ nanoseconds: UInt64
    ) -> [Log.Field] {
        [
            (.requestId, .bytes(request.head.requestId)), (.traceId, .bytes(facts.traceText)),
            (.listener, .text(listenerName)), (.method, .text("\(request.head.method.name)")),
            (.route, .text(facts.route.map { patterns[$0] } ?? "none")),
            (.status, .integer(response.status)),
            (.durationMs, .duration(.nanoseconds(Int64(clamping: nanoseconds)))),
        ] + facts.fields
    }
}
