import Domain
import HTTPServer
import Store

/// What an admin sees of one sub-client: its endpoints, link sessions, transfers, events and deliveries in both
/// environments.
enum SubClientViewRoutes {
    static let all: [Route] = [
        view("/admin/v1/sub-clients/{subClientId}/webhook-endpoints", EndpointRoutes.list),
        view("/admin/v1/sub-clients/{subClientId}/link-sessions", LinkSessionRoutes.list),
        view("/admin/v1/sub-clients/{subClientId}/transfers", TransferRoutes.list),
        view("/admin/v1/sub-clients/{subClientId}/events", EventRoutes.list),
        view("/admin/v1/sub-clients/{subClientId}/deliveries", DeliveryRoutes.list),
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/events/{eventId}", needs: .viewEvents) {
            call, scope throws(Problem) in
            try await EventRoutes.get(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/deliveries/{deliveryId}", needs: .viewEvents) {
            call, scope throws(Problem) in
            try await DeliveryRoutes.get(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
        .admin(.get, "/admin/v1/sub-clients/{subClientId}/deliveries/{deliveryId}/attempts", needs: .viewEvents) {
            call, scope throws(Problem) in
            try await DeliveryRoutes.attempts(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
        .admin(.post, "/admin/v1/sub-clients/{subClientId}/deliveries/{deliveryId}/retry", needs: .operateDeliveries) {
            call, scope throws(Problem) in
            try await DeliveryRoutes.retry(call, scope.tenant(try call.identifier(0)), try call.identifier(1))
        },
    ]

    private static func view(
        _ pattern: StaticString, _ list: @escaping @Sendable (Call, TenantScope) async throws(Problem) -> Response
    ) -> Route {
        .admin(.get, pattern, needs: .viewEvents) { call, scope throws(Problem) in
            try await list(call, try await call.subClient(scope))
        }
    }
}
