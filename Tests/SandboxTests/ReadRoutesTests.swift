import Domain
import HTTPClient
import JSON
import Runtime
import TestSupport
import Testing

@testable import Sandbox

/// Mesh's read calls as the stand-in answers them.
@Suite struct ReadRoutesTests {
    private static let paths = [
        "/api/v1/transfers/managed/networks", "/api/v1/transfers/managed/integrations",
        "/api/v1/transfers/managed/tokens", "/api/v1/transfers/managed/mesh", "/api/v1/integrations", "/api/v1/status",
        "/api/v1/wallets/verify?UserId=u",
    ]

    private static func get(_ harness: Harness, _ path: String) async throws -> Harness.Answer {
        try await harness.call(.get, path, headers: Harness.keyHeaders)
    }

    private static func list(_ harness: Harness, _ query: String) async throws -> JSONValue {
        let answer = try await get(harness, "/api/v1/transfers/managed/mesh?" + query)
        #expect(answer.status == 200, "\(query): \(answer.text)")
        return try #require(answer.json?["content"])
    }

    private static func orders(_ content: JSONValue) -> [String?] {
        content["items"]?.elements.map { $0["clientTransactionId"]?.text } ?? []
    }

    @Test func asksForKeysAndAnswersInTheEnvelope() async throws {
        try await Harness.run { harness in
            for path in Self.paths {
                let answer = try await Self.get(harness, path.uppercased().replacing("USERID=U", with: "USERID=u"))
                #expect(answer.status == 200, "\(path): \(answer.text)")
                #expect(answer.json?["status"]?.text == "ok" && answer.json?["teamCode"]?.text == "P4")
                var keys = Harness.keyHeaders
                keys["X-Client-Secret"] = "wrong"
                let refused = try await harness.call(.get, path, headers: keys)
                #expect(refused.status == 401 && refused.body.isEmpty)
            }
        }
    }

    @Test func theCatalogueIsWhole() throws {
        #expect(Set(CatalogueNetwork.all.map(\.id)).count == 23)
        #expect(Set(CatalogueIntegration.all.map(\.id)).count == 13)
        #expect(CatalogueIntegration.managed.count == 5)
        let catalogue = Catalogue()
        let networks = try JSONDocument.parse(catalogue.networks).root["networks"]!
        let ethereum = try #require(networks.elements.first { $0["name"]?.text == "Ethereum" })
        #expect(ethereum["id"]?.text == "e3c7fdd8-b1fc-4e51-85ae-bb276e075611")
        #expect(ethereum["chainId"]?.text == "1" && ethereum["networkType"]?.text == "evm")
        let known = Set(networks.elements.compactMap { $0["id"]?.text })
        for token in try JSONDocument.parse(catalogue.tokens).root["tokens"]!.elements {
            #expect(token["networks"]!.elements.allSatisfy { known.contains($0["id"]!.text!) })
            #expect(token["supportedIntegrations"]!.elements.contains { _ in true }, "\(token["token"]?.text ?? "")")
        }
        for integration in try JSONDocument.parse(catalogue.managedIntegrations).root["integrations"]!.elements {
            #expect(integration["networks"]!.elements.contains { _ in true })
        }
        #expect(try JSONDocument.parse(catalogue.status).root.kind == .array)
    }

