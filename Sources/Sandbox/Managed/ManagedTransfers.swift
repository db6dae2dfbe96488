import Domain
import JSON
import Runtime

/// From configuration to execution.
extension ManagedRoutes {
    func configure(_ request: ConfigureRequest, _ client: UUIDValue) async throws -> Answer {
        guard let source = try await account(request.from, client, forTransfer: true) else {
            return Answer(content: ConfigurationBody.failure("notAuthorizedFrom", ManagedRefusal.unauthorized))
        }
        if source.source.isWallet {
            return Answer(
                content: ConfigurationBody.failure(
                    "fromIntegrationNotSupported", "Transfers from wallets go through Link."))
        }
        guard let currency = request.currency else {
            return Answer(content: ConfigurationBody.failure("validationFailed", "The fiat currency has no price."))
        }
        var targets = request.targets ?? []
        if let to = request.to {
            guard let target = try await account(to, client, forTransfer: true) else {
                return Answer(content: ConfigurationBody.failure("notAuthorizedTo", ManagedRefusal.unauthorized))
            }
            targets += target.depositTargets
        }
        if let bad = targets.first(where: { !$0.fitsItsNetwork }) {
            let fault = PreviewFault(
                code: .invalidAddressPattern, subject: CatalogueNetwork.find(bad.networkId)?.name ?? "unknown")
            return Answer(content: ConfigurationBody.failure("validationFailed", fault.message))
        }
        let configuration = try await exchange.configure(
            source, to: targets, symbol: request.symbol, networkId: request.networkId, request.terms)
        return Answer(content: ConfigurationBody.content(configuration, currency))
    }

    func preview(_ request: ManagedPreviewRequest, _ client: UUIDValue) async throws -> Answer {
        guard let account = try await account(request.from, client, forTransfer: true) else {
            return Answer(content: PreviewBody.failure(ManagedRefusal.unauthorized))
        }
        var asked = request.request
        if request.hasBothAmounts { return fault(PreviewFault(code: .bothAmounts)) }
        if request.currency == nil { return fault(PreviewFault(code: .priceNotFound, subject: "fiat currency")) }
        if account.source.isWallet { return fault(PreviewFault(code: .network)) }
        if asked.toAddress == nil {
            guard let to = request.to else { return fault(PreviewFault(code: .toData)) }
            let target: ConnectedAccount?
            do { target = try await self.account(to, client, forTransfer: true) } catch is ManagedRefusal {
                target = nil
            }
            guard let target else { return fault(PreviewFault(code: .invalidToAuthToken)) }
            asked.targets = target.depositTargets
        }
        let origin = TransferOrigin(userId: account.userId)
        switch try await exchange.preview(asked, from: account, for: origin) {
        case .success(let preview): return Answer(content: PreviewBody.content(preview, from: account))
        case .failure(let refused): return try await fault(refused, asked, account)
        }
    }

    /// A balance that is too low can do with funding, if there is something to convert. A failure that is forced stays
    /// one.
    private func fault(
        _ refused: PreviewFault, _ request: PreviewRequest, _ account: ConnectedAccount
    ) async throws -> Answer {
        guard [.insufficientFunds, .insufficientFeeFunds, .emptyWalletSymbolBalance].contains(refused.code) else {
            return fault(refused)
        }
        var funded = request
        funded.terms.isFundingEnabled = true
        let portfolio = try await exchange.portfolio(of: account)
        let isForced = (try? TransferPreview.quote(request, from: account.source, portfolio)) != nil
        guard !isForced, let quote = try? TransferPreview.quote(funded, from: account.source, portfolio) else {
            return fault(refused)
        }
        return Answer(content: PreviewBody.requiresFunding(quote), errorData: ManagedRoutes.errorData(refused.code))
    }

    private func fault(_ fault: PreviewFault) -> Answer {
        Answer(content: PreviewBody.failure(fault.message), errorData: ManagedRoutes.errorData(fault.code))
    }

    func execute(_ object: MeshObject, _ client: UUIDValue) async throws -> Answer {
        let from = try Credential(object, token: "fromAuthToken", type: "fromType")
        let previewId = try object.requiredUUID("previewId")
        let code = try object.text("mfaCode", units: SandboxLimits.freeTextUnits)
        // There is one way to give a code here.
        _ = try object.bool("tryAnotherMfa")
        _ = try object.text("challengeId", units: SandboxLimits.freeTextUnits)
        guard let account = try await account(from, client, forTransfer: true) else {
            return Answer(content: ExecutionBody.failure("failed", ManagedRefusal.unauthorized))
        }
        switch try await exchange.execute(previewId, from: account, code: code) {
        case .success(let transfer): return Answer(content: ExecutionBody.content(transfer))
        case .failure(.mfaRequired): return Answer(content: ExecutionBody.codeWanted())
        case .failure(.mfaFailed):
            return Answer(content: ExecutionBody.failure("mfaFailed", ExecutionFault.mfaFailed.message))
        case .failure(.refused(let refusal)):
            return Answer(
                content: ExecutionBody.failure("failed", ExecutionFault.refused(refusal).message),
                errorData: ManagedRoutes.errorData(refusal))
        case .failure(.short(let symbol)):
            return Answer(
                content: ExecutionBody.failure("failed", ExecutionFault.short(symbol: symbol).message),
                errorData: ManagedRoutes.errorData(PreviewCode.insufficientFunds))
        }
    }

    /// Tells how a transfer stands. Mesh publishes no schema for the request; both spellings of the id are seen.
    func update(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        guard let id = try object.uuid("transferId") ?? object.uuid("id") else {
            throw RequestFault.missing("TransferId")
        }
        if let credential = try Credential.optional(object, token: "fromAuthToken", type: "fromType"),
            try await account(credential, client, forTransfer: true) == nil
        {
            return ExecutionBody.failure("failed", ManagedRefusal.unauthorized)
        }
        let filter = try TransferFilter(MeshQuery(Array("Id=\(id)".utf8)[...]))
        guard let transfer = try await transfers.page(of: client, filter, at: clock.now()).transfers.first else {
            throw ManagedRefusal.missing("The transfer is not found")
        }
        return ExecutionBody.content(transfer)
    }

    private static func errorData(_ code: some RawRepresentable<String>) -> [UInt8] {
        object { $0.member("code", code.rawValue) }
    }
}

extension TransferTarget {
    /// Whether the address could be one of the network, if the network is known.
    var fitsItsNetwork: Bool { CatalogueNetwork.find(networkId)?.addressPattern.matches(address) ?? false }
}

extension ConnectedAccount {
    /// Everything the account can be paid with.
    var depositTargets: [TransferTarget] {
        CatalogueNetwork.all.filter(source.sends(on:)).flatMap { network in
            let (address, tag) = (depositAddress(on: network), depositTag(on: network))
            return network.tokens.map { symbol in
                TransferTarget(
                    networkId: network.id, symbol: Array(symbol.utf8), address: address, addressTag: tag)
            }
        }
    }
}
