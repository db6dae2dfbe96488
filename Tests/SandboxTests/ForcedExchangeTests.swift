import Domain
import JSON
import Postgres
import Runtime
import Testing

@testable import Sandbox

/// What rules and magic values do to transfers out of connected accounts, and what a reset leaves of those.
@Suite struct ForcedExchangeTests {
    /// An exchange that asks a book of its own, with an account of the user who has everything.
    private struct Scene {
        let book: FaultBook
        let exchange: Exchange
        let account: ConnectedAccount

        init(_ harness: Harness) async throws {
            let book = harness.anotherBook()
            await book.load()
            self.book = book
            let clock = book.clock.clock
            let sender = WebhookSender(
                loop: harness.loop, store: WebhookStore(database: harness.database), client: harness.client,
                clients: harness.configuration.clients, clock: clock, machineClock: clock, random: .system,
                log: .silent)
            exchange = Exchange(
                database: harness.database, sender: sender, clock: clock, random: .system,
                plan: { book.plan($0) }, spend: { await book.spend($0, $1) })
            account = try await exchange.connect(
                SignIn(source: Exchanged.source("Coinbase"), holder: .user(name: "Mesh")),
                userId: Exchanged.bytes("user-7"), of: Harness.clientId
            ).account
        }

        func preview(_ fiat: String = "25") async throws -> Result<StoredPreview, PreviewFault> {
            try await exchange.preview(
                Exchanged.request("USDC", Exchanged.terms(fiat: fiat)), from: account,
                for: TransferOrigin(userId: account.userId))
        }

        func execute(_ preview: StoredPreview, code: String? = "123456") async throws -> Result<
            PlayedTransfer, ExecutionFault
        > {
            try await exchange.execute(preview.id, from: account, code: code.map { Exchanged.bytes($0) })
        }

        /// The uses that are left, rule by rule.
        var uses: [Int64?] { book.rules.map(\.uses) }
    }

    @Test func previewsFailAsForcedAndOnlyTheirFailuresCount() async throws {
        try await Harness.run { harness in
            try await harness.force(#"{"uses":2,"transfer":{"previewFailure":"KycRequired"}}"#)
            let scene = try await Scene(harness)
            for left in [[Int64?(1)], []] {
                guard case .failure(let fault) = try await scene.preview() else {
                    Issue.record("previewed")
                    return
                }
                #expect(fault.code == .kycRequired && scene.uses == left)
            }
            #expect(try await scene.preview().get().quote.symbol == Exchanged.bytes("USDC"))
        }
    }

    @Test func executionsFailAsForcedAndTakeNothing() async throws {
        try await Harness.run { harness in
            try await harness.force(#"{"uses":1,"transfer":{"executeFailure":"AddressNotRegistered","mfa":false}}"#)
            let scene = try await Scene(harness)
            let before = try await scene.exchange.portfolio(of: scene.account)
            // However often it is previewed.
            _ = try await scene.preview()
            let preview = try await scene.preview().get()
            #expect(scene.uses == [1])
            guard case .failure(.refused(.addressNotRegistered)) = try await scene.execute(preview, code: nil) else {
                Issue.record("executed")
                return
            }
            #expect(scene.uses == [])
            #expect(try await scene.exchange.portfolio(of: scene.account) == before)
            // Now it asks for a code, and asking is no use of anything.
            guard case .failure(.mfaRequired) = try await scene.execute(preview, code: nil) else {
                Issue.record("asked for no code")
                return
            }
            #expect(try await scene.execute(preview).get().events.count == 2)
        }
    }

    @Test func transfersGoAsForcedAndSoDoTheirWebhooks() async throws {
        try await Harness.run { harness in
            try await harness.force(
                #"{"uses":1,"transfer":{"outcome":"refundFailed","delayMs":1000}}"#,
                #"{"uses":1,"webhooks":{"of":["Succeeded"],"duplicates":2,"wrongSignatures":3}}"#)
            let scene = try await Scene(harness)
            let transfer = try await scene.execute(try await scene.preview().get()).get()
            #expect(transfer.events.count == 4 && scene.uses == [])
            #expect(try harness.owed() == 6)
            let wrong = try harness.owner.query("select sum(wrong_signatures)::bigint from sandbox.webhook")
            #expect(wrong.int64(0, 0) == 9)
        }
    }

    @Test func magicAmountsCountAsTheyWereAskedFor() async throws {
        try await Harness.run { harness in
            let scene = try await Scene(harness)
            guard case .failure(let fault) = try await scene.preview("13.08") else {
                Issue.record("previewed")
                return
            }
            #expect(fault.code == .insufficientFunds)
            let played = try await scene.execute(try await scene.preview("13.42").get(), code: nil).get()
            #expect(played.events.map(\.status) == [Exchanged.bytes("Pending"), Exchanged.bytes("Succeeded")])
            let failed = try await scene.execute(try await scene.preview("13.51").get()).get()
            #expect(failed.events.last?.status == Exchanged.bytes("Failed"))
        }
    }

    @Test func aResetTakesConnectionsAndGivesTheMoneyBack() async throws {
        try await Harness.run { harness in
            let scene = try await Scene(harness)
            let before = try await scene.exchange.portfolio(of: scene.account)
            _ = try await scene.execute(try await scene.preview().get()).get()
            #expect(try await scene.exchange.portfolio(of: scene.account) != before)
            #expect(try await harness.reset() == 204)
            #expect(try await scene.exchange.portfolio(of: scene.account) == before)
            let found = try await scene.exchange.account(
                scene.account.id, userId: scene.account.userId, of: Harness.clientId)
            #expect(found == nil)
        }
    }
}
