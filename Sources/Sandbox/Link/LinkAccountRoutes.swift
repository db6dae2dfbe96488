import Crypto
import Domain
import JSON
import Postgres
import Runtime

/// The part of the Link page's calls that connects accounts: sign-in, wallets and their signatures, returning users.
/// Loop-bound.
struct LinkAccountRoutes: Sendable {
    let sessions: LinkSessionStore
    let exchange: Exchange
    let clock: Clock

    func connect(
        _ fields: LinkFields, in session: LinkSession, _ catalogue: LinkCatalogue
    ) async throws -> [UInt8] {
        let entry = try offered(try fields.uuid("integrationId"), .exchange, catalogue)
        let name = try fields.text("username", units: SandboxLimits.credentialUnits)
        let password = try fields.text("password", units: SandboxLimits.credentialUnits)
        do throws(SignIn.Fault) {
            _ = try SignIn.exchange(entry.integration.id, user: name, password: password)
        } catch {
            throw error == .wrongCredentials ? LinkRefusal.wrongCredentials : LinkAccountRoutes.notOffered
        }
        try await sessions.setLogin(
            .init(integrationId: entry.integration.id, username: String(decoding: name, as: UTF8.self)), of: session)
        return Array(#"{"next":"mfa"}"#.utf8)
    }

    func mfa(_ fields: LinkFields, in session: LinkSession) async throws -> [UInt8] {
        let code = try fields.text("code", units: SandboxLimits.credentialUnits)
        guard let login = session.login else { throw LinkRefusal.invalid("No sign-in waits for a code.") }
        guard SignIn.isCode(code) else { throw LinkRefusal.wrongCode }
        // The password was right when the sign-in began; only the name is kept meanwhile.
        let signIn = try SignIn.exchange(
            login.integrationId, user: Array(login.username.utf8), password: Array(TestUser.password.utf8))
        return try await connected(signIn, in: session)
    }

    func connectWallet(
        _ fields: LinkFields, in session: LinkSession, _ catalogue: LinkCatalogue
    ) async throws -> [UInt8] {
        let entry = try offered(try fields.uuid("integrationId"), .deFiWallet, catalogue)
        let type = String(
            decoding: try fields.text("networkType", units: SandboxLimits.credentialUnits), as: UTF8.self)
        guard entry.networks.contains(where: { $0.type == type }),
            let signIn = try? SignIn.wallet(entry.integration.id, networkType: type)
        else { throw LinkRefusal.invalid("The wallet has no network of this type.", field: "networkType") }
        return try await connected(signIn, in: session)
    }

    private static let notOffered = LinkRefusal.invalid(
        "This session does not offer the integration.", field: "integrationId")

    private func offered(
        _ id: UUIDValue, _ category: CatalogueIntegration.Category, _ catalogue: LinkCatalogue
    ) throws(LinkRefusal) -> LinkCatalogue.Entry {
        guard let entry = catalogue.entry(id), entry.integration.category == category else {
            throw LinkAccountRoutes.notOffered
        }
        return entry
    }

    private func connected(_ signIn: SignIn, in session: LinkSession) async throws -> [UInt8] {
        let token = session.token
        guard session.accountIds.count < SandboxLimits.sessionAccounts else {
            throw LinkRefusal.invalid("A session has \(SandboxLimits.sessionAccounts) accounts at most.")
        }
        let connection = try await exchange.connect(signIn, userId: token.userId, of: token.clientId)
        try await sessions.add(connection.account.id, to: session)
        let portfolio = try await exchange.portfolio(of: connection.account)
        var json = JSONWriter(reservingCapacity: 1_024)
        json.beginObject()
        json.member("next", "connected")
        json.key("account")
        LinkAccount(connection, portfolio, now: clock.now()).write(to: &json)
        json.endObject()
        return json.bytes
    }

    // MARK: Returning users

    func resume(
        _ fields: LinkFields, in session: LinkSession, _ catalogue: LinkCatalogue
    ) async throws -> [UInt8] {
        let stored = try fields.objects(
            "accessTokens", ["accountId", "accountName", "accessToken", "brokerType", "brokerName"],
            atMost: SandboxLimits.resumedAccounts)
        var texts: [[UInt8]] = []
        for token in stored {
            for name in ["accountId", "accountName", "brokerType", "brokerName"] {
                _ = try token.optionalText(name, units: SandboxLimits.resumedUnits)
            }
            texts.append(try token.text("accessToken", units: SandboxLimits.resumedUnits))
        }
        let (userId, client) = (session.token.userId, session.token.clientId)
        var accounts: [LinkAccount] = []
        for connection in try await exchange.resume(texts, userId: userId, of: client) {
            // What the merchant does not offer any more is not offered to those who return either.
            guard catalogue.entry(connection.account.source.integration.id) != nil,
                session.accountIds.count + accounts.count < SandboxLimits.sessionAccounts
            else { continue }
            try await sessions.add(connection.account.id, to: session)
            let portfolio = try await exchange.portfolio(of: connection.account)
            accounts.append(LinkAccount(connection, portfolio, now: clock.now()))
        }
        var json = JSONWriter(reservingCapacity: 2_048)
        json.beginObject()
        json.array("accounts", accounts) { account, json in account.write(to: &json) }
        json.endObject()
        return json.bytes
    }

    // MARK: Wallets that sign

    func sign(_ fields: LinkFields, of account: ConnectedAccount, in session: LinkSession) async throws -> [UInt8] {
        let accepts = try fields.bool("accept")
        guard let options = session.token.verification else {
            throw LinkRefusal.invalid("The link token asks for no signature.")
        }
        guard let signature = WalletSignature(of: options, by: account, at: clock.now()) else {
            throw LinkRefusal.invalid("Only wallets sign.", field: "accountId")
        }
        if !accepts { return Array(#"{"rejected":true}"#.utf8) }
        if signature.isVerified {
            try await exchange.recordVerification(
                signature.verification, userId: session.token.userId, of: session.token.clientId)
        }
        return signature.json
    }
}
