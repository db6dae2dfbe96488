import Crypto
import Domain
import HTTPServer
import Runtime
import Store

/// The console: pages for the PSP's people on the admin listener. What they show and do is what the admin API does, by
/// the same calls of the store and the same permissions.
enum Console {
    typealias Page = @Sendable (ConsoleCall) async throws(Problem) -> Response

    static let prefix = Array("/console".utf8)

    static func owns(_ path: ArraySlice<UInt8>) -> Bool {
        path.starts(with: prefix) && (path.count == prefix.count || path.dropFirst(prefix.count).first == 0x2F)
    }

    /// The answer of a page to who is signed in and may see it.
    static func answer(_ call: Call, _ permission: Permission?, _ page: Page) async -> Response {
        var visitor: ConsoleVisitor?
        do throws(Problem) {
            let isChange = call.head.method == .post
            if isChange, !ConsoleOrigin.isOwn(call.head) { throw .foreignForm }
            guard let token = ConsoleCookie.token(call.head), let found = try await recognised(token, call) else {
                if isChange { throw Problem(.unauthorized, "Your session is over: nothing was done.") }
                return dressed(redirect(to: ConsolePath("/console/sign-in")))
            }
            let known = ConsoleVisitor(session: found, formToken: ConsoleCookie.formToken(of: token))
            visitor = known
            let form = isChange ? try await form(call) : .empty
            if isChange, !constantTimeEqual(form.value("form") ?? [], known.formToken) { throw .foreignForm }
            if let permission, !found.scope.allows(permission) {
                throw Problem(.forbidden, "Your role does not allow this: it needs \(permission.rawValue).")
            }
            return dressed(try await page(ConsoleCall(call: call, visitor: known, form: form)))
        } catch {
            return problem(error, call, visitor)
        }
    }

    /// The answer of a page that anyone may see.
    static func answer(_ call: Call, _ page: Route.Open) async -> Response {
        do throws(Problem) {
            if call.head.method == .post, !ConsoleOrigin.isOwn(call.head) { throw .foreignForm }
            return dressed(try await page(call))
        } catch {
            return problem(error, call, nil)
        }
    }

    private static func recognised(_ token: [UInt8], _ call: Call) async throws(Problem) -> ConsoleSession? {
        // What a page asks for by itself keeps no session alive.
        var isActive = true
        if case .absent = call.head.headers.lookup("x-console-live") {} else { isActive = false }
        let found = try await call.store { store throws(StoreError) in
            try await store.consoleSession(token: token, isActive: isActive)
        }
        return found?.asked(by: call.requestID, from: call.callerAddress)
    }

    static func form(_ call: Call) async throws(Problem) -> ConsoleForm {
        guard MediaType.isForm(call.head.headers) else {
            throw Problem(.unsupportedMediaType, "A form is application/x-www-form-urlencoded.")
        }
        return ConsoleForm(try await call.bytes())
    }

    // MARK: Answers

    static func page(_ html: HTMLWriter, status: Int = 200) -> Response {
        Response(status: status, contentType: "text/html; charset=utf-8", body: html.bytes)
    }

    /// After a form: the browser asks for a page, and a reload sends nothing again.
    static func redirect(to path: ConsolePath) -> Response {
        var response = Response(status: 303)
        response.headers.add("Location", path.bytes)
        return response
    }

    static func problem(_ problem: Problem, _ call: Call, _ visitor: ConsoleVisitor?) -> Response {
        self.problem(problem, requestID: call.requestID, now: call.context.clock.now(), visitor)
    }

    static func problem(
        _ problem: Problem, requestID: [UInt8], now: Timestamp, _ visitor: ConsoleVisitor? = nil
    ) -> Response {
        var html = HTMLWriter(now: now)
        html.consolePage("\(problem.code.title)", in: nil, visitor) { html in
            html.element(.p, text: problem.detail)
            if !problem.errors.isEmpty {
                html.element(.ul, [.class("errors")]) { html in
                    for error in problem.errors { html.element(.li, text: "\(error.field) \(error.message)") }
                }
            }
            html.element(.p, [.class("soft")]) { html in
                html.text("Request ")
                html.element(.code, [.class("id")], text: requestID)
            }
            html.element(.p) { html in
                html.element(
                    .a, [.href(ConsolePath("/console"))], text: visitor == nil ? "To the console" : "To the start")
            }
        }
        var response = page(html, status: problem.code.status)
        if let allow = problem.allow { response.headers.add("Allow", text: allow) }
        if let seconds = problem.retryAfter { response.headers.add("Retry-After", text: "\(seconds)") }
        return dressed(response)
    }

    /// With the headers that every answer of the console has. Pages run no script and load nothing but the console's
    /// own files, stand in nobody's frame, and stay in nobody's cache.
    static func dressed(_ response: Response) -> Response {
        var response = response
        response.headers.add(
            "Content-Security-Policy",
            """
            default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
            form-action 'self'; base-uri 'none'; frame-ancestors 'none'
            """)
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("X-Frame-Options", "DENY")
        response.headers.add("Referrer-Policy", "no-referrer")
        response.headers.add("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.add("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.add("Cache-Control", "no-store")
        return response
    }
}

extension Problem {
    static let foreignForm = Problem(
        .forbidden, "This form did not come from a page of this console, or from one that is too old: nothing was done."
    )
}

extension ConsoleSession {
    /// The same, on behalf of one request.
    func asked(by requestID: [UInt8], from address: IPAddress?) -> ConsoleSession {
        var session = self
        session.scope = scope.asked(by: requestID, from: address)
        return session
    }
}
