import Crypto
package import Domain
package import HTTPClient
import JSON
package import Runtime

/// Calls an upstream's Account Management API with the PSP's keys. Loop-bound, like the HTTP client in it.
package struct AccountClient: Sendable {
    private let client: HTTPClient
    private let policy: AddressPolicy
    private let random: RandomSource
    private let tokens: AccountTokens
    private let timeouts: AccountTimeouts

    package init(
        loop: EventLoop, client: HTTPClient, policy: AddressPolicy, clock: Clock, random: RandomSource,
        timeouts: AccountTimeouts = .standard
    ) {
        self.client = client
        self.policy = policy
        self.random = random
        self.timeouts = timeouts
        tokens = AccountTokens(loop: loop, clock: clock)
    }

    // MARK: Operations

    /// All sub-clients of the account: Mesh has no pages.
    package func list(_ account: UpstreamAccount) async throws(AccountFailure) -> [RegisteredSubClient] {
        let answer = try await call(
            account, .get, "/SubClient", answerLimit: UpstreamLimits.accountListBytes, timeout: timeouts.list)
        guard let content = answer["content"], content.kind == .array else {
            throw .unknown(reason: "unreadableAnswer")
        }
        var found: [RegisteredSubClient] = []
        for element in content.elements {
            // One that is left out would look as if it were not there, and be made again.
            guard let client = RegisteredSubClient(element) else { throw .unknown(reason: "unreadableAnswer") }
            found.append(client)
        }
        return found
    }

    /// Mesh has no idempotency: after a failure that `mayHaveBeenDone`, look before asking again.
    package func create(
        _ account: UpstreamAccount, _ info: SubClientInfo
    ) async throws(AccountFailure) -> RegisteredSubClient {
        let answer = try await call(account, .post, "/SubClient", json: info.json)
        guard let made = answer["content"].flatMap({ RegisteredSubClient($0) }) else {
            throw .unknown(reason: "unreadableAnswer")
        }
        return made
    }

    /// Replaces everything but the logo.
    package func replace(
        _ account: UpstreamAccount, _ id: UUIDValue, with info: SubClientInfo
    ) async throws(AccountFailure) {
        _ = try await call(account, .put, "/SubClient/\(id)", json: info.json)
    }

    package func delete(_ account: UpstreamAccount, _ id: UUIDValue) async throws(AccountFailure) {
        _ = try await call(account, .delete, "/SubClient/\(id)")
    }

    /// `mediaType` is image/png or image/jpeg.
    package func uploadLogo(
        _ account: UpstreamAccount, _ id: UUIDValue, mediaType: [UInt8], bytes: [UInt8]
    ) async throws(AccountFailure) {
        let form = LogoForm(mediaType: mediaType, bytes: bytes, random: (random.next(), random.next()))
        _ = try await call(
            account, .post, "/SubClient/\(id)/logo", body: form.body, contentType: form.contentType,
            timeout: timeouts.logo)
    }

    package func deleteLogo(_ account: UpstreamAccount, _ id: UUIDValue) async throws(AccountFailure) {
        _ = try await call(account, .delete, "/SubClient/\(id)/logo")
    }

    // MARK: One call

    private func call(
        _ account: UpstreamAccount, _ method: OutgoingRequest.Method, _ path: String, json: [UInt8]
    ) async throws(AccountFailure) -> JSONValue {
        try await call(account, method, path, body: json, contentType: Array("application/json".utf8))
    }

    /// What a 200 says. A token that does not count any more is fetched anew, once: a 401 says nothing was done.
    private func call(
        _ account: UpstreamAccount, _ method: OutgoingRequest.Method, _ path: String, body: [UInt8] = [],
        contentType: [UInt8]? = nil, answerLimit: Int = UpstreamLimits.answerBytes, timeout: Duration? = nil
    ) async throws(AccountFailure) -> JSONValue {
        guard let url = account.url(path) else { throw .unreachable(reason: "urlRefused") }
        var refused: [UInt8]?
        while true {
            let token = try await token(account, except: refused)
            var headers: [(name: String, value: [UInt8])] = [
                ("Accept", Array("application/json".utf8)), ("Authorization", Array("Bearer ".utf8) + token),
            ]
            if let contentType { headers.append(("Content-Type", contentType)) }
            let request = OutgoingRequest(
                method: method, url: url, headers: headers, body: body,
                connectTimeout: UpstreamLimits.connectTimeout, totalTimeout: timeout ?? timeouts.call,
                responseLimit: answerLimit, policy: policy, partition: AccountClient.partition(account),
                // Reading may arrive twice; a create may not.
                resendsOnStaleConnection: method == .get)
            let answer = try await send(request)
            if answer.status == 401, refused == nil {
                refused = token
                continue
            }
            return try AccountClient.judge(answer)
        }
    }

    private func send(_ request: OutgoingRequest) async throws(AccountFailure) -> IncomingResponse {
        do {
            return try await client.send(request)
        } catch {
            throw error.mayHaveReachedPeer ? .unknown(reason: error.code) : .unreachable(reason: error.code)
        }
    }

    private static func judge(_ answer: IncomingResponse) throws(AccountFailure) -> JSONValue {
        switch answer.status {
        case 200:
            if answer.bodyWasCut || answer.isIncomplete { throw .unknown(reason: "incompleteAnswer") }
            guard let root = try? JSONDocument.parse(answer.body, limits: .accountList).root else {
                throw .unknown(reason: "unreadableAnswer")
            }
            // Mesh answers some failures with 200.
            guard root["status"]?.text == "ok" else {
                throw .refused(status: 200, message: UpstreamRefusal(answer.body)?.message)
            }
            return root
        case 401, 403: throw .keysRefused(status: answer.status)
        case 404: throw .notFound
        case 429:
            throw .tooManyRequests(retryAfter: answer.headers["retry-after"].flatMap { retrySeconds([UInt8]($0)) })
        case 400..<500: throw .refused(status: answer.status, message: UpstreamRefusal(answer.body)?.message)
        default: throw .unknown(reason: "status\(answer.status)")
        }
    }

    /// Not the partition of the upstream's link tokens: the keys are others.
    private static func partition(_ account: UpstreamAccount) -> UInt64 {
        ~(account.upstream.uuid.high ^ account.upstream.uuid.low)
    }

    // MARK: Token

    private func token(
        _ account: UpstreamAccount, except refused: [UInt8]?
    ) async throws(AccountFailure) -> [UInt8] {
        try await tokens.token(account, except: refused) { () async throws(AccountFailure) in
            try await fetchToken(account)
        }
    }

    private func fetchToken(_ account: UpstreamAccount) async throws(AccountFailure) -> FetchedToken {
        guard let url = account.url("/Token") else { throw .unreachable(reason: "urlRefused") }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("clientId")
        writer.string(account.clientID)
        writer.key("clientSecret")
        writer.string(account.clientSecret.exposed)
        writer.endObject()
        let request = OutgoingRequest(
            method: .post, url: url,
            headers: [
                ("Accept", Array("application/json".utf8)), ("Content-Type", Array("application/json".utf8)),
            ], body: writer.bytes, connectTimeout: UpstreamLimits.connectTimeout, totalTimeout: timeouts.call,
            responseLimit: UpstreamLimits.answerBytes, policy: policy, partition: AccountClient.partition(account),
            resendsOnStaleConnection: true)
        do throws(AccountFailure) {
            let answer = try AccountClient.judge(try await send(request))
            guard let content = answer["content"], let token = FetchedToken(content) else {
                throw .unreachable(reason: "unreadableToken")
            }
            return token
        } catch .unknown(let reason) {
            // Whatever became of the token: what it was wanted for has not been asked.
            throw .unreachable(reason: reason)
        }
    }
}

/// How long calls may take.
package struct AccountTimeouts: Sendable {
    package var call: Duration
    package var list: Duration
    package var logo: Duration

    package init(call: Duration, list: Duration, logo: Duration) {
        self.call = call
        self.list = list
        self.logo = logo
    }

    package static let standard = AccountTimeouts(
        call: UpstreamLimits.accountCallTimeout, list: UpstreamLimits.accountListTimeout,
        logo: UpstreamLimits.accountLogoTimeout)
}

extension JSONLimits {
    /// For a list without pages.
    static let accountList = JSONLimits(members: UpstreamLimits.accountListMembers, keysIgnoreCase: true)
}
