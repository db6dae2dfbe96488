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
        /// Whether its webhook is never posted.
        let isLost: Bool
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
    let events: [Event]

    /// What the user pays for withdrawing, in dollars: Mesh's own sandbox takes a cent.
    static let withdrawalFee = Amount(units: Amount.one / 100)
    /// What the user enters where the token names no amount, in dollars.
    private static let enteredAmount = Amount(whole: 50)

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
        (sourceAmount, destinationAmount) = PlayedTransfer.amounts(of: token, to: destination)
        amountInFiat = destinationAmount.worth(at: Price.dollars(of: symbol))
        id = UUIDValue.version4(&random)
        let hash = network.transactionHash(&random)
        var events: [Event] = []
        for (index, status) in completion.statuses.enumerated() {
            let delay = Duration.milliseconds(completion.delayMilliseconds * Int64(index))
            events.append(
                Event(
                    id: .version4(&random), status: status, happensAt: now + delay,
                    transactionHash: equalsIgnoringASCIICase(status, "Succeeded") ? hash : nil,
                    isLost: completion.loses(status)))
        }
        self.events = events
    }

    /// What leaves the source is what arrives and the fees; inclusive fees are taken out of the amount asked for.
    private static func amounts(
        of token: StoredLinkToken, to destination: Destination
    ) -> (source: Amount, destination: Amount) {
        let price = Price.dollars(of: destination.symbol)
        let entered = max(enteredAmount.divided(by: price), destination.minAmount ?? .zero)
        let asked = destination.amount ?? token.amountInFiat?.divided(by: price) ?? entered
        let fee = withdrawalFee.divided(by: price) + asked.times(ratio: token.clientFee ?? .zero)
        if !token.feeIsInclusive { return (asked + fee, asked) }
        let arriving = asked.less(fee)
        return (arriving + fee, arriving)
    }
}

extension UUIDValue {
    static func version4(_ random: inout some RandomNumberGenerator) -> UUIDValue {
        UUIDValue(version4: (random.next(), random.next()))
    }
}
