/// An amount, or an address, that forces how its transfer goes: for whoever cannot reach the control API, and for
/// transfers that come through Subgate, which leaves both as they are.
///
/// The amount is 13 dollars and the value's number in cents, such as 13.08; it counts as asked for, without fees. The
/// address ends in `fa01713` and the number's two digits, in whatever case. The table is in README.md too.
struct MagicValue: Sendable {
    /// 1 to 99.
    let number: UInt8
    let transfer: TransferFault?
    let webhooks: WebhookFault?

    static let dollars: UInt64 = 13
    static let addressEnd = "fa01713"
    /// What lies between an event and the next in the values that have their time.
    static let pendingMilliseconds: Int64 = 60_000
    static let stepMilliseconds: Int64 = 1_000

    static let all: [MagicValue] = failures + outcomes + webhookFaults

    /// 1 and up: the preview's codes in their order. 31 and up: the execution's.
    private static let failures =
        PreviewCode.allCases.enumerated().map { index, code in
            forced(UInt8(1 + index)) { $0.previewFailure = code }
        }
        + ExecuteCode.allCases.enumerated().map { index, code in
            forced(UInt8(31 + index)) { $0.executeFailure = code }
        }

    private static let outcomes = [
        forced(41) { $0.asksForCode = true },
        forced(42) { $0.asksForCode = false },
        forced(51) { $0.outcome = .failed },
        forced(52) { $0.outcome = .pending },
        forced(53) {
            $0.outcome = .succeeded
            $0.delayMilliseconds = pendingMilliseconds
        },
        forced(54) {
            $0.outcome = .failed
            $0.delayMilliseconds = pendingMilliseconds
        },
        refund(61, .refundPending), refund(62, .refundSucceeded), refund(63, .refundFailed),
    ]

    private static let webhookFaults = [
        struck(71) { $0.duplicates = 2 },
        struck(72) { $0.isReversed = true },
        struck(73) { $0.delayMilliseconds = pendingMilliseconds },
        struck(74) {
            $0.statuses = [Array("Succeeded".utf8)]
            $0.isLost = true
        },
        struck(75) { $0.nullFields = [.sourceAmount, .sourceAddress, .sourceAccountProvider, .refundAddress] },
        struck(76) { $0.status = Array("Settling".utf8) },
        struck(77) { $0.wrongSignatures = 1 },
        struck(78) { $0.missingFields = [.sourceAmount, .destinationAmount] },
    ]

    private static func forced(_ number: UInt8, _ change: (inout TransferFault) -> Void) -> MagicValue {
        var fault = TransferFault()
        change(&fault)
        return MagicValue(number: number, transfer: fault, webhooks: nil)
    }

    private static func refund(_ number: UInt8, _ outcome: Completion.Outcome) -> MagicValue {
        forced(number) {
            $0.outcome = outcome
            $0.refundDelayMilliseconds = stepMilliseconds
        }
    }

    private static func struck(_ number: UInt8, _ change: (inout WebhookFault) -> Void) -> MagicValue {
        var fault = WebhookFault()
        change(&fault)
        return MagicValue(number: number, transfer: nil, webhooks: fault)
    }

    // MARK: Finding

    /// The value in a transfer's address, or else in its amount.
    static func of(_ transfer: OutcomeQuestion) -> MagicValue? {
        guard let number = number(address: transfer.address) ?? number(amount: transfer.amountInFiat) else {
            return nil
        }
        return all.first { $0.number == number }
    }

    private static func number(address: [UInt8]) -> UInt8? {
        let end = address.suffix(addressEnd.utf8.count + 2)
        guard end.count > addressEnd.utf8.count, equalsIgnoringASCIICase(end.dropLast(2), addressEnd) else {
            return nil
        }
        let digits = end.suffix(2).map { $0 &- UInt8(ascii: "0") }
        return digits.allSatisfy { $0 < 10 } ? digits[0] * 10 + digits[1] : nil
    }

    /// Amounts that went through a price and back lost their last decimals: a millionth of a cent is forgiven.
    private static func number(amount: Amount) -> UInt8? {
        let cent = Amount.one / 100
        let tolerance = cent / 1_000_000
        let (cents, rest) = (amount.units + tolerance).quotientAndRemainder(dividingBy: cent)
        guard rest <= 2 * tolerance, cents / 100 == UInt128(dollars) else { return nil }
        return UInt8(cents % 100)
    }
}
