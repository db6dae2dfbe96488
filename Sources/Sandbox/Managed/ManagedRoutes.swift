import Domain
import HTTPServer
import JSON
import Postgres
import Runtime

/// Mesh's calls for connected accounts, as Mesh answers them: what goes wrong with an account or a transfer is 200 with
/// a status in the content. Loop-bound.
struct ManagedRoutes: Sendable {
    let keys: ClientKeys
    let exchange: Exchange
    let transfers: TransferStore
    let clock: Clock
    let random: RandomSource
    let log: Log

    /// The content of an answer, and what is machine-readable of a failure in it.
    struct Answer: Sendable {
        let content: [UInt8]
        var errorData: [UInt8]?
    }

    func answer(_ operation: ManagedOperation, _ request: Request) async -> Response {
        // Mesh's 401 has no body.
        guard let client = keys.client(of: request.head.headers) else { return Response(status: 401) }
        do {
            let answer = try await answer(operation, request, client)
            var envelope = Envelope.success(json: answer.content, hash: random.next())
            envelope.errorData = answer.errorData
            return envelope.response(200)
        } catch let refusal as ManagedRefusal {
            return failure(refusal)
        } catch let fault as RequestFault {
            return failure(.bad(fault.message, errorType: fault.kind.rawValue))
        } catch {
            log.error("a managed call cannot be served", [(.error, .text("\(error)"))])
            return failure(.unavailable)
        }
    }

    private func failure(_ refusal: ManagedRefusal) -> Response {
        Envelope.failure(refusal.status, refusal.message, errorType: refusal.errorType, hash: random.next())
            .response(refusal.code)
    }

    private func answer(
        _ operation: ManagedOperation, _ request: Request, _ client: UUIDValue
    ) async throws -> Answer {
        if operation == .walletVerifications {
            return Answer(content: try await verifications(MeshQuery(request.head.query), client))
        }
        let object = try MeshObject.parse(try await body(request))
        switch operation {
        case .configure: return try await configure(ConfigureRequest(object), client)
        case .preview: return try await preview(ManagedPreviewRequest(object), client)
        case .execute: return try await execute(object, client)
        case .update: return Answer(content: try await update(object, client))
        case .quote: return Answer(content: try quote(object))
        case .verifyTransfer: return Answer(content: try verifyTransfer(object))
        case .getAddress: return Answer(content: try await address(object, client))
        case .listAddresses: return Answer(content: try await addresses(object, client))
        case .holdings: return Answer(content: try await holdings(object, client))
        case .holdingsValue: return Answer(content: try await holdingsValue(object, client))
        case .balance: return Answer(content: try await balance(object, client))
        case .identity: return Answer(content: try await identity(object, client))
        case .refreshToken: return Answer(content: try await refresh(object, client))
        case .removeAccount: return Answer(content: try await remove(object, client))
        case .walletVerifications: preconditionFailure("it has no body")
        }
    }

    private func body(_ request: Request) async throws(ManagedRefusal) -> [UInt8] {
        guard MediaType.isJSON(request.head.headers) else {
            throw ManagedRefusal(
                code: 415, status: .badRequest, message: "The content type is not supported", errorType: "badRequest")
        }
        do throws(BodyError) {
            return try await request.body.collect(upTo: SandboxLimits.managedBodyBytes)
        } catch {
            let isLarge = error == .tooLarge
            throw ManagedRefusal(
                code: isLarge ? 413 : 400, status: .badRequest,
                message: isLarge ? "The request body is too large" : "The request body could not be read",
                errorType: "badRequest")
        }
    }

    // MARK: Accounts

    /// The account of a token, or nil for one that does not count any more.
    func account(
        _ credential: Credential, _ client: UUIDValue, forTransfer: Bool = false
    ) async throws -> ConnectedAccount? {
        switch try await exchange.access(by: credential.token, of: client) {
        case .malformed: throw ManagedRefusal.malformedToken
        case .refused: return nil
        case .account(let account):
            guard credential.names(account.source, forTransfer: forTransfer) else { throw ManagedRefusal.otherType }
            return account
        }
    }

    /// The account of a token, where an answer cannot say that it does not count any more.
    func liveAccount(_ object: MeshObject, _ client: UUIDValue) async throws -> ConnectedAccount {
        let credential = try Credential(object, token: "authToken", type: "type")
        guard let account = try await account(credential, client) else { throw ManagedRefusal.refusedToken }
        return account
    }

    static func object(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 2_048)
        json.beginObject()
        write(&json)
        json.endObject()
        return json.bytes
    }
}