    @Test func listsWhatWasPlayedAsItStands() async throws {
        try await Harness.run { harness in
            let token = try await harness.mintToken(userId: "user-7", transactionId: "order-1")
            let played = try await harness.complete(token, #""outcome":"succeeded","delayMs":60000"#)
            let id = try #require(played.json?["transferId"]?.text)
            let before = try #require(try await Self.list(harness, "Id=\(id)")["items"]?.elements.first { _ in true })
            #expect(before["status"]?.text == "pending" && before["hash"]?.isNull == true)
            #expect(before["executedTimestamp"]?.isNull == true)
            harness.clock.advance(by: .seconds(61))
            let content = try await Self.list(harness, "clienttransactionid=order-1")
            let transfer = try #require(content["items"]?.elements.first { _ in true })
            #expect(transfer["id"]?.text == id && transfer["userId"]?.text == "user-7")
            #expect(transfer["status"]?.text == "succeeded" && transfer["hash"]?.text?.hasPrefix("0x") == true)
            #expect(transfer["networkName"]?.text == "Ethereum" && transfer["symbol"]?.text == "USDC")
            #expect(transfer["amount"]?.raw.elementsEqual("25.5".utf8) == true)
            #expect(transfer["withdrawalFee"]?["feeInFiat"]?.raw.elementsEqual("0.01".utf8) == true)
            #expect(content["total"]?.integer == 1 && content["hasMorePages"]?.bool == false)
        }
    }

    @Test func filtersSortsAndPages() async throws {
        try await Harness.run { harness in
            for number in 1...5 {
                let token = try await harness.mintToken(
                    userId: number < 4 ? "a" : "b", transactionId: "order-\(number)")
                let outcome = number == 2 ? "failed" : "succeeded"
                _ = try await harness.complete(token, #""outcome":"\#(outcome)""#)
                harness.clock.advance(by: .seconds(10))
            }
            let newestFirst = try await Self.list(harness, "")
            #expect(Self.orders(newestFirst) == ["order-5", "order-4", "order-3", "order-2", "order-1"])
            #expect(Self.orders(try await Self.list(harness, "UserId=b")) == ["order-5", "order-4"])
            #expect(Self.orders(try await Self.list(harness, "Statuses=FAILED")) == ["order-2"])
            #expect(Self.orders(try await Self.list(harness, "Statuses=failed&Statuses=succeeded")).count == 5)
            #expect(Self.orders(try await Self.list(harness, "MinAmountInFiat=25.6")) == [])
            #expect(Self.orders(try await Self.list(harness, "MaxAmountInFiat=25.5")).count == 5)
            let sorted = try await Self.list(harness, "OrderBy=clientTransferId&Count=2&Offset=1")
            #expect(Self.orders(sorted) == ["order-2", "order-3"])
            #expect(sorted["total"]?.integer == 5 && sorted["hasMorePages"]?.bool == true)
            #expect(sorted["range"]?["start"]?.integer == 1 && sorted["range"]?["end"]?.integer == 3)
            let behind = try await Self.list(harness, "Offset=5")
            #expect(Self.orders(behind) == [] && behind["total"]?.integer == 5)
            let second = try #require(newestFirst["items"]?.elements.map { $0 }.at(3)["createdTimestamp"]?.integer)
            #expect(
                Self.orders(try await Self.list(harness, "FromTimestamp=\(second)&ToTimestamp=\(second)"))
                    == ["order-2"])
            for none in [
                "SubClientId=\(UUIDValue(high: 1, low: 1))", "IsSandBox=false", "Hash=0x",
                "IntegrationIds=\(UUIDValue(high: 1, low: 1))",
            ] { #expect(Self.orders(try await Self.list(harness, none)) == [], "\(none)") }
        }
    }

    @Test func tellsOfThePostsItMade() async throws {
        try await Harness.run(sends: true) { harness in
            harness.receiver.answerNext(503)
            _ = try await harness.complete(try await harness.mintToken(), #""outcome":"pending""#)
            _ = await harness.receiver.take(2)
            var codes: [String?] = []
            for _ in 0..<6_000 where codes.count < 2 {
                await harness.loop.sleep(for: .milliseconds(10))
                let content = try await Self.list(harness, "IncludeWebhooksLogs=true")
                let logs = try #require(content["items"]?.elements.first { _ in true }?["webhookLogs"])
                codes = logs.elements.map { $0["responseCode"]?.text }
            }
            #expect(codes == ["503", "OK"])
            let without = try await Self.list(harness, "")
            #expect(without["items"]!.elements.allSatisfy { $0["webhookLogs"]!.isNull })
        }
    }

    @Test func namesTheParameterThatIsWrong() async throws {
        try await Harness.run { harness in
            for (query, name) in [
                ("Count=0", "Count"), ("count=1001", "Count"), ("Offset=-1", "Offset"), ("Id=x", "Id"),
                ("Statuses=pending&Statuses=done", "Statuses"), ("IntegrationIds=1", "IntegrationIds"),
                ("FromTimestamp=soon", "FromTimestamp"), ("MinAmountInFiat=-1", "MinAmountInFiat"),
                ("OrderBy=price", "OrderBy"), ("DescendingOrder=1", "DescendingOrder"),
                ("Id=&Count=1&Count=2", "Count"),
                ("UserId=%FF", "UserId"), ("IsSandBox=maybe", "IsSandBox"),
            ] {
                let answer = try await Self.get(harness, "/api/v1/transfers/managed/mesh?" + query)
                #expect(answer.status == 400 && answer.json?["errorType"]?.text == "invalidField", "\(query)")
                #expect(answer.json?["message"]?.text?.hasPrefix("The field \(name) ") == true, "\(query)")
            }
            let missing = try await Self.get(harness, "/api/v1/wallets/verify?Address=0x1")
            #expect(missing.status == 400 && missing.json?["errorType"]?.text == "missingField")
        }
    }
}
