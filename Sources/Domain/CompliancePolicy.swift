/// A sub-client's rules, ready to judge link tokens.
///
/// Rules judge apart from each other, so that one more never permits more, and a fact that a rule needs and a token
/// does not give is a violation. All that is wrong is told, in the order of `ComplianceRule` and of the addresses.
///
/// A token without `transferOptions` moves no money: of it only the integration and the country are judged.
package struct CompliancePolicy: Hashable, Sendable {
    package let rules: ComplianceRules

    private let transferTypes: Set<TransferType>?
    private let assets: AssetList?
    private let book: DestinationBook?
    private let integrations: Listed<UUIDValue>?
    private let countries: Listed<CountryCode>?

    /// A new sub-client's: no limits.
    package static let none = CompliancePolicy(ComplianceRules())

    package init(_ rules: ComplianceRules) {
        self.rules = rules
        transferTypes = rules.transferTypes.map { Set($0) }
        assets = rules.assets.map { AssetList($0) }
        book = rules.destinations.map { DestinationBook($0) }
        integrations = rules.integrations.map { Listed($0) }
        countries = rules.countries.map { Listed($0) }
    }

    /// A list of what alone is allowed, or of what is not.
    private struct Listed<Element: Hashable & Sendable>: Hashable, Sendable {
        private let elements: Set<Element>
        private let allows: Bool

        init(_ rule: ComplianceRules.ListRule<Element>) {
            switch rule {
            case .allow(let list): (elements, allows) = (Set(list), true)
            case .deny(let list): (elements, allows) = (Set(list), false)
            }
        }

        func permits(_ element: Element) -> Bool { elements.contains(element) == allows }
    }

    /// All rules that the token breaks; none if it may be minted.
    package func evaluate(_ token: TokenFacts) -> [ComplianceViolation] {
        var found: [ComplianceViolation] = []
        if let transfer = token.transfer {
            judgeType(transfer, &found)
            judgeAssets(transfer, &found)
            judgeDestinations(transfer, &found)
            judgeAmount(transfer, &found)
            judgeDay(transfer, &found)
            judgeFee(transfer, &found)
        }
        judgeIntegration(token, &found)
        judgeWallet(token, &found)
        judgeCountry(token, &found)
        return found
    }

    // MARK: What is sent, and where

    private func judgeType(_ transfer: TokenFacts.Transfer, _ found: inout [ComplianceViolation]) {
        guard let transferTypes, !transferTypes.contains(transfer.type) else { return }
        let words = (rules.transferTypes ?? []).map(\.rawValue).joined(separator: ", ")
        found.append(ComplianceViolation(.transferTypes, "transferOptions.transferType", "must be one of \(words)"))
    }

    private func judgeAssets(_ transfer: TokenFacts.Transfer, _ found: inout [ComplianceViolation]) {
        guard let assets else { return }
        if transfer.addresses.isEmpty { found.append(Self.nowhere(.assets)) }
        for (index, address) in transfer.addresses.enumerated() {
            guard let network = address.network, let allowsAll = assets.allowsAll(of: network) else {
                let message = address.network == nil ? "is required: assets are limited" : "is not an allowed network"
                found.append(ComplianceViolation(.assets, Self.path(index, "networkId"), message))
                continue
            }
            if allowsAll { continue }
            guard let symbol = address.symbol, !symbol.isEmpty else {
                let message = "is required: assets are limited"
                found.append(ComplianceViolation(.assets, Self.path(index, "symbol"), message))
                continue
            }
            if !assets.allows(symbol, on: network) {
                let message = "is not an allowed asset of this network"
                found.append(ComplianceViolation(.assets, Self.path(index, "symbol"), message))
            }
        }
    }

    private func judgeDestinations(_ transfer: TokenFacts.Transfer, _ found: inout [ComplianceViolation]) {
        guard let book else { return }
        if transfer.addresses.isEmpty { found.append(Self.nowhere(.destinations)) }
        for (index, address) in transfer.addresses.enumerated() {
            if let network = address.network, let text = address.address,
                book.contains(network, text, tag: address.addressTag)
            {
                continue
            }
            let message = "is not in the address book for this network and tag"
            found.append(ComplianceViolation(.destinations, Self.path(index, "address"), message))
        }
    }

    // MARK: How much

    private func judgeAmount(_ transfer: TokenFacts.Transfer, _ found: inout [ComplianceViolation]) {
        guard let bounds = rules.perTransfer else { return }
        Self.judgeFiat(.perTransfer, transfer, &found)
        guard let amount = transfer.amount else { return }
        if let minimum = bounds.minimum, amount < minimum {
            found.append(ComplianceViolation(.perTransfer, Self.amountField, "must be at least \(minimum)"))
        }
        if let maximum = bounds.maximum, amount > maximum {
            found.append(ComplianceViolation(.perTransfer, Self.amountField, "must be at most \(maximum)"))
        }
    }

    private func judgeDay(_ transfer: TokenFacts.Transfer, _ found: inout [ComplianceViolation]) {
        guard let maximum = rules.perDayMaximum else { return }
        Self.judgeFiat(.perDay, transfer, &found)
        guard let amount = transfer.amount else { return }
        if amount > maximum || transfer.dayHasRoom != true { found.append(Self.dayIsFull(maximum)) }
    }

    /// The day's total would pass its maximum.
    package static func dayIsFull(_ maximum: ExactDecimal) -> ComplianceViolation {
        ComplianceViolation(.perDay, amountField, "would take the day's total above \(maximum)")
    }

    private func judgeFee(_ transfer: TokenFacts.Transfer, _ found: inout [ComplianceViolation]) {
        // A token without a fee asks for none of the sub-client's own: what the account charges then is the PSP's rule.
        guard let maximum = rules.maxClientFee, let fee = transfer.clientFee, fee > maximum else { return }
        found.append(ComplianceViolation(.maxClientFee, "transferOptions.clientFee", "must be at most \(maximum)"))
    }

    /// What keeps a token from being held against any amount of fiat money: no amount, or one in tokens beside it, or a
    /// minimum that is above it.
    private static func judgeFiat(
        _ rule: ComplianceRule, _ transfer: TokenFacts.Transfer, _ found: inout [ComplianceViolation]
    ) {
        if transfer.amount == nil {
            found.append(ComplianceViolation(rule, amountField, "must be given, above 0: amounts are limited"))
        }
        for (index, address) in transfer.addresses.enumerated() {
            if address.hasAmount {
                let message = "must be absent: amounts are limited in fiat money"
                found.append(ComplianceViolation(rule, path(index, "amount"), message))
            }
            if address.hasMinimum {
                let message = "must be absent: amounts are limited in fiat money"
                found.append(ComplianceViolation(rule, path(index, "minAmount"), message))
            }
            if let minimum = address.minimumInFiat, let amount = transfer.amount, minimum > amount {
                let message = "must not be above amountInFiat"
                found.append(ComplianceViolation(rule, path(index, "minAmountInFiat"), message))
            }
        }
    }

    // MARK: Who

    private func judgeIntegration(_ token: TokenFacts, _ found: inout [ComplianceViolation]) {
        // Without one the user chooses in Link, from the catalogue that is registered upstream under the same rule.
        guard let integrations, let integration = token.integration, !integrations.permits(integration) else { return }
        found.append(ComplianceViolation(.integrations, "integrationId", "is not an allowed integration"))
    }

    private func judgeWallet(_ token: TokenFacts, _ found: inout [ComplianceViolation]) {
        guard let above = rules.walletVerificationAbove, let transfer = token.transfer, !token.asksSignedMessage else {
            return
        }
        var unclear: [ComplianceViolation] = []
        Self.judgeFiat(.walletVerification, transfer, &unclear)
        guard unclear.isEmpty, let amount = transfer.amount, amount <= above else {
            let message = "must ask for a signedMessage unless amountInFiat is at most \(above)"
            found.append(
                ComplianceViolation(.walletVerification, "verifyWalletOptions.verificationMethods", message))
            return
        }
    }

    private func judgeCountry(_ token: TokenFacts, _ found: inout [ComplianceViolation]) {
        guard let countries else { return }
        guard let country = token.endUserCountry else {
            let message = "must state the end user's country, by its ISO 3166-1 alpha-2 code"
            return found.append(ComplianceViolation(.countries, "X-End-User-Country", message))
        }
        if !countries.permits(country) {
            found.append(ComplianceViolation(.countries, "X-End-User-Country", "is not an allowed country"))
        }
    }

    // MARK: Words

    private static let amountField = "transferOptions.amountInFiat"

    private static func path(_ index: Int, _ name: String) -> String { "transferOptions.toAddresses[\(index)].\(name)" }

    private static func nowhere(_ rule: ComplianceRule) -> ComplianceViolation {
        ComplianceViolation(rule, "transferOptions.toAddresses", "must say where the money goes")
    }
}
