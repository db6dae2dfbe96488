import Domain
import HTTPServer

/// `/console`: one line a page.
enum ConsoleRoutes {
    static let all: [Route] =
        [
            Route(
                .get, "/console", bodyLimit: 0,
                .console(nil) { _ in Console.redirect(to: ConsoleSection.subClients.path) })
        ] + SignInPages.all + SubClientPages.all + EndpointPages.all + DeliveryPages.all
        + QuarantinePages.all + UpstreamPages.all + AuditPages.all
}

extension Route {
    /// A page that only shows.
    static func page(_ pattern: StaticString, needs permission: Permission, _ page: @escaping Console.Page) -> Route {
        Route(.get, pattern, bodyLimit: 0, .console(permission, page))
    }

    /// A form that changes something.
    static func form(_ pattern: StaticString, needs permission: Permission?, _ page: @escaping Console.Page) -> Route {
        Route(.post, pattern, bodyLimit: ConsoleLimits.formBytes, .console(permission, page))
    }
}
