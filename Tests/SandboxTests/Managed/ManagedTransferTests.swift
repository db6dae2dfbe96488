import Domain
import HTTPClient
import JSON
import Postgres
import Runtime
import TestSupport
import Testing

@testable import Sandbox

/// Mesh's managed transfers over HTTP, from configuration to the webhook.
@Suite struct ManagedTransferTests {
    private static func preview(_ harness: Harness, _ connection: Connection) async throws -> String {
        let content = try await harness.managed(
            "transfers/managed/preview", Harness.from(connection) + Harness.previewMembers)
        return try #require(content["previewResult"]?["previewId"]?.text)
    }

    private static func execute(
        _ harness: Harness, _ connection: Connection, _ previewId: String, code: String? = "123456"
    ) async throws -> JSONValue {
        let mfa = code.map { #","mfaCode":"\#($0)""# } ?? ""
        return try await harness.managed(
            "Transfers/Managed/Execute", Harness.from(connection) + #""PreviewId":"\#(previewId)"\#(mfa)}"#)
    }

    @Test func goesFromConfigurationToTheWebhook() async throws {
        try await Harness.run(sends: true) { harness in
            let connection = try await harness.connect()
            let configured = try await harness.managed(
                "transfers/managed/configure",
                Harness.from(connection) + """
                    "toAddresses":[{"NetworkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC",\
                    "address":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}],"amountInFiat":50}
                    """)
            let holdings = configured["holdings"]!.elements.map { $0 }
            #expect(configured["status"]?.text == "succeeded" && holdings.count == 1)
            #expect(try holdings.at(0)["symbol"]?.text == "USDC" && holdings.at(0)["eligibleForTransfer"]?.bool == true)
            let ethereum = try #require(holdings[0]["networks"]?.elements.first { $0["name"]?.text == "Ethereum" })
            #expect(ethereum["institutionTransferFee"]?.spelled("fee") == "0.01")

            let previewId = try await Self.preview(harness, connection)
            #expect(try await Self.execute(harness, connection, previewId, code: nil)["status"]?.text == "mfaRequired")
            #expect(try await Self.execute(harness, connection, previewId, code: "1")["status"]?.text == "mfaFailed")
            let executed = try await Self.execute(harness, connection, previewId)
            let result = try #require(executed["executeTransferResult"])
            #expect(executed["status"]?.text == "succeeded" && result["transferId"]?.text == previewId)
            #expect(result["status"]?.text == "pending" && result.spelled("totalAmountInFiat") == "50.01")
            let again = try await Self.execute(harness, connection, previewId)
            #expect(again["errorMessage"]?.text == "The transfer is already requested.")

            let posts = await harness.receiver.take(2)
            #expect(Set(posts.map { $0.text("TransferStatus") }) == ["Pending", "Succeeded"])
            #expect(posts.allSatisfy { $0.text("TransferId") == previewId && $0.text("UserId") == "user-7" })
            #expect(posts.allSatisfy { $0.text("SourceAccountProvider") == "Coinbase" })
            #expect(try await harness.balance("USDC", of: connection) == "9949.99")
            let updated = try await harness.managed("transfers/managed/update", #"{"transferId":"\#(previewId)"}"#)
            #expect(updated["executeTransferResult"]?["status"]?.text == "succeeded")
        }
    }

    @Test func listsWhatWasExecutedWithWhoPaid() async throws {
        try await Harness.run { harness in
            let coinbase = try await harness.connect("MeshUSDC")
            let binance = try await harness.connect("Mesh", at: "Binance", userId: "user-8")
            for connection in [coinbase, binance] {
                _ = try await Self.execute(harness, connection, try await Self.preview(harness, connection))
            }
            let list = { (query: String) in
                try await harness.call(.get, "/api/v1/transfers/managed/mesh?" + query, headers: Harness.keyHeaders)
                    .json!["content"]!["items"]!.elements.map { $0 }
            }
            let all = try await list("OrderBy=userId")
            #expect(all.map { $0["from"]?["name"]?.text } == ["Coinbase", "Binance"])
            #expect(try all.at(0)["userId"]?.text == "user-7" && all.at(0)["withdrawalFee"]?.spelled("fee") == "0.01")
            #expect(try all.at(0).spelled("totalFeesAmountInFiat") == "0.01")
            #expect(try all.at(0).spelled("sourceAmount") == "50.01")
            let ofBinance = try await list("IntegrationIds=\(binance.account.source.integration.id)")
            #expect(ofBinance.map { $0["from"]?["type"]?.text } == ["sandbox"])
            let byType = try await list("OrderBy=fromType&DescendingOrder=true")
            #expect(byType.map { $0["from"]?["type"]?.text } == ["sandboxCoinbase", "sandbox"])
        }
    }

    /// Two people with the same last 100 dollars: one of them pays.
    @Test func paysNothingTwice() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect("MeshUSDC")
            var previews: [UUIDValue] = []
            for _ in 0..<8 {
                var request = Exchanged.request("USDC", Exchanged.terms(tokens: "2400"))
                request.toAddress = Exchanged.address
                let preview = try await harness.sandbox.exchange.preview(
                    request, from: connection.account,
                    for: TransferOrigin(userId: connection.account.userId)
                ).get()
                previews.append(preview.id)
            }
            let exchange = harness.sandbox.exchange
            let results = await withTaskGroup(of: Bool.self) { group in
                // Each preview twice.
                for id in previews + previews {
                    group.addTask {
                        let result = try? await exchange.execute(
                            id, from: connection.account, code: Exchanged.bytes("123456"))
                        return (try? result?.get()) != nil
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(results == 4)
            #expect(try await harness.balance("USDC", of: connection) == "399.96")
            #expect(try harness.owner.query("select count(*) from sandbox.transfer").int64(0, 0) == 4)
        }
    }

    @Test func makesOneTransferOutOfOneSession() async throws {
        try await Harness.run { harness in
            let (exchange, session) = (harness.sandbox.exchange, [UInt8](repeating: 7, count: 32))
            let origin = TransferOrigin(
                userId: Exchanged.bytes("user-7"), transactionId: Exchanged.bytes("order-1"),
                transferType: .payment)
            var previews: [(Connection, UUIDValue)] = []
            for user in ["Mesh", "MeshUSDC"] {
                let connection = try await harness.connect(user)
                let request = Exchanged.request("USDC", Exchanged.terms(tokens: "50"))
                let preview = try await exchange.preview(
                    request, from: connection.account, for: origin, authCodeDigest: session
                ).get()
                previews.append((connection, preview.id))
            }
            let code = Exchanged.bytes("123456")
            // Not from outside of the session.
            await #expect(throws: ExecutionFault.refused(.previewNotFound)) {
                try await exchange.execute(previews.at(0).1, from: previews.at(0).0.account, code: code).get()
            }
            let transfer = try await exchange.execute(
                previews.at(0).1, from: previews.at(0).0.account, code: code, authCodeDigest: session
            ).get()
            #expect(transfer.transactionId == Exchanged.bytes("order-1"))
            await #expect(throws: ExecutionFault.refused(.transferIsRequested)) {
                try await exchange.execute(
                    previews.at(1).1, from: previews.at(1).0.account, code: code, authCodeDigest: session
                ).get()
            }
        }
    }

    @Test func saysInTheBodyWhatGoesWrong() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect("MeshBTC")
            let poor = try await harness.call(
                .post, "/api/v1/transfers/managed/preview", Harness.from(connection) + Harness.previewMembers,
                headers: Harness.keyHeaders)
            #expect(poor.status == 200 && poor.json?["content"]?["status"]?.text == "requiresFunding")
            #expect(poor.json?["errorData"]?["code"]?.text == "EmptyWalletSymbolBalance")
            let empty = try await harness.connect("Mesh2")
            let failed = try await harness.managed(
                "transfers/managed/preview", Harness.from(empty) + Harness.previewMembers)
            #expect(failed["status"]?.text == "failed")
            #expect(failed["errorMessage"]?.text == "Source wallet 'USDC' balance is empty.")
            // A token that counts no more.
            _ = try await harness.managed("account", Harness.auth(connection) + "}", method: .delete)
            let dead = try await harness.managed(
                "transfers/managed/preview", Harness.from(connection) + Harness.previewMembers)
            #expect(dead["status"]?.text == "failed" && dead["errorMessage"]?.text == "Unauthorized token")
            let unknown = #""previewId":"\#(UUIDValue(high: 1, low: 2))"}"#
            let missing = try await harness.managed("transfers/managed/execute", Harness.from(empty) + unknown)
            #expect(missing["errorMessage"]?.text == "Could not find the preview.")
        }
    }

