import Domain
import HTTPClient
import JSON
import Runtime
import TestSupport
import Testing

@testable import Sandbox

/// Mesh's calls that read and end connections, over HTTP.
@Suite struct ManagedAccountTests {
    private func error(
        _ harness: Harness, _ path: String, _ body: String
    ) async throws -> (status: Int, type: String?, message: String?) {
        let answer = try await harness.call(.post, "/api/v1/" + path, body, headers: Harness.keyHeaders)
        return (answer.status, answer.json?["errorType"]?.text, answer.json?["message"]?.text)
    }

    @Test func tellsWhatAnAccountHolds() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect()
            let body = Harness.auth(connection)
            let holdings = try await harness.managed("holdings/get", body + #","includeMarketValue":true}"#)
            let positions = holdings["cryptocurrencyPositions"]!.elements.map { $0 }
            #expect(holdings["status"]?.text == "succeeded" && positions.count == 14)
            #expect(holdings["institutionName"]?.text == "Coinbase" && holdings["type"]?.text == "sandboxCoinbase")
            let bitcoin = try #require(positions.first { $0["symbol"]?.text == "BTC" })
            #expect(bitcoin.spelled("lastPrice") == "100000" && bitcoin.spelled("marketValue") == "200000")
            let value = try await harness.managed("holdings/value", body + "}")
            #expect(value.spelled("fiatValue") == "10000000")
            let balance = try await harness.managed("balance/get", body + "}")
            #expect(balance.spelled("totalCashUsdValue") == "10000000")
            let identity = try await harness.managed(
                "exchange/verify",
                body.replacing(#""type":"sandboxCoinbase""#, with: "")
                    + #""integrationId":"\#(connection.account.source.integration.id)","accountInfo":["email"]}"#)
            #expect(identity["email"]?.text == "mesh@sandbox.example" && identity["lastName"] == nil)
        }
    }

    @Test func refusesTokensInMeshsTwoShapes() async throws {
        try await Harness.run { harness in
            let malformed = try await error(harness, "holdings/get", #"{"authToken":"t","type":"sandboxCoinbase"}"#)
            #expect(malformed.status == 400 && malformed.type == "invalidIntegrationToken")
            let stranger = #"{"authToken":"\#(Harness.text(AccessToken()))","type":"sandboxCoinbase"}"#
            let holdings = try await harness.managed("holdings/get", stranger)
            #expect(holdings["status"]?.text == "failed" && holdings["errorMessage"]?.text == "Unauthorized token")
            let balance = try await error(harness, "balance/get", stranger)
            #expect(balance.status == 400 && balance.type == "unauthorizedToken")
            // Another client's token is nobody's.
            let foreign = try await harness.connect(of: UUIDValue(high: 3, low: 3))
            let other = try await harness.managed("holdings/get", Harness.auth(foreign) + "}")
            #expect(other["status"]?.text == "failed")
            // The exchange's own name, and no other.
            let connection = try await harness.connect()
            let named = Harness.auth(connection).replacing("sandboxCoinbase", with: "coinbase") + "}"
            #expect(try await error(harness, "holdings/get", named).status == 400)
            let configured = try await harness.managed(
                "transfers/managed/configure",
                Harness.from(connection).replacing("sandboxCoinbase", with: "coinbase") + #""toAddresses":[]}"#)
            #expect(configured["status"]?.text == "succeeded")
        }
    }

    @Test func exchangesTokensAndTakesThemBack() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect()
            harness.clock.advance(by: SandboxLimits.accessLife)
            // The token that stays never runs out.
            #expect(try await harness.balance("BTC", of: connection) == "2")
            let first = Harness.text(connection.accessToken)
            let refreshed = try await harness.managed(
                "token/refresh", #"{"refreshToken":"\#(first)","type":"sandboxCoinbase"}"#)
            let second = try #require(
                refreshed["brokerAccountTokens"]?.elements.first { _ in true }?["accessToken"]?.text)
            #expect(second != first && refreshed["refreshToken"]?.text == first)
            #expect(refreshed["expiresInSeconds"]?.integer == 86_400)
            let body = #"{"authToken":"\#(second)","type":"sandboxCoinbase"}"#
            #expect(try await harness.managed("holdings/get", body)["status"]?.text == "succeeded")
            harness.clock.advance(by: SandboxLimits.accessLife)
            #expect(try await harness.managed("holdings/get", body)["status"]?.text == "failed")

            let exchange = harness.sandbox.exchange
            let user = connection.account.userId
            let resumed = try await exchange.resume(
                [connection.accessToken.text, Exchanged.bytes("x"), AccessToken().text], userId: user,
                of: Harness.clientId)
            #expect(try resumed.count == 1 && resumed.at(0).tokenId == connection.accessToken)
            #expect(try resumed.at(0).accessToken != connection.accessToken)
            #expect(
                try await exchange.resume(
                    [connection.accessToken.text], userId: Exchanged.bytes("somebody"), of: Harness.clientId
                ).isEmpty)

            let removed = #"{"AUTHTOKEN":"\#(first)","type":"sandboxCoinbase"}"#
            _ = try await harness.managed("ACCOUNT", removed, method: .delete)
            let gone = try await harness.call(.delete, "/api/v1/account", removed, headers: Harness.keyHeaders)
            #expect(gone.status == 400 && gone.json?["message"]?.text == "Invalid token ID")
            #expect(try await harness.managed("holdings/get", body)["status"]?.text == "failed")
        }
    }

