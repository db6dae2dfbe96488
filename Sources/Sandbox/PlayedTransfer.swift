import Domain

/// The transfer a user makes in the stand-in, and its events: decided here, before anything is stored or sent.
struct PlayedTransfer: Sendable {
    struct Event: Sendable, Equatable {
        let id: UUIDValue
        /// As on the wire, such as `Pending`.
        let status: [UInt8]
        let happensAt: Timestamp
        /// Only a transfer that arrived is on a chain.
        let transactionHash: [UInt8]?
        let posting: WebhookPosting
    }

    let id: UUIDValue
    let userId: [UInt8]
    let transactionId: [UInt8]?
    let network: Network
    let symbol: [UInt8]
    let sourceAmount: Amount
    let sourceAddress: [UInt8]
    let destinationAmount: Amount
    /// What arrives, in dollars.
    let amountInFiat: Amount
    let destinationAddress: [UInt8]
    let refundAddress: [UInt8]
    /// The integration that paid.
    let source: CatalogueIntegration
    let fees: Fees
    /// What was converted for it; none where the user had the tokens already.
    let funding: [FundingStep]
    let events: [Event]

    /// What is paid beside what arrives; but for the gas all in the token.
    struct Fees: Sendable, Equatable {
        let withdrawal: Amount
        /// The client's own.
        let processing: Amount
        let gas: TransferFee
    }

    /// What the user pays for withdrawing, in dollars: Mesh's own sandbox takes a cent.
    static let withdrawalFee = Amount(units: Amount.one / 100)
    /// What the user enters where the token names no amount, in dollars.
    static let enteredAmount = Amount(whole: 50)

    /// Plays what `completion` says from `now` on. `token` must have a destination.
    init(
        of token: StoredLinkToken, to destination: Destination, as completion: Completion, now: Timestamp,
        random: inout some RandomNumberGenerator
    ) {
        network = Network(id: destination.networkId)
        symbol = destination.symbol
        userId = token.userId
        transactionId = token.transactionId
        destinationAddress = destination.address
        sourceAddress = network.address(&random)
        refundAddress = network.address(&random)
        source = .playing
        funding = []
        (sourceAmount, destinationAmount, fees) = PlayedTransfer.amounts(of: token, to: destination, on: network)
        amountInFiat = destinationAmount.worth(at: Price.dollars(of: symbol))
        id = UUIDValue.version4(&random)
        events = PlayedTransfer.events(completion, on: network, now: now, random: &random)
    }

    /// Plays a preview out of an account; the transfer has the preview's id, as with Mesh.
    init(
        of preview: StoredPreview, from account: ConnectedAccount, as completion: Completion, now: Timestamp,
        random: inout some RandomNumberGenerator
    ) {
        let quote = preview.quote
        id = preview.id
        network = Network(id: quote.networkId)
        symbol = quote.symbol
        userId = preview.origin.userId
        transactionId = preview.origin.transactionId
        destinationAddress = quote.toAddress
        let known = CatalogueNetwork.find(quote.networkId)
        sourceAddress = known.map(account.sendingAddress) ?? network.address(&random)
        refundAddress = known.map(account.depositAddress) ?? network.address(&random)
        source = account.source.integration
        (sourceAmount, destinationAmount) = (quote.amounts.leaving, quote.amounts.arriving)
        fees = Fees(
            withdrawal: quote.amounts.institutionFee, processing: quote.amounts.clientFee, gas: quote.amounts.gas)
        funding = quote.funding
        amountInFiat = destinationAmount.worth(at: Price.dollars(of: symbol))
        events = PlayedTransfer.events(completion, on: network, now: now, random: &random)
    }

    private static func events(
        _ completion: Completion, on network: Network, now: Timestamp, random: inout some RandomNumberGenerator
    ) -> [Event] {
        let hash = network.transactionHash(&random)
        let moments = zip(completion.statuses, completion.offsets).map { status, offset in
            (status: status, happensAt: now + .milliseconds(offset))
        }
        var events: [Event] = []
        for (moment, posting) in zip(moments, WebhookPosting.plan(moments, completion)) {
            events.append(
                Event(
                    id: .version4(&random), status: moment.status, happensAt: moment.happensAt,
                    transactionHash: equalsIgnoringASCIICase(moment.status, "Succeeded") ? hash : nil,
                    posting: posting))
        }
        return events
    }

    /// What is asked for of a transfer, in dollars: what faults and magic values go by.
    static func amountInFiat(of token: StoredLinkToken, to destination: Destination) -> Amount {
        asked(of: token, to: destination).worth(at: Price.dollars(of: destination.symbol))
    }

    private static func asked(of token: StoredLinkToken, to destination: Destination) -> Amount {
        let price = Price.dollars(of: destination.symbol)
        let entered = max(enteredAmount.divided(by: price), destination.minAmount ?? .zero)
        return destination.amount ?? token.amountInFiat?.divided(by: price) ?? entered
    }

    /// What leaves the source is what arrives and the fees; inclusive fees are taken out of the amount asked for.
    private static func amounts(
        of token: StoredLinkToken, to destination: Destination, on network: Network
    ) -> (source: Amount, destination: Amount, fees: Fees) {
        let price = Price.dollars(of: destination.symbol)
        let asked = asked(of: token, to: destination)
        let fees = Fees(
            withdrawal: withdrawalFee.divided(by: price), processing: asked.times(ratio: token.clientFee ?? .zero),
            gas: TransferFee(amount: .zero, symbol: network.nativeSymbol))
        let fee = fees.withdrawal + fees.processing
        let arriving = token.feeIsInclusive ? asked.less(fee) : asked
        return (arriving + fee, arriving, fees)
    }
}

extension UUIDValue {
    static func version4(_ random: inout some RandomNumberGenerator) -> UUIDValue {
        UUIDValue(version4: (random.next(), random.next()))
    }
}