    @Test func letsAPreviewRunOut() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect()
            let previewId = try await Self.preview(harness, connection)
            harness.clock.advance(by: .seconds(301))
            let late = try await Self.execute(harness, connection, previewId)
            #expect(late["errorMessage"]?.text == "The preview is expired.")
        }
    }

    @Test func failsAsAMagicAmountHasIt() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect()
            let codes = PreviewCode.allCases.enumerated().map { (cents: 1 + $0.offset, code: $0.element.rawValue) }
            for (cents, code) in codes {
                let body =
                    Harness.from(connection)
                    + Harness.previewMembers.replacing(
                        #""amount":50"#, with: #""amount":13.\#(cents < 10 ? "0" : "")\#(cents)"#)
                let answer = try await harness.call(
                    .post, "/api/v1/transfers/managed/preview", body, headers: Harness.keyHeaders)
                #expect(answer.status == 200 && answer.json?["content"]?["status"]?.text == "failed", "\(code)")
                #expect(answer.json?["errorData"]?["code"]?.text == code)
            }
        }
    }

    @Test func movesMoneyFromOneConnectedAccountToAnother() async throws {
        try await Harness.run { harness in
            let (from, to) = (try await harness.connect(), try await harness.connect("MeshUSDC", at: "Binance"))
            let members =
                #""toAuthToken":"\#(Harness.text(to.accessToken))","toType":"sandbox","symbol":"USDC","amount":50"#
            let configured = try await harness.managed(
                "transfers/managed/configure", Harness.from(from) + members + "}")
            #expect(configured["holdings"]?.elements.contains { $0["symbol"]?.text == "USDC" } == true)
            let preview = try await harness.managed(
                "transfers/managed/preview",
                Harness.from(from) + members + #","networkId":"\#(Exchanged.ethereum.id)"}"#)
            let result = try #require(preview["previewResult"])
            let address = to.account.depositAddress(on: Exchanged.ethereum)
            #expect(result["toAddress"]?.string == address)
            _ = try await Self.execute(harness, from, try #require(result["previewId"]?.text))
            #expect(try await harness.balance("USDC", of: from) == "9949.99")
            #expect(try await harness.balance("USDC", of: to) == "10050")
        }
    }

    @Test func pricesATransferForAnybody() async throws {
        try await Harness.run { harness in
            let members =
                #"{"amountInFiat":100,"fiatCurrency":"USD","symbol":"ETH","feePercentage":0.01,"#
                + #""networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611","#
                + #""toAddress":"0xc096a91fDFB100ECED14e4810FA06061C0b3058B","brokerType":"#
            let quote = try await harness.managed("transfers/managed/quote", members + #""coinbase"}"#)
            let fees = try #require(quote["fees"]?["inFiat"])
            #expect(fees.spelled("partnerFeeFiat") == "1" && fees.spelled("withdrawalFeeFiat") == "0.01")
            #expect(fees.spelled("minFeesFiat") == "1.01" && fees.spelled("maxFeesFiat") == "1.51")
            #expect(quote.spelled("minAmountFiat") == "98.49" && quote.spelled("maxAmountFiat") == "98.99")
            #expect(quote["fundingOptions"]!.elements.reduce(0) { count, _ in count + 1 } == 3)
            let refused = try await harness.call(
                .post, "/api/v1/transfers/managed/quote", members + #""sandboxCoinbase"}"#,
                headers: Harness.keyHeaders)
            #expect(refused.status == 400 && refused.json?["message"]?.text == "Broker SandboxCoinbase not supported.")
        }
    }
}
