import Domain
import Postgres
import Runtime

/// The exchanges and wallets of the stand-in: who signs in, what they own, and transfers from configuration to
/// execution. Mesh's managed calls and the Link page are two ways to it. Loop-bound.
struct Exchange: Sendable {
    let accounts: ConnectedAccountStore
    let portfolios: PortfolioStore
    let previews: PreviewStore
    let verifications: VerificationStore
    let sender: WebhookSender
    let clock: Clock
    let random: RandomSource
    let plan: OutcomePlanner
    let spend: OutcomeSpender

    init(
        database: Database, sender: WebhookSender, clock: Clock, random: RandomSource,
        plan: @escaping OutcomePlanner = { _ in .none }, spend: @escaping OutcomeSpender = { _, _ in }
    ) {
        self.plan = plan
        self.spend = spend
        accounts = ConnectedAccountStore(database: database)
        portfolios = PortfolioStore(database: database)
        previews = PreviewStore(database: database)
        verifications = VerificationStore(database: database)
        self.sender = sender
        self.clock = clock
        self.random = random
    }

    /// What an account owns.
    func portfolio(of account: ConnectedAccount) async throws(PostgresError) -> Portfolio {
        try await portfolios.open(account.holder, of: account.clientId, at: clock.now())
    }

    // MARK: Transfers

    /// What of an account can go to `targets`.
    func configure(
        _ account: ConnectedAccount, to targets: [TransferTarget], symbol: [UInt8]? = nil,
        networkId: UUIDValue? = nil, _ terms: TransferTerms
    ) async throws(PostgresError) -> TransferConfiguration {
        TransferConfiguration(
            try await portfolio(of: account), from: account.source, to: targets, symbol: symbol, networkId: networkId,
            terms)
    }

    /// Previews a transfer and keeps the preview.
    ///
    /// - Parameters:
    ///   - origin: its user is the account's.
    ///   - authCodeDigest: of the link token in whose session it is made: one transfer can come of that.
    func preview(
        _ request: PreviewRequest, from account: ConnectedAccount, for origin: TransferOrigin,
        authCodeDigest: [UInt8]? = nil
    ) async throws(PostgresError) -> Result<StoredPreview, PreviewFault> {
        let portfolio = try await portfolio(of: account)
        let plan = self.plan(OutcomeQuestion(request, of: account.clientId, for: origin))
        let quote: TransferQuote
        do throws(PreviewFault) {
            quote = try TransferPreview.quote(request, from: account.source, portfolio, plan)
        } catch {
            if error.code == plan.previewFailure { await spend(plan.rules, .failed) }
            return .failure(error)
        }
        var random = random
        let preview = StoredPreview(
            id: .version4(&random), accountId: account.id, quote: quote, origin: origin,
            expiresAt: clock.now() + SandboxLimits.previewLife, isExecuted: false)
        try await previews.insert(preview, of: account.clientId, authCodeDigest: authCodeDigest)
        return .success(preview)
    }

    /// Executes a preview: debits the account, and owes the webhooks of the transfer that begins.
    ///
    /// - Parameters:
    ///   - code: what the user read off their phone; nil if they were not asked yet.
    ///   - authCodeDigest: of the session the execution is asked for in: a preview belongs to one session or to none.
    func execute(
        _ id: UUIDValue, from account: ConnectedAccount, code: [UInt8]?, authCodeDigest: [UInt8]? = nil
    ) async throws(PostgresError) -> Result<PlayedTransfer, ExecutionFault> {
        for _ in 0..<SandboxLimits.executionAttempts {
            guard let found = try await previews.find(id, account.holder, of: account.clientId),
                found.authCodeDigest == authCodeDigest
            else { return .failure(.refused(.previewNotFound)) }
            let now = clock.now()
            let plan = found.preview.map { self.plan(OutcomeQuestion($0, of: account.clientId)) } ?? OutcomePlan.none
            let result: TransferExecution.Result
            do throws(ExecutionFault) {
                var random = random
                result = try TransferExecution.decide(
                    found.preview, of: account, found.portfolio.portfolio.settled(at: now), code: code, plan, now: now,
                    random: &random)
            } catch {
                if let code = plan.executeFailure, error == .refused(code) { await spend(plan.rules, .failed) }
                return .failure(error)
            }
            let isStored = try await previews.execute(
                result, of: account, version: found.portfolio.version,
                feeIsInclusive: found.preview?.quote.feeIsInclusive ?? false,
                hasAddress: sender.hasAddress(account.clientId), at: now)
            // Otherwise somebody paid out of the portfolio meanwhile: look again.
            guard isStored else { continue }
            await spend(plan.rules, .played)
            sender.nudge()
            // The transfer is made, whatever becomes of what it pays in.
            try? await deliver(result.transfer, of: account.clientId)
            return .success(result.transfer)
        }
        throw .unavailable(.deadline)
    }

    /// Pays in what arrives at an account of the stand-in's own, when it arrives. A crash or a database that fails
    /// before it loses the money, which is nobody's.
    private func deliver(_ transfer: PlayedTransfer, of client: UUIDValue) async throws(PostgresError) {
        guard let arrival = transfer.arrivesAt, let network = CatalogueNetwork.find(transfer.network.id),
            let holder = Addresses.owner(of: transfer.destinationAddress, on: network, clientId: client)
        else { return }
        // The first look writes what it starts with.
        _ = try await portfolios.open(holder, of: client, at: clock.now())
        let leg = Portfolio.Leg(symbol: transfer.symbol, amount: transfer.destinationAmount)
        try await portfolios.credit([leg], to: holder, of: client, at: arrival)
    }

    // MARK: Verified wallets

    /// Keeps what a wallet's owner signed.
    func recordVerification(
        _ verification: WalletVerification, userId: [UInt8], of client: UUIDValue
    ) async throws(PostgresError) {
        var random = random
        try await verifications.insert(verification, id: .version4(&random), userId: userId, of: client)
    }
}

extension OutcomeQuestion {
    fileprivate init(_ request: PreviewRequest, of client: UUIDValue, for origin: TransferOrigin) {
        let symbol = request.symbol ?? []
        let target = request.targets?.first {
            $0.networkId == request.networkId && Portfolio.matches($0.symbol, symbol)
        }
        let asked = request.terms.amount(of: symbol, for: target) ?? .zero
        self.init(
            clientId: client, origin: origin, amountInFiat: asked.worth(at: Price.dollars(of: symbol)),
            address: target?.address ?? request.toAddress ?? [])
    }

    fileprivate init(_ preview: StoredPreview, of client: UUIDValue) {
        let quote = preview.quote
        self.init(
            clientId: client, origin: preview.origin,
            amountInFiat: quote.amounts.asked.worth(at: Price.dollars(of: quote.symbol)), address: quote.toAddress)
    }
}
