import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// Mesh's list of transfers, made from what webhooks told.
@Suite struct MeshTransferRoutesTests {
    private static func list(_ merchant: Merchant, _ query: String = "") async throws -> JSONValue {
        let answer = try await merchant.fixture.call(
            .get, "/api/v1/transfers/managed/Mesh?" + query, on: "public", headers: merchant.meshHeaders)
        #expect(answer.status == 200, "\(query): \(answer.text)")
        return try #require(try answer.json["content"])
    }

    private static func orders(_ merchant: Merchant, _ query: String) async throws -> [String] {
        try await list(merchant, query)["items"]!.elements.map { $0["clientTransactionId"]?.text ?? "" }
    }

    /// A merchant with the transfers of one link session each, a minute apart.
    private static func transfer(
        _ merchant: Merchant, _ number: Int, _ statuses: [String], provider: String = "Coinbase"
    ) async throws {
        let store = merchant.fixture.store
        let seed = Seed(
            store: store, subClient: merchant.subClient, upstream: UpstreamID(UUIDValue(high: 1, low: 1)))
        let session = try await seed.linkSession(transaction: "order-\(number)", user: "user-\(number % 2)")
        for status in statuses {
            var details = ReceivedEvent.Details()
            details.sourceAmount = Array("0.004786046226555188".utf8)
            details.destinationAmount = Array("1.5".utf8)
            details.symbol = Array("USDC".utf8)
            details.chain = Array("Ethereum".utf8)
            details.txHash = Array("0x\(number)".utf8)
            details.sourceAccountProvider = Array(provider.utf8)
            let event = seed.received(
                status, session, transfer: UUIDValue(high: 7, low: UInt64(number)), details: details)
            _ = try await store.accept([event], lease: nil)
        }
        merchant.fixture.clock.advance(by: .seconds(60))
    }

