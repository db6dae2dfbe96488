import Domain
import JSON
import Postgres
import Runtime

/// The part of the Link page's calls that moves money: what can be sent, quotes, and the transfer. Loop-bound.
struct LinkTransferRoutes: Sendable {
    let exchange: Exchange
    let tokens: LinkTokenStore
    let clock: Clock
    let random: RandomSource

    // MARK: What can be sent

    func options(of account: ConnectedAccount, in session: LinkSession) async throws -> [UInt8] {
        let token = session.token
        if token.destinations.isEmpty { throw LinkTransferRoutes.noTransfer }
        let configuration = try await exchange.configure(
            account, to: token.targets, token.terms(asking: token.fixedAsk))
        return LinkOptions.json(configuration)
    }

    private static let noTransfer = LinkRefusal.invalid("The link token only connects an account.")

    // MARK: Quotes

    func preview(
        _ fields: LinkFields, of account: ConnectedAccount, in session: LinkSession
    ) async throws -> [UInt8] {
        let token = session.token
        if token.destinations.isEmpty { throw LinkTransferRoutes.noTransfer }
        let symbol = try fields.text("symbol", units: SandboxLimits.symbolUnits)
        let networkId = try fields.uuid("networkId")
        let ask = try LinkTransferRoutes.ask(fields, token, token.target(symbol, networkId))
        let request = PreviewRequest(
            networkId: networkId, symbol: symbol, targets: token.targets, terms: token.terms(asking: ask))
        let result = try await exchange.preview(
            request, from: account, for: token.origin, authCodeDigest: session.authCodeDigest)
        switch result {
        case .success(let preview): return LinkPreview(preview, account, now: clock.now()).json
        case .failure(let fault): throw LinkRefusal.exchange(fault.code.rawValue, fault.message)
        }
    }

    /// What the merchant fixed, else what the user entered.
    private static func ask(
        _ fields: LinkFields, _ token: StoredLinkToken, _ target: TransferTarget?
    ) throws(LinkRefusal) -> TransferTerms.Ask? {
        let entered = (tokens: try fields.amount("amount"), fiat: try fields.amount("amountInFiat"))
        if entered.tokens != nil, entered.fiat != nil {
            let fault = PreviewFault(code: .bothAmounts)
            throw .exchange(fault.code.rawValue, fault.message)
        }
        let ask = entered.tokens.map(TransferTerms.Ask.tokens) ?? entered.fiat.map(TransferTerms.Ask.fiat)
        guard let fixed = token.fixedAsk ?? target?.amount.map(TransferTerms.Ask.tokens) else { return ask }
        if let ask, ask != fixed {
            throw .invalid("The merchant fixed the amount.", field: entered.tokens == nil ? "amountInFiat" : "amount")
        }
        return fixed
    }

    // MARK: The transfer

