import Domain
import JSON
import Runtime
import Testing

@testable import Sandbox

@Suite struct PlayedTransferTests {
    private let now = Timestamp(milliseconds: 1_715_175_519_038)

    private func amount(_ text: String) -> Amount? { Amount(plain: Array(text.utf8)) }

    private func play(
        symbol: String = "USDC", network: String = "e3c7fdd8-b1fc-4e51-85ae-bb276e075611", amount: String? = nil,
        minAmount: String? = nil, fiat: String? = nil, fee: String? = nil, isInclusive: Bool = false,
        userId: String = "u", transactionId: String? = "t", _ completion: String = #""outcome":"succeeded""#
    ) throws -> PlayedTransfer {
        let destination = Destination(
            networkId: try #require(UUIDValue(text: network.utf8)), symbol: Array(symbol.utf8),
            address: Array("0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0".utf8), amount: amount.flatMap(self.amount),
            minAmount: minAmount.flatMap(self.amount))
        let token = StoredLinkToken(
            clientId: UUIDValue(high: 0, low: 1), userId: Array(userId.utf8),
            transactionId: transactionId.map { Array($0.utf8) }, destinations: [destination],
            amountInFiat: fiat.flatMap(self.amount), clientFee: fee.flatMap(self.amount), feeIsInclusive: isInclusive,
            expiresAt: now, isUsed: false)
        let parsed = try Completion.parse(Array(#"{"linkToken":"x",\#(completion)}"#.utf8))
        var random = RandomSource.seeded(7)
        return PlayedTransfer(of: token, to: destination, as: parsed, now: now, random: &random)
    }

    private func body(_ transfer: PlayedTransfer, _ index: Int) throws -> JSONValue {
        try JSONDocument.parse(WebhookBody.event(transfer.events[index], of: transfer)).root
    }

    // MARK: Amounts

    @Test func sendsTheAmountAskedForAndTakesTheFeesOnTop() throws {
        let root = try body(try play(amount: "0.004786046226555188", fee: "0.025"), 1)
        #expect(root["DestinationAmount"]?.raw.elementsEqual("0.004786046226555188".utf8) == true)
        // 0.01 for the withdrawal, and 2.5 % of the amount: 0.0001196511556638797 rounded down to 18 decimals.
        #expect(root["SourceAmount"]?.raw.elementsEqual("0.014905697382219067".utf8) == true)
    }

    @Test func takesInclusiveFeesOutOfTheAmount() throws {
        let transfer = try play(amount: "100", fee: "0.1", isInclusive: true)
        #expect(transfer.destinationAmount == amount("89.99"))
        #expect(transfer.sourceAmount == amount("100"))
    }

    @Test func turnsMoneyIntoTokensAtFixedPrices() throws {
        #expect(try play(symbol: "usdc", fiat: "25.5").destinationAmount == amount("25.5"))
        #expect(try play(symbol: "ETH", fiat: "100").destinationAmount == amount("0.025"))
        #expect(try play(symbol: "BTC", fiat: "1").destinationAmount == amount("0.00001"))
        #expect(try play(symbol: "SOMETHING", fiat: "3").destinationAmount == amount("3"))
    }

    @Test func entersFiftyDollarsOrTheMinimumWhereNoAmountIsAskedFor() throws {
        #expect(try play().destinationAmount == amount("50"))
        #expect(try play(symbol: "ETH").destinationAmount == amount("0.0125"))
        #expect(try play(minAmount: "75").destinationAmount == amount("75"))
    }

    // MARK: Events

    @Test func givesEachEventAnIdAndATimeOfItsOwn() throws {
        let transfer = try play(#""outcome":"failed","delayMs":24000"#)
        #expect(transfer.events.map(\.status) == [Array("Pending".utf8), Array("Failed".utf8)])
        #expect(transfer.events[0].id != transfer.events[1].id)
        #expect(transfer.events[0].happensAt == now)
        #expect(transfer.events[1].happensAt == now + .seconds(24))
    }

    @Test func hasAHashOnlyOnceItSucceeded() throws {
        let transfer = try play()
        let pending = try body(transfer, 0)
        #expect(pending["TxHash"]?.isNull == true)
        let hash = try #require(try body(transfer, 1)["TxHash"]?.text)
        #expect(hash.hasPrefix("0x") && hash.utf8.count == 66)
        #expect(try body(try play(#""outcome":"failed""#), 1)["TxHash"]?.isNull == true)
    }

    @Test(arguments: [
        ("e3c7fdd8-b1fc-4e51-85ae-bb276e075611", "Ethereum"), ("7436e9d0-ba42-4d2b-b4c0-8e4e606b2c12", "Polygon"),
        ("0291810a-5947-424d-9a59-e88bb33e999d", "Solana"), ("aa883b03-120d-477c-a588-37c2afd3ca71", "Base"),
        ("0880db06-7c7c-4738-898f-cf74efc03c47", "Bitcoin"), ("06855704-43d2-4ad2-a73c-372f0c3534e1", "Stellar"),
        ("F7A660CD-BAC0-4AE8-8DDB-C54D321B55DC", "Cardano"), ("34b66a94-f9f9-49ef-81e8-6ebd5a866f9d", "Dogecoin"),
        ("00000000-0000-0000-0000-000000000000", "Ethereum"),
    ])
    func namesTheChain(network: String, chain: String) throws {
        #expect(try body(try play(network: network), 0)["Chain"]?.text == chain)
    }

    // MARK: Bodies

    @Test func saysWhatMeshSays() throws {
        let transfer = try play(amount: "50", userId: #"7:"zé"\#u{1F4B6}"#, transactionId: "a/b")
        let root = try body(transfer, 1)
        #expect(root["EventId"]?.string == transfer.events[1].id.text)
        #expect(root["TransferId"]?.string == transfer.id.text)
        #expect(root["TransferStatus"]?.text == "Succeeded")
        #expect(root["UserId"]?.string == Array(#"7:"zé"\#u{1F4B6}"#.utf8))
        #expect(root["TransactionId"]?.text == "a/b")
        #expect(root["Token"]?.text == "USDC")
        #expect(root["SourceAccountProvider"]?.text == "Coinbase")
        #expect(root["DestinationAddress"]?.text == "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0")
        #expect(root["SourceAddress"]?.text?.utf8.count == 42)
        #expect(root["RefundAddress"]?.text?.utf8.count == 42)
        #expect(root["Timestamp"]?.integer == 1_715_175_519_038)
        #expect(root["Id"] == nil && root["SentTimestamp"] == nil)
    }

    @Test func hasAnExplicitNullWhereTheTokenHadNoTransactionId() throws {
        #expect(try body(try play(transactionId: nil), 0)["TransactionId"]?.isNull == true)
    }

    @Test func addsOnlyIdAndSentTimestampInAnAttempt() throws {
        let transfer = try play(amount: "50")
        let event = WebhookBody.event(transfer.events[0], of: transfer)
        let id = UUIDValue(high: 5, low: 6)
        let bytes = WebhookBody.attempt(event: event, id: id, sentAt: Timestamp(milliseconds: 1_720_532_648_999))
        let root = try JSONDocument.parse(bytes).root
        #expect(root["Id"]?.string == id.text)
        #expect(root["SentTimestamp"]?.integer == 1_720_532_648)
        #expect(bytes.suffix(event.count - 1) == event.dropFirst())
    }

    // MARK: Retries

    @Test func pausesLongerAfterEachFailure() {
        var random = RandomSource.seeded(1)
        let longest: [Int64] = [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]
        for (index, milliseconds) in longest.enumerated() {
            for _ in 0..<50 {
                let pause = RetryPause.after(attempt: Int32(index + 1), random: &random)
                #expect(pause >= .milliseconds(milliseconds / 2) && pause <= .milliseconds(milliseconds))
            }
        }
        #expect(RetryPause.after(attempt: .max, random: &random) <= .seconds(30))
    }
}
