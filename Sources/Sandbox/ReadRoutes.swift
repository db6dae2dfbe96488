import Domain
import HTTPServer
import JSON
import Postgres
import Runtime

/// Mesh's read calls, and the removal of an account. Loop-bound.
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
            case .walletVerifications: return try verifications(MeshQuery(request.head.query))
            case .transfers: return try await transfers(of: client, MeshQuery(request.head.query))
            case .removeAccount: return try await removeAccount(request)
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

    /// Nobody signs messages in the stand-in, so no wallet was ever verified.
    private func verifications(_ query: MeshQuery) throws(RequestFault) -> Response {
        guard try query.text("UserId", units: SandboxLimits.userIdUnits) != nil else { throw .missing("UserId") }
        _ = try query.text("Address", units: SandboxLimits.addressUnits)
        return success(Array(#"{"verifications":[]}"#.utf8))
    }

    /// The stand-in keeps no accounts: it takes a token for a live one, unless it begins with `expired`.
    private func removeAccount(_ request: Request) async throws(RequestFault) -> Response {
        guard MediaType.isJSON(request.head.headers) else {
            return failure(415, .badRequest, "The content type is not supported", errorType: "badRequest")
        }
        let body: [UInt8]
        do throws(BodyError) {
            body = try await request.body.collect(upTo: SandboxLimits.removalBodyBytes)
        } catch {
            let (status, word) = error == .tooLarge ? (413, "is too large") : (400, "could not be read")
            return failure(status, .badRequest, "The request body \(word)", errorType: "badRequest")
        }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(body, limits: .ignoringKeyCase)
        } catch {
            throw .invalid("The request body is not valid JSON at byte \(error.offset)")
        }
        let object = try MeshObject(document.root)
        guard let token = try object.text("authToken", units: SandboxLimits.authTokenUnits) else {
            throw .missing("AuthToken")
        }
        guard try object.text("type", units: SandboxLimits.symbolUnits) != nil else { throw .missing("Type") }
        if token.starts(with: "expired".utf8) {
            return failure(400, .badRequest, "The integration token is not valid", errorType: "invalidIntegrationToken")
        }
        return success(Array("{}".utf8))
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
