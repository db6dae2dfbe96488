import Domain
import HTTPServer
import JSON
import Postgres
import Runtime

/// Mesh's Account Management API, `/admin/api/v1`, as Mesh answers it. Loop-bound.
struct AccountRoutes: Sendable {
    let keys: AccountKeys
    let store: AccountStore
    let baseURL: String
    let clock: Clock
    let random: RandomSource
    let log: Log

    /// An answer that is not a success.
    struct Refusal: Error {
        let code: Int
        let status: Envelope.Status
        let message: String
        var errorType = ""

        static let notFound = Refusal(code: 404, status: .notFound, message: "The sub client is not found")
    }

    func answer(_ operation: AccountOperation, _ request: Request) async -> Response {
        do {
            if operation == .createToken { return success(try await token(request)) }
            guard let account = keys.client(of: request.head.headers, now: clock.now()) else {
                return AccountRoutes.unauthorized
            }
            return success(try await content(operation, request, account))
        } catch let refusal as Refusal {
            return failure(refusal)
        } catch let fault as RequestFault {
            return failure(
                Refusal(code: 400, status: .badRequest, message: fault.message, errorType: fault.kind.rawValue))
        } catch {
            log.error("an account call cannot be served", [(.error, .text("\(error)"))])
            return failure(AccountRoutes.internalFailure)
        }
    }

    /// The JSON of `content`; nil where Mesh has none.
    private func content(
        _ operation: AccountOperation, _ request: Request, _ account: UUIDValue
    ) async throws -> [UInt8]? {
        switch operation {
        case .createToken: preconditionFailure("it needs no account")
        case .listSubClients: return json(try await store.list(account), account)
        case .createSubClient:
            let info = try RegisteredClientInfo.parse(try await jsonBody(request))
            var random = random
            return json(try await store.insert(info, id: .version4(&random), of: account), account)
        case .getSubClient:
            return try json(try await store.find(try subClientId(request), of: account), account)
        case .replaceSubClient:
            let id = try subClientId(request)
            let info = try RegisteredClientInfo.parse(try await jsonBody(request))
            return try json(try await store.replace(id, with: info, of: account), account)
        case .deleteSubClient:
            guard try await store.delete(try subClientId(request), of: account) else { throw Refusal.notFound }
            return nil
        case .uploadLogo: return try await uploadLogo(request, account)
        case .deleteLogo:
            guard try await store.setLogo(nil, id: try subClientId(request), of: account) else {
                throw Refusal.notFound
            }
            return nil
        case .getCallbackUrls:
            let settings = try await store.settings(account)
            return AccountRoutes.object { writer in
                writer.key("callbackUrls")
                writer.strings(settings.callbackUrls)
            }
        case .setCallbackUrls:
            let urls = try RegisteredClientInfo.parseCallbackUrls(try await jsonBody(request))
            try await store.setCallbackUrls(urls, of: account)
            return nil
        case .getAccount: return json(try await store.settings(account))
        case .setAccount:
            let catalog = try CatalogConfiguration.parse(try await jsonBody(request))
            return json(try await store.setCatalog(catalog, of: account))
        }
    }

    // MARK: Operations

    private func token(_ request: Request) async throws -> [UInt8] {
        let object = try MeshObject.parse(try await jsonBody(request))
        let units = 1...SandboxLimits.freeTextUnits.upperBound
        guard let id = try object.text("clientId", units: units) else { throw RequestFault.missing("ClientId") }
        guard let secret = try object.text("clientSecret", units: units) else {
            throw RequestFault.missing("ClientSecret")
        }
        var random = random
        guard let token = keys.token(id: id, secret: secret, now: clock.now(), nonce: .version4(&random)) else {
            throw Refusal(code: 403, status: .permissionDenied, message: "The client id or secret is not valid")
        }
        return AccountRoutes.object { writer in
            writer.key("id_token")
            writer.string(token)
            writer.key("expires_in")
            writer.integer(SandboxLimits.accountTokenLife.components.seconds)
            writer.key("status")
            writer.string("succeeded")
        }
    }

