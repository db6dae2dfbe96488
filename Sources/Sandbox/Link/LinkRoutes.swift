import Domain
import HTTPServer
import Postgres
import Runtime

/// `POST /link/v1/{call}`: the server of the Link page. Loop-bound.
///
/// Web pages of other origins cannot call it: the content type alone makes their browsers ask first, and nothing here
/// answers that.
struct LinkRoutes: Sendable {
    let tokens: LinkTokenStore
    let sessions: LinkSessionStore
    let accounts: AccountStore
    let exchange: Exchange
    /// The stand-in's own, whose payment page may frame the Link page.
    let ownOrigin: WebOrigin?
    let clock: Clock
    let random: RandomSource
    let log: Log

    func answer(_ request: Request) async -> Response {
        do {
            return LinkRefusal.response(200, try await content(request))
        } catch let refusal as LinkRefusal {
            return refusal.response
        } catch {
            log.error("a call of the link page cannot be served", [(.error, .text("\(error)"))])
            return LinkRefusal.unavailable.response
        }
    }

    /// The JSON of the answer.
    ///
    /// - Throws: `LinkRefusal`, and `PostgresError` where the database is to blame.
    private func content(_ request: Request) async throws -> [UInt8] {
        let name = request.head.path.split(separator: UInt8(ascii: "/")).last ?? []
        guard let call = LinkCall(rawValue: String(decoding: name, as: UTF8.self)) else { throw LinkRefusal.noCall }
        if call == .open { return try await open(try await fields(of: request, call)) }
        let session = try await session(of: request.head)
        return try await answer(call, try await fields(of: request, call), in: session)
    }

    private func answer(_ call: LinkCall, _ fields: LinkFields, in session: LinkSession) async throws -> [UInt8] {
        let connecting = LinkAccountRoutes(sessions: sessions, exchange: exchange, clock: clock)
        let moving = LinkTransferRoutes(exchange: exchange, tokens: tokens, clock: clock, random: random)
        switch call {
        case .open: throw LinkRefusal.noCall
        case .host: return try await host(fields, in: session)
        case .catalogue: return try await catalogue(of: session).json
        case .connect: return try await connecting.connect(fields, in: session, try await catalogue(of: session))
        case .mfa: return try await connecting.mfa(fields, in: session)
        case .connectWallet:
            return try await connecting.connectWallet(fields, in: session, try await catalogue(of: session))
        case .resume: return try await connecting.resume(fields, in: session, try await catalogue(of: session))
        case .sign: return try await connecting.sign(fields, of: try await account(fields, in: session), in: session)
        case .options: return try await moving.options(of: try await account(fields, in: session), in: session)
        case .preview:
            return try await moving.preview(fields, of: try await account(fields, in: session), in: session)
        case .execute: return try await moving.execute(fields, in: session)
        case .depositAddress: return try moving.depositAddress(fields, in: session)
        case .paid: return try await moving.paid(fields, in: session)
        case .close:
            try await sessions.close(session, at: clock.now())
            return LinkRoutes.nothing
        }
    }

    private static let nothing = Array("{}".utf8)

    // MARK: What a request carries

    private func session(of head: RequestHead) async throws -> LinkSession {
        guard let text = head.headers["x-link-session"], let key = LinkSessionKey(text: Array(text)),
            let session = try await sessions.find(key), !session.isClosed, clock.now() < session.expiresAt
        else { throw LinkRefusal.session }
        return session
    }

    private func fields(of request: Request, _ call: LinkCall) async throws(LinkRefusal) -> LinkFields {
        guard MediaType.isJSON(request.head.headers) else { throw .mediaType }
        let body: [UInt8]
        do throws(BodyError) {
            body = try await request.body.collect(upTo: SandboxLimits.linkBodyBytes)
        } catch {
            throw error == .tooLarge ? .tooLarge : .unreadable
        }
        return try LinkFields.parse(body, call.fields)
    }

    // MARK: The session

    private func open(_ fields: LinkFields) async throws -> [UInt8] {
        let code = try fields.text("authCode", units: SandboxLimits.originUnits)
        guard let token = LinkToken(authCode: code), let stored = try await tokens.find(token) else {
            throw LinkRefusal.unknown
        }
        let now = clock.now()
        do throws(StoredLinkToken.Refusal) {
            try stored.check(at: now)
        } catch {
            throw error == .expired ? LinkRefusal.expired : .used
        }
        let merchant = try await accounts.merchant(stored.subClientId, of: stored.clientId)
        let key = LinkSessionKey()
        let end = now + SandboxLimits.linkSessionLife
        guard try await sessions.open(token, key: key, at: now, until: end) else { throw LinkRefusal.used }
        return LinkOpening.json(key, stored, merchant, until: end)
    }

    private func host(_ fields: LinkFields, in session: LinkSession) async throws -> [UInt8] {
        let origin = try fields.text("origin", units: SandboxLimits.originUnits)
        let merchant = try await accounts.merchant(session.token.subClientId, of: session.token.clientId)
        guard merchant.origins.allows(origin, own: ownOrigin) else { throw LinkRefusal.originNotAllowed }
        return LinkRoutes.nothing
    }

    /// One of the session's own accounts; of two connections of one account the later.
    private func account(_ fields: LinkFields, in session: LinkSession) async throws -> ConnectedAccount {
        let wanted = try fields.text("accountId", units: SandboxLimits.addressUnits)
        for id in session.accountIds.reversed() {
            let account = try await exchange.account(id, userId: session.token.userId, of: session.token.clientId)
            if let account, account.accountId == wanted { return account }
        }
        throw LinkRefusal.invalid("The session has no such account.", field: "accountId")
    }

    private func catalogue(of session: LinkSession) async throws(PostgresError) -> LinkCatalogue {
        let merchant = try await accounts.merchant(session.token.subClientId, of: session.token.clientId)
        return LinkCatalogue(session.token, merchant.catalog)
    }
}