    @Test func givesAddressesThatFitTheirNetworks() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect()
            let body = Harness.auth(connection)
            let listed = try await harness.managed("transfers/managed/address/list", body + #","symbol":"USDC"}"#)
            let addresses = listed["addresses"]!.elements.map { $0 }
            #expect(addresses.count > 5)
            for address in addresses {
                let network = CatalogueNetwork.find(UUIDValue(text: address["networkId"]!.string!)!)!
                #expect(network.addressPattern.matches(address["address"]!.string!), "\(network.name)")
            }
            let ripple = try await harness.managed(
                "transfers/managed/address/get",
                body + #","symbol":"XRP","networkId":"0fd630f1-f29d-4da9-953f-48f1a09f76b5"}"#)
            #expect(ripple["memo"]?.text?.utf8.count == 9 && ripple["address"]?.text?.hasPrefix("r") == true)
            let byType = try await harness.managed(
                "transfers/managed/address/get", body + #","addressType":"dogeAddress"}"#)
            #expect(byType["symbol"]?.text == "DOGE")
            let missing = try await error(harness, "transfers/managed/address/get", body + #","symbol":"NONE"}"#)
            #expect(missing.status == 404)
            // A wallet is paid where it pays from.
            let wallet = try await harness.connectWallet("MetaMask", "evm")
            #expect(wallet.tokenId == nil)
            let own = try await harness.managed(
                "transfers/managed/address/get",
                Harness.auth(wallet) + #","symbol":"ETH"}"#)
            #expect(own["address"]?.string == wallet.account.walletAddress)
        }
    }

    @Test func verifiesATransferWithoutAnAccount() async throws {
        try await Harness.run { harness in
            let coinbase = Exchanged.source("Coinbase").integration.id
            let ethereum = "e3c7fdd8-b1fc-4e51-85ae-bb276e075611"
            let table: [(String, String, String, String, String?)] = [
                ("\(coinbase)", "USDC", ethereum, "0x9Bf6207f8A3f4278E0C989527015deFe10e5D7c6", nil),
                ("\(coinbase)", "USDC", ethereum, "0x9", "invalidAddressFormat"),
                ("\(coinbase)", "DOGE", ethereum, "0x9Bf6207f8A3f4278E0C989527015deFe10e5D7c6", "notSupportedOnToken"),
                ("\(coinbase)", "USDC", "x", "0x9", "notSupportedOnNetwork"),
                ("x", "USDC", ethereum, "0x9", "notSupportedOnIntegration"),
            ]
            for (integration, token, network, address, reason) in table {
                let object = try MeshObject.parse(
                    Exchanged.bytes(
                        #"{"integrationId":"\#(integration)","token":"\#(token)","networkId":"\#(network)","#
                            + #""targetAddress":"\#(address)"}"#))
                let routes = harness.sandbox.managed
                let content = try JSONDocument.parse(try routes.verifyTransfer(object)).root
                #expect(content["failureReason"]?.text == reason)
                #expect(content["status"]?.text == (reason == nil ? "succeeded" : "failed"))
            }
        }
    }

    @Test func listsWhatWalletsSigned() async throws {
        try await Harness.run { harness in
            let user = Exchanged.bytes("user-7")
            for (index, address) in ["0xAB", "0xCD"].enumerated() {
                try await harness.sandbox.exchange.recordVerification(
                    WalletVerification(
                        address: Exchanged.bytes(address), networkType: "evm", message: Exchanged.bytes("It is me"),
                        signedMessageHash: Exchanged.bytes("0x1\(index)"),
                        verifiedAt: Exchanged.now + .seconds(Int64(index))),
                    userId: user, of: Harness.clientId)
            }
            let list = { (query: String) in
                try await harness.call(.get, "/api/v1/wallets/verify?" + query, headers: Harness.keyHeaders)
                    .json!["content"]!["verifications"]!.elements.map { $0 }
            }
            #expect(try await list("userid=user-7").map { $0["address"]?.text } == ["0xAB", "0xCD"])
            let one = try await list("UserId=user-7&Address=0xab")
            #expect(try one.count == 1 && one.at(0)["signedMessageHash"]?.text == "0x10")
            #expect(try one.at(0)["timestamp"]?.integer == Exchanged.now.seconds)
            #expect(try await list("UserId=somebody").isEmpty)
        }
    }

    /// What the schema allows is never a 5xx: every call with nothing, nulls, extremes and strangers.
    @Test func answersWhateverTheSchemaAllows() async throws {
        try await Harness.run { harness in
            let connection = try await harness.connect("Mesh4")
            let token = Harness.text(connection.accessToken)
            let nobody = UUIDValue(high: 0, low: 0)
            let paths = [
                "transfers/managed/configure", "transfers/managed/preview", "transfers/managed/execute",
                "transfers/managed/update", "transfers/managed/quote", "transfers/managed/address/get",
                "transfers/managed/address/list", "holdings/get", "holdings/value", "balance/get", "exchange/verify",
                "token/refresh",
            ]
            let who =
                #""fromAuthToken":"\#(token)","fromType":"sandboxCoinbase","authToken":"\#(token)","#
                + #""type":"sandboxCoinbase","refreshToken":"\#(token)","brokerType":"coinbase","fiatCurrency":"USD","#
                + #""integrationId":"721a5035-029f-4e05-bf3c-009da2fe381b","#
            let bodies = [
                "", "{}", "[]", "null", "{\(who)\"amount\":null}", "{\(who)\"amount\":1e300}",
                "{\(who)\"amount\":1e-300,\"symbol\":\"\"}",
                "{\(who)\"amountInFiat\":999999999999999999,\"symbol\":\"BTC\",\"toAddresses\":[]}",
                "{\(who)\"toAuthToken\":\"\(token)\",\"toType\":\"sandboxCoinbase\",\"amountInFiat\":1e18}",
                "{\(who)\"symbol\":\"\\u0000\",\"toAddress\":\"\\u0000\",\"address\":\"\\ud83d\\ude00\"}",
                "{\(who)\"toAddresses\":[{}],\"networks\":[{}]}", "{\(who)\"fiatCurrency\":\"XXX\"}",
                "{\(who)\"previewId\":\"\(nobody)\",\"transferId\":\"\(nobody)\"}",
                "{\(who)\"networkId\":\"e3c7fdd8-b1fc-4e51-85ae-bb276e075611\",\"symbol\":\"USDC\",\"feeFlat\":1e18,"
                    + "\"amountInFiat\":1e18,\"toAddress\":\"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0\"}",
            ]
            for path in paths {
                for body in bodies {
                    let answer = try await harness.call(.post, "/api/v1/" + path, body, headers: Harness.keyHeaders)
                    #expect(answer.status < 500, "\(path) \(body): \(answer.text)")
                    #expect(answer.json?["status"] != nil, "\(path) \(body)")
                }
                var keys = Harness.keyHeaders
                keys["X-Client-Secret"] = "wrong"
                #expect(try await harness.call(.post, "/api/v1/" + path, "{}", headers: keys).status == 401)
            }
        }
    }
}