    private func uploadLogo(_ request: Request, _ account: UUIDValue) async throws -> [UInt8] {
        let id = try subClientId(request)
        let invalid = Refusal(code: 415, status: .badRequest, message: "The logo file is not valid")
        guard let type = request.head.headers["content-type"] else { throw invalid }
        let body = try await body(request, upTo: SandboxLimits.logoBodyBytes)
        guard let form = try? Multipart.parse(body, contentType: type), let logo = LogoFile(form) else {
            throw invalid
        }
        guard try await store.setLogo(logo, id: id, of: account) else { throw Refusal.notFound }
        let url = logoURL(id, account)
        return AccountRoutes.object { writer in
            writer.key("logoUrl")
            writer.string(url)
        }
    }

    /// The segment after `/admin/api/v1/SubClient`.
    private func subClientId(_ request: Request) throws(Refusal) -> UUIDValue {
        let segments = request.head.path.split(separator: UInt8(ascii: "/"))
        guard segments.count >= 5, let id = UUIDValue(text: segments[4]) else {
            throw Refusal(
                code: 400, status: .badRequest, message: "The value of id is not valid", errorType: "invalidField")
        }
        return id
    }

    private func jsonBody(_ request: Request) async throws(Refusal) -> [UInt8] {
        guard !request.head.hasBody || MediaType.isJSON(request.head.headers) else {
            throw Refusal(
                code: 415, status: .badRequest, message: "The content type is not supported", errorType: "badRequest")
        }
        return try await body(request, upTo: SandboxLimits.accountBodyBytes)
    }

    private func body(_ request: Request, upTo limit: Int) async throws(Refusal) -> [UInt8] {
        do throws(BodyError) {
            return try await request.body.collect(upTo: limit)
        } catch {
            let isLarge = error == .tooLarge
            throw Refusal(
                code: isLarge ? 413 : 400, status: .badRequest,
                message: isLarge ? "The request body is too large" : "The request body could not be read",
                errorType: "badRequest")
        }
    }

    // MARK: Answers

    private func json(_ client: RegisteredClient?, _ account: UUIDValue) throws(Refusal) -> [UInt8] {
        guard let client else { throw .notFound }
        return json(client, account)
    }

    private func json(_ client: RegisteredClient, _ account: UUIDValue) -> [UInt8] {
        var writer = JSONWriter()
        client.write(to: &writer, logoURL: logoURL(client.id, account))
        return writer.bytes
    }

    private func json(_ clients: [RegisteredClient], _ account: UUIDValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for client in clients { client.write(to: &writer, logoURL: logoURL(client.id, account)) }
        writer.endArray()
        return writer.bytes
    }

    private func json(_ settings: AccountStore.Settings) -> [UInt8] {
        AccountRoutes.object { writer in
            writer.key("businessLegalName")
            writer.string("Sandbox PSP")
            writer.key("displayName")
            writer.string("Sandbox PSP")
            writer.key("callbackUrls")
            writer.strings(settings.callbackUrls)
            writer.key("catalogConfiguration")
            if let catalog = settings.catalog { writer.raw(catalog) } else { writer.null() }
            writer.key("fundingTokenWhitelist")
            writer.null()
        }
    }

    private func logoURL(_ id: UUIDValue, _ account: UUIDValue) -> [UInt8] {
        Array("\(baseURL)/public/clients/logo/\(account)/\(id)".utf8)
    }

    private static func object(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        write(&writer)
        writer.endObject()
        return writer.bytes
    }

    private func success(_ content: [UInt8]?) -> Response {
        Envelope.success(json: content, hash: random.next()).response(200)
    }

    private func failure(_ refusal: Refusal) -> Response {
        Envelope.failure(refusal.status, refusal.message, errorType: refusal.errorType, hash: random.next())
            .response(refusal.code)
    }

    /// Mesh's own, in no envelope.
    static let unauthorized = Response(
        status: 401, contentType: "application/json", body: Array(#"{"statusCode":401}"#.utf8))
    private static let internalFailure = Refusal(
        code: 500, status: .serverFailure, message: "The request could not be processed")
}
