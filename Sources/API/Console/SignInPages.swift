import Crypto
import Domain
import HTTPServer
import Runtime
import Store

/// `/console/sign-in`, `/console/sign-out`, and the files of the pages.
enum SignInPages {
    static let all: [Route] = [
        Route(.get, "/console/sign-in", bodyLimit: 0, .consoleOpen(show)),
        Route(.post, "/console/sign-in", bodyLimit: ConsoleLimits.formBytes, .consoleOpen(signIn)),
        .form("/console/sign-out", needs: nil, signOut),
        Route(.get, "/console/assets/{name}", bodyLimit: 0, .consoleOpen(asset)),
    ]

    @Sendable private static func show(_ call: Call) async throws(Problem) -> Response { page(200, call) }

    /// Exchanges an admin key for a session. What does not work looks the same whatever is wrong with it.
    @Sendable private static func signIn(_ call: Call) async throws(Problem) -> Response {
        let key = try await Console.form(call).value("key") ?? []
        let place = place(of: call.callerAddress)
        if try await call.store({ store throws(StoreError) in try await store.isConsoleShut(to: place) }) {
            var problem = Problem(.tooManyRequests, "Too many keys from your address were refused. Try again later.")
            problem.retryAfter = Int(ConsoleTerms.refusalWindow.components.seconds)
            throw problem
        }
        let pasted = ConsoleText.trimmed(key)
        let scope = try await call.store { store throws(StoreError) in
            try await store.authenticate(adminKey: pasted)
        }
        guard let scope = scope?.asked(by: call.requestID, from: call.callerAddress) else {
            let nobody = PlatformScope.system.asked(by: call.requestID, from: call.callerAddress)
            try await call.store { store throws(StoreError) in try await store.noteConsoleRefusal(nobody, at: place) }
            return page(401, call, refusal: "That is no admin key that works.")
        }
        let token = try await call.store { store throws(StoreError) in try await store.beginConsoleSession(scope) }
        var response = Console.redirect(to: ConsoleSection.subClients.path)
        response.headers.add("Set-Cookie", ConsoleCookie.field(token, call.head))
        return response
    }

    @Sendable private static func signOut(_ call: ConsoleCall) async throws(Problem) -> Response {
        try await call.store { store throws(StoreError) in
            try await store.endConsoleSession(call.scope, call.visitor.session.id)
        }
        var response = Console.redirect(to: ConsolePath("/console/sign-in"))
        response.headers.add("Set-Cookie", ConsoleCookie.field(nil, call.call.head))
        return response
    }

    /// Whose refusals count together: an address, and of IPv6 its network, which one person has all of.
    private static func place(of address: IPAddress?) -> String {
        switch address?.unmapped {
        case .none: "unknown"
        case .v4(let value): IPAddress.v4(value).description
        case .v6(let high, _): IPAddress.v6(high: high, low: 0).description
        }
    }

    private static func page(_ status: Int, _ call: Call, refusal: String? = nil) -> Response {
        var html = HTMLWriter(now: call.context.clock.now())
        html.consolePage("Sign in", in: nil, nil) { html in
            html.element(.p, [.class("soft")]) { html in
                html.text("An admin key is asked for once; the browser is lent a session in its place. It ends after ")
                html.text("\(ConsoleTerms.lifetime.components.seconds / 3_600) hours, after ")
                html.text("\(ConsoleTerms.idle.components.seconds / 60) minutes without a page, and with the key.")
            }
            if let refusal { html.element(.p, [.class("refusal"), .word(.role, "alert")], text: refusal) }
            html.element(.form, [.word(.method, "post"), .action(ConsolePath("/console/sign-in")), .class("sign-in")]) {
                html in
                html.element(.label) { html in
                    html.element(.span, text: "Admin key")
                    html.element(
                        .input,
                        [
                            .name("key"), .word(.type, "password"), .word(.autocomplete, "off"), .flag(.required),
                            .word(.spellcheck, "false"), .word(.maxLength, "200"),
                        ])
                }
                html.button("Sign in", .class("main"))
            }
        }
        return Console.page(html, status: status)
    }

    // MARK: Files

    @Sendable private static func asset(_ call: Call) async throws(Problem) -> Response {
        guard let file = PageFile.all.first(where: { call.parameters[0].elementsEqual($0.name.utf8) }) else {
            throw .notFound
        }
        return Response(
            status: 200,
            contentType: file.name.hasSuffix(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8",
            body: Array(file.text.utf8))
    }
}

/// One file of the console's pages, embedded when the program is built: `all` is generated.
struct PageFile: Sendable {
    let name: String
    let text: String
}