    @Test func everyMemberIsThere() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant(access: .read)
            try await Self.transfer(merchant, 1, ["Pending", "Succeeded"])
            let content = try await Self.list(merchant)
            let item = try #require(content["items"]?.elements.first { _ in true })
            let text = String(decoding: Array(item.raw), as: UTF8.self)
            #expect(item["id"]?.text == UUIDValue(high: 7, low: 1).description)
            #expect(item["clientTransactionId"]?.text == "order-1" && item["userId"]?.text == "user-1")
            #expect(item["status"]?.text == "succeeded" && item["transferType"]?.text == "payment")
            #expect(item["clientId"]?.string == merchant.clientID.text)
            #expect(item["subClientId"]?.string == merchant.subClient.uuid.text)
            #expect(text.contains(#""sourceAmount":0.004786046226555188,"destinationAmount":1.5,"#))
            #expect(text.contains(#""amount":1.5,"amountInFiat":50.00,"amountInFiatCurrencyCode":"USD","#))
            #expect(text.contains(#""from":{"id":null,"type":null,"name":"Coinbase","logoUrl":null}"#))
            let names = [
                "id", "clientTransactionId", "institutionTransactionId", "status", "userId", "subClientId", "clientId",
                "companyName", "transferType", "symbol", "tokenAddress", "networkId", "networkName", "networkLogoUrl",
                "hash", "infoUrl", "from", "amount", "amountInFiat", "amountInFiatCurrencyCode", "amountToReceive",
                "amountToReceiveInFiat", "sourceAmount", "destinationAmount", "destinationAmountInFiat",
                "requestedTransferAmount", "unitPrice", "destinationAddress", "refundAddress", "createdTimestamp",
                "executedTimestamp", "gasFee", "withdrawalFee", "processingFee", "totalFeesAmountInFiat",
                "totalTransactionAmountInFiat", "isFeeIncluded", "isSmartFundingTransfer", "isBridgingTransfer",
                "bridgingDetails", "fundingMethods", "webhookLogs",
            ]
            #expect(item.members.map { $0.key.text } == names)
            let created = try #require(item["createdTimestamp"]?.integer)
            #expect(abs(try #require(item["executedTimestamp"]?.integer) - created) <= 1)
            #expect(content["total"]?.integer == 1 && content["hasMorePages"]?.bool == false)
            #expect(
                content["range"].map { Array($0.raw) } == Array(#"{"start":0,"end":1,"isValid":true,"count":1}"#.utf8))
        }
    }

    @Test func filtersSortsAndPages() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let outcomes = [["Succeeded"], ["Failed"], ["Pending"], ["Odd"], ["Succeeded", "RefundPending"]]
            for (index, statuses) in outcomes.enumerated() {
                try await Self.transfer(merchant, index + 1, statuses, provider: index == 0 ? "Binance" : "Coinbase")
            }
            let newestFirst = try await Self.orders(merchant, "")
            #expect(newestFirst == ["order-5", "order-4", "order-3", "order-2", "order-1"])
            #expect(try await Self.orders(merchant, "DescendingOrder=false") == newestFirst.reversed())
            #expect(try await Self.orders(merchant, "Statuses=pending") == ["order-4", "order-3"])
            #expect(try await Self.orders(merchant, "Statuses=failed&Statuses=Pending").count == 3)
            #expect(try await Self.orders(merchant, "UserId=user-0") == ["order-4", "order-2"])
            #expect(try await Self.orders(merchant, "UserId=user-0&ClientTransactionId=order-1") == [])
            #expect(try await Self.orders(merchant, "ClientTransactionId=order-2") == ["order-2"])
            #expect(try await Self.orders(merchant, "Id=\(UUIDValue(high: 7, low: 3))") == ["order-3"])
            #expect(try await Self.orders(merchant, "Id=\(UUIDValue(high: 7, low: 9))") == [])
            #expect(try await Self.orders(merchant, "Hash=0x4") == ["order-4"])
            #expect(try await Self.orders(merchant, "MinAmountInFiat=50&MaxAmountInFiat=50.0").count == 5)
            #expect(try await Self.orders(merchant, "MinAmountInFiat=50.01") == [])
            #expect(
                try await Self.orders(merchant, "OrderBy=clientTransferId&Count=2&Offset=1") == ["order-2", "order-3"])
            #expect(try await Self.orders(merchant, "OrderBy=fromType").first == "order-1")
            #expect(
                try await Self.orders(merchant, "OrderBy=status&DescendingOrder=true").prefix(2) == [
                    "order-5", "order-1",
                ])
            let page = try await Self.list(merchant, "Count=2&Offset=2")
            #expect(page["total"]?.integer == 5 && page["hasMorePages"]?.bool == true)
            let behind = try await Self.list(merchant, "Offset=5")
            #expect(behind["total"]?.integer == 5 && behind["range"]?["count"]?.integer == 0)
            let third = try #require(
                try await Self.list(merchant, "Id=\(UUIDValue(high: 7, low: 3))")["items"]?
                    .elements.first { _ in true }?["createdTimestamp"]?.integer)
            #expect(try await Self.orders(merchant, "FromTimestamp=\(third)&ToTimestamp=\(third)") == ["order-3"])
            #expect(try await Self.orders(merchant, "FromTimestamp=\(third + 1)") == ["order-5", "order-4"])
            #expect(try await Self.orders(merchant, "IsSandBox=true").count == 5)
            #expect(try await Self.orders(merchant, "SubClientId=\(merchant.subClient.uuid)").count == 5)
            for none in ["IsSandBox=false", "SubClientId=\(UUIDValue(high: 7, low: 3))"] {
                let content = try await Self.list(merchant, none)
                #expect(content["total"]?.integer == 0 && content["items"]?.elements.contains { _ in true } == false)
            }
            let refunded = try await Self.list(
                merchant, "Id=\(UUIDValue(high: 7, low: 5))&IncludeRefundInformation=true")
            #expect(
                refunded["items"]?.elements.first { _ in true }?["refundInformation"]?["status"]?.text
                    == "refundPending")
        }
    }

    @Test func anotherSeesNothing() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let other = try await fixture.merchant()
            try await Self.transfer(merchant, 1, ["Succeeded"])
            try await fixture.approve(merchant.subClient)
            let live = try await fixture.store.createCredential(
                .system, for: merchant.subClient,
                NewCredential(environment: .production, access: .read, name: Array("live".utf8)))
            let production = Merchant(
                subClient: merchant.subClient, credential: live.credential.id, clientID: live.credential.clientID,
                secret: live.secret, fixture: fixture)
            for query in [
                "", "ClientTransactionId=order-1", "UserId=user-1", "Id=\(UUIDValue(high: 7, low: 1))", "Hash=0x1",
                "SubClientId=\(merchant.subClient.uuid)", "DescendingOrder=false",
            ] {
                #expect(try await Self.orders(other, query) == [], "\(query)")
                #expect(try await Self.orders(production, query) == [], "\(query)")
                #expect(try await Self.orders(merchant, query) == ["order-1"], "\(query)")
            }
        }
    }

    @Test func integrationsAreFoundByTheirNames() async throws {
        try await MeshStub.with { _, stub, merchant in
            try await Self.transfer(merchant, 1, ["Succeeded"], provider: "Binance")
            try await Self.transfer(merchant, 2, ["Succeeded"], provider: "Coinbase")
            let id = UUIDValue(high: 3, low: 4)
            stub.answer(
                content: #"{"items":[{"id":"\#(id)","name":"Binance"}],"integrations":[{"id":"x","name":"Coinbase"}]}"#)
            #expect(try await Self.orders(merchant, "IntegrationIds=\(id)") == ["order-1"])
            let unknown = UUIDValue(high: 3, low: 5)
            #expect(try await Self.orders(merchant, "IntegrationIds=\(unknown)") == [])
            #expect(try await Self.orders(merchant, "integrationids=\(unknown)&IntegrationIds=\(id)") == ["order-1"])
            #expect(stub.asked.count == 2)
        }
    }

    @Test func attemptsToTellOfItAreListed() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let store = fixture.store
            let seed = Seed(
                store: store, subClient: merchant.subClient, upstream: UpstreamID(UUIDValue(high: 1, low: 1)))
            _ = try await seed.endpoint("http://127.0.0.1:9/hook")
            let session = try await seed.linkSession()
            let node = store.identifiers.nextUUID()
            let owed = try await store.accept(
                [seed.received("Succeeded", session)], lease: Lease(node: node, end: store.clock.now() + .seconds(60)))
            let attempt = try FinishedAttempt(
                delivery: owed.at(0).deliveries.at(0), id: store.identifiers.next(), startedAt: store.clock.now(),
                duration: .milliseconds(1_500), statusCode: 503, errorCode: "httpStatus",
                responseBody: Array(("later \u{fc} " + String(repeating: "x", count: 400)).utf8), decision: .failed)
            try await store.record([attempt], node: node)
            #expect(
                try await Self.list(merchant)["items"]?.elements.allSatisfy { $0["webhookLogs"]!.isNull } == true)
            let item = try #require(
                try await Self.list(merchant, "IncludeWebhooksLogs=true")["items"]?.elements.first { _ in true })
            let log = try #require(item["webhookLogs"]?.elements.first { _ in true })
            #expect(log["webhookUri"]?.text == "http://127.0.0.1:9/hook")
            #expect(log["responseCode"]?.text == "ServiceUnavailable")
            let sent = try #require(log["sentTimestamp"]?.integer)
            #expect((1...2).contains(try #require(log["responseTimestamp"]?.integer) - sent))
            #expect(log["responseMessage"]?.string?.count == 200)
        }
    }
}
