import Domain
import HTTPClient
import JSON
import Postgres
import Testing

@testable import Sandbox

/// Transfers that are made on the Link page, over HTTP.
@Suite struct LinkTransferTests {
    static let ethereum = LinkSessionTests.usdc
    static let address = LinkSessionTests.address

    /// A deposit of as much as the user enters.
    static let token = body()

    static func body(_ options: String = "", _ entry: String = "", user: String = "u") -> String {
        """
        {"userId":"\(user)","transferOptions":{"transactionId":"order-1"\(options),"toAddresses":[{"networkId":\
        "\(ethereum)","symbol":"USDC","address":"\(address)"\(entry)}]}}
        """
    }

    struct Visit: Sendable {
        let harness: Harness
        let key: String
        let accountId: String

        func preview(_ members: String = "", symbol: String = "USDC", network: String = ethereum) async throws
            -> Harness.Answer
        {
            try await harness.link(
                "preview",
                #"{"accountId":"\#(accountId)","symbol":"\#(symbol)","networkId":"\#(network)"\#(members)}"#, key: key)
        }

        func execute(_ id: String, code: String? = "123456") async throws -> Harness.Answer {
            let member = code.map { #","mfaCode":"\#($0)""# } ?? ""
            return try await harness.link("execute", #"{"previewId":"\#(id)"\#(member)}"#, key: key)
        }

        func previewed(_ members: String = #","amount":"25.5""#) async throws -> String {
            try #require(try await preview(members).json?["previewId"]?.text)
        }
    }

    static func visit(
        _ harness: Harness, _ body: String = token, user: String = "Mesh"
    ) async throws -> Visit {
        let key = try await harness.sessionKey(body)
        let account = try await harness.connectExchange(key, user: user)
        return Visit(harness: harness, key: key, accountId: try #require(account["accountId"]?.text))
    }

    // MARK: The way through

    @Test func aUserPays() async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness)
            let options = try await harness.link("options", #"{"accountId":"\#(visit.accountId)"}"#, key: visit.key)
            let holdings = try #require(options.json?["holdings"]).elements.map { $0 }
            let usdc = try #require(holdings.first { $0["symbol"]?.text == "USDC" })
            #expect(usdc["eligible"]?.bool == true && usdc["amount"]?.text == "10000" && usdc["price"]?.text == "1")
            let network = try #require(usdc["networks"]?.elements.map { $0 }.first)
            #expect(network["name"]?.text == "Ethereum" && network["eligible"]?.bool == true)
            #expect(network["withdrawalFee"]?["feeInFiat"]?.text == "0.01")
            let bitcoin = holdings.first { $0["symbol"]?.text == "BTC" }
            #expect(bitcoin?["eligible"]?.bool == false)
            #expect(bitcoin?["ineligibilityReason"]?.text == "notSupportedForTransferByTarget")
            let answer = try await visit.preview(#","amount":"25.5""#)
            let preview = try #require(answer.json)
            for (member, text) in [
                ("amount", "25.5"), ("amountInFiat", "25.5"), ("totalAmount", "25.51"), ("totalAmountInFiat", "25.51"),
                ("networkName", "Ethereum"), ("toAddress", LinkTransferTests.address),
            ] { #expect(preview[member]?.text == text, "\(member)") }
            // In whole seconds, as of the answer.
            #expect(
                (1...300).contains(preview["previewExpiresIn"]?.integer ?? 0) && preview["clientFee"]?.isNull == true)
            #expect(preview["funding"]?.elements.map { $0.kind } == [])
            let id = try #require(preview["previewId"]?.text)
            #expect(try await visit.execute(id, code: nil).text == #"{"status":"mfaRequired"}"#)
            #expect(try await visit.execute(id, code: "654321").error == "422 wrongCode")
            #expect(try harness.owed() == 0)
            let done = try #require(try await visit.execute(id).json)
            #expect(done["status"]?.text == "succeeded")
            let transfer = try #require(done["transfer"])
            for (member, text) in [
                ("transferId", id), ("txId", id), ("amount", "25.5"), ("symbol", "USDC"), ("userId", "u"),
                ("clientTransactionId", "order-1"), ("toAddress", LinkTransferTests.address),
                ("totalAmountInFiat", "25.51"),
            ] { #expect(transfer[member]?.text == text, "\(member)") }
            #expect(transfer["txHash"]?.text?.hasPrefix("0x") == true)
            #expect(try harness.owed() == 2)
            let list = try await harness.call(
                .get, "/api/v1/transfers/managed/mesh?ClientTransactionId=order-1", headers: Harness.keyHeaders)
            #expect(list.json?["content"]?["items"]?.elements.map { $0["id"]?.text } == [id])
            #expect(try await visit.execute(id).error == "422 TransferIsRequested")
        }
    }

    @Test func aSessionMakesOneTransferAmongCallsAtTheSameTime() async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness)
            var ids: [String] = []
            for _ in 0..<4 { ids.append(try await visit.previewed()) }
            let answers = try await withThrowingTaskGroup(of: String.self) { group in
                for id in ids + ids {
                    group.addTask(executorPreference: harness.loop) {
                        let answer = try await visit.execute(id)
                        return answer.error ?? answer.json?["status"]?.text ?? ""
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0 == "succeeded" } == 1)
            #expect(answers.count { $0 == "422 TransferIsRequested" } == 7)
            #expect(try harness.owner.query("select count(*) from sandbox.transfer").int64(0, 0) == 1)
        }
    }

    // MARK: Amounts

    @Test func theMerchantsAmountStands() async throws {
        try await Harness.run { harness in
            for (options, entry, fixed, other) in [
                (#","amountInFiat":50"#, "", #","amountInFiat":"50.0""#, #","amountInFiat":"1""#),
                ("", #","amount":12.5"#, #","amount":"12.5""#, #","amount":"1""#),
            ] {
                let visit = try await LinkTransferTests.visit(harness, LinkTransferTests.body(options, entry))
                #expect(try await visit.preview(other).error == "400 invalid")
                let expected = options.isEmpty ? "12.5" : "50"
                #expect(try await visit.preview(fixed).json?["amount"]?.text == expected)
                #expect(try await visit.preview().json?["amount"]?.text == expected)
            }
        }
    }

    @Test func takesFeesInOrOnTop() async throws {
        try await Harness.run { harness in
            let body = LinkTransferTests.body(
                #","transferType":"payment","clientFee":0.02,"isInclusiveFeeEnabled":true,"amountInFiat":100"#)
            let visit = try await LinkTransferTests.visit(harness, body)
            let preview = try #require(try await visit.preview().json)
            #expect(preview["amount"]?.text == "97.99" && preview["totalAmount"]?.text == "100")
            #expect(preview["clientFee"]?["fee"]?.text == "2" && preview["clientFee"]?["feeCurrency"]?.text == "USDC")
        }
    }

    @Test func fundsWhatIsShortIfTheTokenSaysSo() async throws {
        try await Harness.run { harness in
            let without = try await LinkTransferTests.visit(harness, user: "MeshBTC")
            #expect(try await without.preview(#","amount":"50""#).error == "422 EmptyWalletSymbolBalance")
            let body = LinkTransferTests.body(#","fundingOptions":{"enabled":true},"amountInFiat":50"#)
            let visit = try await LinkTransferTests.visit(harness, body, user: "MeshBTC")
            let options = try await harness.link("options", #"{"accountId":"\#(visit.accountId)"}"#, key: visit.key)
            let usdc = try #require(options.json?["holdings"]).elements.first { $0["symbol"]?.text == "USDC" }
            #expect(usdc?["eligible"]?.bool == false && usdc?["eligibleWithFunding"]?.bool == true)
            let preview = try #require(try await visit.preview().json)
            let step = try #require(preview["funding"]?.elements.map { $0 }.first)
            #expect(step["type"]?.text == "cryptocurrencyConversion" && step["fromSymbol"]?.text == "BTC")
            let id = try #require(preview["previewId"]?.text)
            #expect(try await visit.execute(id).json?["status"]?.text == "succeeded")
        }
    }

    @Test func anEmptyAccountHasNothingToSend() async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness, user: "Mesh2")
            let options = try await harness.link("options", #"{"accountId":"\#(visit.accountId)"}"#, key: visit.key)
            let holdings = try #require(options.json?["holdings"]).elements.map { $0 }
            #expect(holdings.allSatisfy { $0["eligible"]?.bool == false })
            #expect(holdings.map { $0["symbol"]?.text } == ["USDC"])
        }
    }

    // MARK: Refusals

    @Test func previewsFailWithMeshsCodes() async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness)
            for (members, code) in [
                ("", "WrongPreviewRequestNoAmount"), (#","amount":"0.5""#, "AmountLessThanWithdrawMinimum"),
                (#","amount":"1","amountInFiat":"1""#, "WrongPreviewRequestAmount"),
                (#","amount":"9000000""#, "AmountMoreThanWithdrawMaximum"),
                (#","amount":"20000""#, "InsufficientFunds"),
            ] { #expect(try await visit.preview(members).error == "422 \(code)", "\(members)") }
            let amount = #","amount":"5""#
            #expect(
                try await visit.preview(amount, symbol: "BTC").error
                    == "422 WrongPreviewRequestUnsupportedSymbolByTargetWallet")
            let unknown = "00000000-0000-0000-0000-000000000001"
            #expect(try await visit.preview(amount, network: unknown).error == "422 NetworkNotFound")
            for members in [
                #","amount":5"#, #","amount":"-5""#, #","amount":"1e3""#, #","amount":"""#, #","amount":".""#,
                #","amount":"\#(String(repeating: "9", count: 65))""#, #","amount":"5","toAddress":"0xEvil""#,
            ] { #expect(try await visit.preview(members).error == "400 invalid", "\(members)") }
            #expect(try await visit.preview(amount, symbol: "<b>").text.contains("<b>") == false)
        }
    }

    @Test func executesOnlyItsOwnFreshPreviews() async throws {
        try await Harness.run { harness in
            let (visit, other) = (
                try await LinkTransferTests.visit(harness), try await LinkTransferTests.visit(harness)
            )
            let id = try await visit.previewed()
            #expect(try await other.execute(id).error == "422 PreviewNotFound")
            #expect(try await visit.execute("00000000-0000-0000-0000-000000000001").error == "422 PreviewNotFound")
            #expect(try await visit.execute("x").error == "400 invalid")
            harness.clock.advance(by: .seconds(300))
            #expect(try await visit.execute(id).error == "422 PreviewExpired")
            #expect(try harness.owed() == 0)
        }
    }

    @Test func aTokenWithoutDestinationsMovesNothing() async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness, #"{"userId":"u"}"#)
            let options = try await harness.link("options", #"{"accountId":"\#(visit.accountId)"}"#, key: visit.key)
            #expect(options.error == "400 invalid")
            #expect(try await visit.preview(#","amount":"5""#).error == "400 invalid")
            let deposit = #"{"symbol":"USDC","networkId":"\#(LinkTransferTests.ethereum)"}"#
            for call in ["depositAddress", "paid"] {
                #expect(try await harness.link(call, deposit, key: visit.key).error == "400 invalid")
            }
        }
    }

    // MARK: By hand

    @Test func showsWhereToPayByHandAndPlaysThePayment() async throws {
        try await Harness.run { harness in
            let ripple = "0fd630f1-f29d-4da9-953f-48f1a09f76b5"
            let body = """
                {"userId":"u","transferOptions":{"transactionId":"order-2","amountInFiat":10,"toAddresses":[
                {"networkId":"\(LinkTransferTests.ethereum)","symbol":"USDC","address":"\(LinkTransferTests.address)"},
                {"networkId":"\(ripple)","symbol":"XRP","address":"rXYZ","addressTag":"77"}]}}
                """
            let key = try await harness.sessionKey(body)
            let choice = #"{"symbol":"XRP","networkId":"\#(ripple)"}"#
            let shown = try #require(try await harness.link("depositAddress", choice, key: key).json)
            #expect(shown["address"]?.text == "rXYZ" && shown["addressTag"]?.text == "77")
            #expect(shown["watchSeconds"]?.integer == 900)
            let wrong = #"{"symbol":"BTC","networkId":"\#(ripple)"}"#
            #expect(try await harness.link("depositAddress", wrong, key: key).error == "400 invalid")
            let paid = try #require(try await harness.link("paid", choice, key: key).json)
            #expect(paid["status"]?.text == "succeeded")
            #expect(paid["transfer"]?["symbol"]?.text == "XRP" && paid["transfer"]?["toAddress"]?.text == "rXYZ")
            #expect(paid["transfer"]?["networkName"]?.text == "Ripple" && paid["transfer"]?["amount"]?.text == "5")
            #expect(try harness.owed() == 2)
            #expect(try await harness.link("paid", choice, key: key).error == "422 TransferIsRequested")
            #expect(try harness.owed() == 2)
            let list = try await harness.call(
                .get, "/api/v1/transfers/managed/mesh?ClientTransactionId=order-2", headers: Harness.keyHeaders)
            #expect(list.json?["content"]?["items"]?.elements.map { $0["symbol"]?.text } == ["XRP"])
        }
    }
}