    func execute(_ fields: LinkFields, in session: LinkSession) async throws -> [UInt8] {
        let id = try fields.uuid("previewId")
        let code = try fields.optionalText("mfaCode", units: SandboxLimits.credentialUnits)
        guard let (preview, account) = try await find(id, in: session) else {
            throw LinkTransferRoutes.refusal(.refused(.previewNotFound))
        }
        if session.token.isUsed { throw LinkTransferRoutes.refusal(.refused(.transferIsRequested)) }
        let result = try await exchange.execute(
            id, from: account, code: code, authCodeDigest: session.authCodeDigest)
        switch result {
        case .success(let transfer):
            return LinkTransfer(transfer, totalInFiat: preview.quote.totalInFiat, now: clock.now()).json
        case .failure(.mfaRequired): return Array(#"{"status":"mfaRequired"}"#.utf8)
        case .failure(let fault): throw LinkTransferRoutes.refusal(fault)
        }
    }

    // MARK: By hand

    /// Where a user pays who sends the tokens from somewhere that cannot be connected.
    func depositAddress(_ fields: LinkFields, in session: LinkSession) throws(LinkRefusal) -> [UInt8] {
        let destination = try LinkTransferRoutes.destination(fields, session.token)
        var json = JSONWriter()
        json.beginObject()
        json.member("address", destination.address)
        json.member("addressTag", destination.addressTag)
        json.member("watchSeconds", integer: SandboxLimits.depositWatchSeconds)
        json.endObject()
        return json.bytes
    }

    /// The user says that they have paid by hand: what Mesh would find on the chain.
    func paid(_ fields: LinkFields, in session: LinkSession) async throws -> [UInt8] {
        let token = session.token
        let destination = try LinkTransferRoutes.destination(fields, token)
        let (plan, now) = (exchange.plan(OutcomeQuestion(of: token, to: destination)), clock.now())
        if let refusal = LinkTransferRoutes.refusal(plan) {
            await exchange.spend(plan.rules, .failed)
            throw refusal
        }
        var random = random
        let transfer = PlayedTransfer(
            of: token, to: destination, as: plan.completion ?? Completion(.succeeded), now: now, random: &random)
        let hasAddress = exchange.sender.hasAddress(token.clientId)
        let isMade = try await tokens.use(
            session.authCodeDigest, isOpened: true, for: transfer, hasAddress: hasAddress, at: now)
        guard isMade else { throw LinkTransferRoutes.refusal(.refused(.transferIsRequested)) }
        await exchange.spend(plan.rules, .played)
        exchange.sender.nudge()
        let total = transfer.sourceAmount.worth(at: Price.dollars(of: transfer.symbol))
        return LinkTransfer(transfer, totalInFiat: total, now: now).json
    }

    private static func destination(
        _ fields: LinkFields, _ token: StoredLinkToken
    ) throws(LinkRefusal) -> Destination {
        let symbol = try fields.text("symbol", units: SandboxLimits.symbolUnits)
        let networkId = try fields.uuid("networkId")
        if token.destinations.isEmpty { throw noTransfer }
        let found = token.destinations.first { $0.networkId == networkId && Portfolio.matches($0.symbol, symbol) }
        guard let found else {
            throw .invalid("The link token has no address for this symbol on this network.", field: "symbol")
        }
        return found
    }

    // MARK: Helpers

    /// A preview of the session, and the account it was made for.
    private func find(
        _ id: UUIDValue, in session: LinkSession
    ) async throws(PostgresError) -> (StoredPreview, ConnectedAccount)? {
        let (userId, client) = (session.token.userId, session.token.clientId)
        for accountId in session.accountIds {
            guard let account = try await exchange.account(accountId, userId: userId, of: client),
                let found = try await exchange.previews.find(id, account.holder, of: client)
            else { continue }
            guard let preview = found.preview, found.authCodeDigest == session.authCodeDigest else { return nil }
            if preview.accountId == account.id { return (preview, account) }
        }
        return nil
    }

    /// A failure that is forced on a payment by hand, which has no preview.
    private static func refusal(_ plan: OutcomePlan) -> LinkRefusal? {
        if let code = plan.previewFailure { return .exchange(code.rawValue, PreviewFault(code: code).message) }
        return plan.executeFailure.map { refusal(.refused($0)) }
    }

    private static func refusal(_ fault: ExecutionFault) -> LinkRefusal {
        switch fault {
        case .mfaRequired, .mfaFailed: .wrongCode
        case .refused(let code): .exchange(code.rawValue, fault.message ?? code.rawValue)
        case .short: .exchange(PreviewCode.insufficientFunds.rawValue, fault.message ?? "")
        }
    }
}

extension StoredLinkToken {
    var origin: TransferOrigin {
        TransferOrigin(
            userId: userId, transactionId: transactionId, subClientId: subClientId, transferType: type)
    }

    var targets: [TransferTarget] {
        destinations.map { destination in
            TransferTarget(
                networkId: destination.networkId, symbol: destination.symbol, address: destination.address,
                addressTag: destination.addressTag, amount: destination.amount, minAmount: destination.minAmount,
                minAmountInFiat: destination.minAmountInFiat)
        }
    }

    func target(_ symbol: [UInt8], _ networkId: UUIDValue) -> TransferTarget? {
        targets.first { $0.networkId == networkId && Portfolio.matches($0.symbol, symbol) }
    }

    /// The amount that the merchant fixed in money.
    var fixedAsk: TransferTerms.Ask? { amountInFiat.map { .fiat($0) } }

    var type: TransferOptions.TransferType {
        transferType.flatMap { .init(rawValue: String(decoding: $0, as: UTF8.self)) } ?? .deposit
    }

    func terms(asking ask: TransferTerms.Ask?) -> TransferTerms {
        TransferTerms(
            ask: ask, clientFee: clientFee ?? .zero, feeIsInclusive: feeIsInclusive, isFundingEnabled: fundingIsEnabled)
    }
}
