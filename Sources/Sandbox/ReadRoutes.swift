import Domain
import HTTPServer
import JSON
import Postgres
import Runtime

/// Mesh's catalogue, and its list of transfers. Loop-bound.
struct ReadRoutes: Sendable {
    let keys: ClientKeys
    let store: TransferStore
    let catalogue = Catalogue()
    let clock: Clock
    let random: RandomSource
    let log: Log

    init(keys: ClientKeys, store: TransferStore, clock: Clock, random: RandomSource, log: Log) {
        self.keys = keys
        self.store = store
        self.clock = clock
        self.random = random
        self.log = log
    }

    func answer(_ operation: SandboxRoute.Operation, _ request: Request) async -> Response {
        // Mesh's 401 has no body.
        guard let client = keys.client(of: request.head.headers) else { return Response(status: 401) }
        do throws(RequestFault) {
            switch operation {
            case .networks: return success(catalogue.networks)
            case .managedIntegrations: return success(catalogue.managedIntegrations)
            case .tokens: return success(catalogue.tokens)
            case .integrations: return success(catalogue.integrations)
            case .status: return success(catalogue.status)
            case .transfers: return try await transfers(of: client, MeshQuery(request.head.query))
            default: return failure(404, .badRequest, "Not found", errorType: "")
            }
        } catch {
            return failure(400, .badRequest, error.message, errorType: error.kind.rawValue)
        }
    }

    private func transfers(of client: UUIDValue, _ query: MeshQuery) async throws(RequestFault) -> Response {
        let filter = try TransferFilter(query)
        do throws(PostgresError) {
            return success(TransferBody.content(try await store.page(of: client, filter, at: clock.now()), filter))
        } catch {
            log.error("transfers cannot be read", [(.error, .text(error.description))])
            return failure(500, .serverFailure, "The request could not be processed", errorType: "")
        }
    }

    private func success(_ content: [UInt8]) -> Response {
        response(200, Envelope.success(json: content, hash: random.next()))
    }

    private func failure(_ code: Int, _ status: Envelope.Status, _ message: String, errorType: String) -> Response {
        response(code, Envelope.failure(status, message, errorType: errorType, hash: random.next()))
    }

    private func response(_ code: Int, _ envelope: Envelope) -> Response {
        var response = Response(status: code, contentType: "application/json", body: envelope.body)
        response.headers.add("Cache-Control", "no-store")
        return response
    }
}
