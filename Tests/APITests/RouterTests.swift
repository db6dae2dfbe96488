import Domain
import HTTPServer
import Testing

@testable import API

@Suite struct RouterTests {
    private let router = Router(.publicListener)

    private func match(_ method: Method, _ path: String) -> String {
        switch router.match(method, Array(path.utf8)[...]) {
        case .route(let position, let parameters):
            let values = parameters.map { String(decoding: $0, as: UTF8.self) }
            return ([RouteTable.publicListener.routes[position].name] + values).joined(separator: " ")
        case .methodNotAllowed(let allow): return "405 \(allow)"
        case .options(let allow): return "204 \(allow)"
        case .notFound: return "404"
        }
    }

    @Test func literalsAndNamesMatch() {
        #expect(match(.get, "/v1/me") == "GET /v1/me")
        #expect(match(.get, "/v1/events/x") == "GET /v1/events/{eventId} x")
        #expect(
            match(.post, "/v1/webhook-endpoints/we_1/test") == "POST /v1/webhook-endpoints/{endpointId}/test we_1")
        #expect(match(.post, "/inbound/mesh/up_1") == "POST /inbound/mesh/{upstreamId} up_1")
    }

    @Test func headIsGet() {
        #expect(match(.head, "/v1/me") == "GET /v1/me")
    }

    @Test func otherMethodsAreToldWhatIsAllowed() {
        #expect(match(.delete, "/v1/me") == "405 GET, HEAD, OPTIONS")
        #expect(match(.put, "/v1/webhook-endpoints") == "405 GET, HEAD, POST, OPTIONS")
        #expect(match(.options, "/v1/webhook-endpoints/we_1") == "204 GET, HEAD, PATCH, DELETE, OPTIONS")
        #expect(match(.head, "/api/v1/linktoken") == "405 POST, OPTIONS")
    }

    @Test(arguments: [
        "/", "", "v1/me", "/v1", "/v1/", "/v1/me/", "/v1//me", "/v1/me/x", "/V1/me", "/v1/Me", "/v1/events/x/y",
        "/admin/v1/sub-clients", "/livez", "/v1/m%65", "/inbound/mesh", "/inbound/mesh/",
    ])
    func nothingElseMatches(path: String) {
        #expect(match(.get, path) == "404")
    }

    @Test func meshPathsMatchWithoutCase() {
        #expect(match(.post, "/api/v1/linkToken") == "POST /api/v1/linktoken")
        #expect(match(.post, "/API/V1/LINKTOKEN") == "POST /api/v1/linktoken")
        // U+212A, which Swift's String takes for a K.
        #expect(match(.post, "/api/v1/lin\u{212A}token") == "404")
    }

    @Test func everyRouteOfEveryListenerIsFoundUnderItsOwnPattern() {
        for table in RouteTable.all {
            let router = Router(table)
            for (position, route) in table.routes.enumerated() {
                guard case .route(position, _) = router.match(route.method, Array("\(route.pattern)".utf8)[...]) else {
                    Issue.record("\(route.name) is not found")
                    continue
                }
            }
        }
    }

    @Test func onlyTheListenersOwnKindsOfCallersAreServed() {
        for route in RouteTable.adminListener.routes {
            guard case .admin = route.access else {
                Issue.record("\(route.name) is not for admins")
                continue
            }
        }
        for route in RouteTable.opsListener.routes { #expect(route.access == .ops) }
        for route in RouteTable.publicListener.routes {
            #expect(route.access != .ops)
            if case .admin = route.access { Issue.record("\(route.name) is for admins") }
            if case .tenant(let access) = route.access { #expect((access == .read) == (route.method == .get)) }
        }
    }
}
