import Domain
import Runtime
import Testing

@testable import Sandbox

@Suite struct TransferExecutionTests {
    private let now = Exchanged.now
    private let account = Exchanged.exchangeAccount
    private let portfolio = Exchanged.portfolio([("USDC", "100")])

    private func preview(isExecuted: Bool = false, life: Duration = .seconds(300)) throws -> StoredPreview {
        let quote = try TransferPreview.quote(
            Exchanged.request("USDC", Exchanged.terms(tokens: "50")), from: account.source, portfolio)
        return StoredPreview(
            id: UUIDValue(high: 3, low: 4), accountId: account.id, quote: quote,
            origin: TransferOrigin(
                userId: Exchanged.bytes("u-1"), transactionId: Exchanged.bytes("order-1"),
                subClientId: UUIDValue(high: 5, low: 6), transferType: .payment),
            expiresAt: now + life, isExecuted: isExecuted)
    }

    private func execute(
        _ preview: StoredPreview?, code: String? = "123456", _ plan: OutcomePlan = .none,
        of account: ConnectedAccount? = nil,
        paidFrom portfolio: Portfolio? = nil
    ) throws(ExecutionFault) -> TransferExecution.Result {
        var random = RandomSource.seeded(2)
        return try TransferExecution.decide(
            preview, of: account ?? self.account, portfolio ?? self.portfolio, code: code.map(Exchanged.bytes), plan,
            now: now, random: &random)
    }

    private func fault(_ body: () throws -> Void) -> ExecutionFault? {
        do { try body() } catch { return error as? ExecutionFault }
        return nil
    }

    @Test func playsWhatWasPreviewed() throws {
        let result = try execute(try preview())
        let transfer = result.transfer
        #expect(transfer.id == UUIDValue(high: 3, low: 4) && transfer.transactionId == Exchanged.bytes("order-1"))
        #expect(transfer.userId == Exchanged.bytes("u-1") && transfer.source.name == "Coinbase")
        #expect(
            transfer.sourceAmount == Exchanged.amount("50.01") && transfer.destinationAmount == Exchanged.amount("50"))
        #expect(transfer.destinationAddress == Exchanged.address)
        #expect(transfer.sourceAddress == account.sendingAddress(on: Exchanged.ethereum))
        #expect(transfer.refundAddress == account.depositAddress(on: Exchanged.ethereum))
        #expect(transfer.sourceAddress != transfer.refundAddress)
        #expect(transfer.events.map(\.status) == [Exchanged.bytes("Pending"), Exchanged.bytes("Succeeded")])
        #expect(result.portfolio == Exchanged.portfolio([("USDC", "49.99")]))
    }

    @Test func refusesInMeshsWords() throws {
        let preview = try preview()
        #expect(fault { _ = try execute(nil) } == .refused(.previewNotFound))
        let other = Exchanged.account(.user(name: "Mesh2"), account.source)
        let foreign = ConnectedAccount(
            id: UUIDValue(high: 8, low: 8), clientId: other.clientId, userId: other.userId, source: other.source,
            holder: other.holder, accessExpiresAt: now)
        #expect(fault { _ = try execute(preview, of: foreign) } == .refused(.previewNotFound))
        #expect(fault { _ = try execute(try self.preview(isExecuted: true)) } == .refused(.transferIsRequested))
        #expect(fault { _ = try execute(try self.preview(life: .zero)) } == .refused(.previewExpired))
        #expect(fault { _ = try execute(preview, code: nil) } == .mfaRequired)
        #expect(fault { _ = try execute(preview, code: "") } == .mfaRequired)
        #expect(fault { _ = try execute(preview, code: "654321") } == .mfaFailed)
        #expect(
            fault { _ = try execute(preview, paidFrom: Exchanged.portfolio([("USDC", "50")])) }
                == .short(symbol: Exchanged.bytes("USDC")))
    }

    @Test(arguments: ExecuteCode.allCases)
    func failsAsItIsToldToOnceTheCodeIsGiven(code: ExecuteCode) throws {
        let plan = OutcomePlan(executeFailure: code)
        #expect(fault { _ = try execute(try preview(), code: nil, plan) } == .mfaRequired)
        let fault = fault { _ = try execute(try preview(), plan) }
        #expect(fault == .refused(code) && fault?.message?.isEmpty == false)
    }

    @Test func asksWalletsForNoCode() throws {
        let wallet = Exchanged.source("MetaMask", networkType: "evm")
        let holder = Holder.wallet(integration: wallet.integration, networkType: "evm")
        let account = Exchanged.account(holder, wallet)
        let rich = holder.portfolio
        let quote = try TransferPreview.quote(
            Exchanged.request("USDC", Exchanged.terms(tokens: "50")), from: wallet, rich)
        let preview = StoredPreview(
            id: UUIDValue(high: 3, low: 4), accountId: account.id, quote: quote,
            origin: TransferOrigin(userId: Exchanged.bytes("u")), expiresAt: now + .seconds(1), isExecuted: false)
        let result = try execute(preview, code: nil, of: account, paidFrom: rich)
        #expect(result.transfer.sourceAddress == result.transfer.refundAddress)
        #expect(result.transfer.source.name == "MetaMask")
        #expect(result.portfolio.balance(of: Exchanged.bytes("ETH")) == Exchanged.amount("4.9997"))
    }

    @Test func givesBackWhatFailsWhenItFails() throws {
        let plan = OutcomePlan(completion: Completion(.failed, delayMilliseconds: 10_000))
        let after = try execute(try preview(), plan).portfolio
        #expect(after.balance(of: Exchanged.bytes("USDC")) == Exchanged.amount("49.99"))
        #expect(after.settled(at: now + .seconds(9)).balance(of: Exchanged.bytes("USDC")) == Exchanged.amount("49.99"))
        #expect(after.settled(at: now + .seconds(10)) == portfolio)
        // What arrives, and what stays on its way, gives nothing back.
        for outcome in [Completion.Outcome.succeeded, .pending] {
            let left = try execute(try preview(), OutcomePlan(completion: Completion(outcome))).portfolio
            #expect(left.settled(at: now + .seconds(1_000)) == left && left.credits.isEmpty)
        }
    }

    @Test func givesBackWhatIsRefundedWhenItIs() throws {
        let statuses = ["Succeeded", "RefundPending", "RefundSucceeded"].map(Exchanged.bytes)
        let plan = OutcomePlan(completion: Completion(.succeeded, delayMilliseconds: 1_000, statuses: statuses))
        let result = try execute(try preview(), plan)
        #expect(
            result.portfolio.settled(at: now + .seconds(1)).balance(of: Exchanged.bytes("USDC")) < Amount(whole: 50))
        let back = result.portfolio.settled(at: now + .seconds(3)).balance(of: Exchanged.bytes("USDC"))
        // The fee is the exchange's.
        #expect(back == Exchanged.amount("99.99"))
    }
}
