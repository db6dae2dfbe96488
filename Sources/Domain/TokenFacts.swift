/// What of a link token request the rules judge.
package struct TokenFacts: Hashable, Sendable {
    /// Nil for a token that only connects an account, or verifies a wallet: it has no `transferOptions`, and through it
    /// no money can move.
    package var transfer: Transfer?
    package var integration: UUIDValue?
    /// Whether `verifyWalletOptions` asks for a signed message in so many words.
    package var asksSignedMessage: Bool
    /// Where the end user is, by the caller's word; nil if that was not said, or is no country.
    package var endUserCountry: CountryCode?

    package init(
        transfer: Transfer? = nil, integration: UUIDValue? = nil, asksSignedMessage: Bool = false,
        endUserCountry: CountryCode? = nil
    ) {
        self.transfer = transfer
        self.integration = integration
        self.asksSignedMessage = asksSignedMessage
        self.endUserCountry = endUserCountry
    }

    /// What `transferOptions` asks for.
    package struct Transfer: Hashable, Sendable {
        /// `deposit` if none was given.
        package var type: TransferType
        /// Nil lets the user choose; so might 0, which therefore counts as none.
        package var amountInFiat: ExactDecimal?
        package var clientFee: ExactDecimal?
        package var addresses: [Address]
        /// Whether the day's total would stay within its maximum with this token; nil if nobody looked.
        package var dayHasRoom: Bool?

        package init(
            type: TransferType = .deposit, amountInFiat: ExactDecimal? = nil, clientFee: ExactDecimal? = nil,
            addresses: [Address] = [], dayHasRoom: Bool? = nil
        ) {
            self.type = type
            self.amountInFiat = amountInFiat
            self.clientFee = clientFee
            self.addresses = addresses
            self.dayHasRoom = dayHasRoom
        }

        /// The amount that limits are held against.
        package var amount: ExactDecimal? { amountInFiat.flatMap { $0.isZero ? nil : $0 } }
    }

    /// One of `toAddresses`.
    package struct Address: Hashable, Sendable {
        package var network: UUIDValue?
        package var symbol: [UInt8]?
        package var address: [UInt8]?
        package var addressTag: [UInt8]?
        /// Whether it has an `amount`, which is in tokens.
        package var hasAmount: Bool
        /// Whether it has a `minAmount` above 0, which is in tokens.
        package var hasMinimum: Bool
        package var minimumInFiat: ExactDecimal?

        package init(
            network: UUIDValue? = nil, symbol: [UInt8]? = nil, address: [UInt8]? = nil, addressTag: [UInt8]? = nil,
            hasAmount: Bool = false, hasMinimum: Bool = false, minimumInFiat: ExactDecimal? = nil
        ) {
            self.network = network
            self.symbol = symbol
            self.address = address
            self.addressTag = addressTag
            self.hasAmount = hasAmount
            self.hasMinimum = hasMinimum
            self.minimumInFiat = minimumInFiat
        }
    }
}
