import Domain
import HTTPServer
import Store
import Upstream

/// Mesh's lists of what can be transferred and from where, and how that fares.
enum CatalogueRoutes {
    static let all: [Route] = [
        Route(.get, "/api/v1/transfers/managed/networks", bodyLimit: 0, .mesh(.read, list(.networks))),
        Route(
            .get, "/api/v1/transfers/managed/integrations", bodyLimit: 0, .mesh(.read, list(.managedIntegrations))),
        Route(.get, "/api/v1/transfers/managed/tokens", bodyLimit: 0, .mesh(.read, list(.tokens))),
        Route(.get, "/api/v1/integrations", bodyLimit: 0, .mesh(.read, list(.integrations))),
        Route(.get, "/api/v1/status", bodyLimit: 0, .mesh(.read, list(.status))),
    ]

    /// Parameters are passed over: the lists are the same for all, and are kept.
    private static func list(_ list: CatalogueCall) -> Route.Mesh {
        { call, principal throws(MeshProblem) in
            let upstream = try await call.upstream(of: principal)
            do throws(UpstreamFailure) {
                return try await call.context.catalogue.answer(list, of: upstream).response(call)
            } catch {
                throw call.meshProblem(error, upstream)
            }
        }
    }
}
