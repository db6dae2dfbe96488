import Domain
import HTTPClient
import HTTPServer
import JSON
import Postgres
import Runtime
import TestSupport
import Testing

@testable import Sandbox

/// A session of the Link page over HTTP: opening, who may host it, what it offers, its end.
@Suite struct LinkSessionTests {
    static let usdc = "e3c7fdd8-b1fc-4e51-85ae-bb276e075611"
    static let address = "0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"

    // MARK: open

    @Test func saysAllThatThePageNeedsOfAToken() async throws {
        try await Harness.run { harness in
            let client = Harness.clientId
            let accounts = AccountStore(database: harness.database)
            let id = UUIDValue(high: 7, low: 7)
            let name = #"Bücher <b>&"Söhne""#
            let info = RegisteredClientInfo(
                businessLegalName: Array("Shop".utf8), displayName: Array(name.utf8), callbackUrls: nil, catalog: nil)
            _ = try await accounts.insert(info, id: id, of: client)
            _ = try await accounts.setLogo(
                LogoFile(kind: .png, bytes: [1, 2, 3]), id: id, of: client)
            let session = try await harness.openLink(
                """
                {"userId":"user-1","subClientId":"\(id)","integrationId":"721a5035-029f-4e05-bf3c-009da2fe381b",
                 "restrictMultipleAccounts":false,"disableApiKeyGeneration":true,
                 "verifyWalletOptions":{"message":"  ","addresses":["0xA"],"networkType":"evm"},
                 "transferOptions":{"transactionId":"order-1","transferType":"payment","amountInFiat":50,
                  "isInclusiveFeeEnabled":true,"fundingOptions":{"enabled":true},"toAddresses":[
                  {"networkId":"\(LinkSessionTests.usdc)","symbol":"USDC","address":"\(LinkSessionTests.address)",
                   "minAmount":1,"minAmountInFiat":"2.50"},
                  {"networkId":"0fd630f1-f29d-4da9-953f-48f1a09f76b5","symbol":"XRP","address":"rX","addressTag":"77"},
                  {"networkId":"00000000-0000-0000-0000-000000000001","symbol":"ABC","address":"x"}]}}
                """)
            #expect(session["sessionKey"]?.string?.count == 43)
            #expect(session["expiresAt"]?.string.flatMap { Timestamp(rfc3339: $0) } != nil)
            #expect(session["merchant"]?["name"]?.text == name)
            let logo = try #require(session["merchant"]?["logoUrl"]?.text)
            #expect(logo == "/public/clients/logo/\(client)/\(id)")
            #expect(try await harness.call(.get, logo, headers: [:]).body == [1, 2, 3])
            for (member, text) in [
                ("journey", "verifyAndTransfer"), ("transferType", "payment"), ("amountInFiat", "50"),
                ("integrationId", "721a5035-029f-4e05-bf3c-009da2fe381b"), ("transactionId", "order-1"),
                ("userId", "user-1"),
            ] { #expect(session[member]?.text == text, "\(member)") }
            #expect(session["restrictMultipleAccounts"]?.bool == false)
            for member in ["disableApiKeyGeneration", "fundingEnabled", "isInclusiveFeeEnabled"] {
                #expect(session[member]?.bool == true, "\(member)")
            }
            #expect(session["verify"]?["message"]?.text == "I confirm that I own this wallet.")
            #expect(session["verify"]?["networkType"]?.text == "evm")
            #expect(session["verify"]?["addresses"]?.elements.map(\.text) == ["0xA"])
            let to = try #require(session["toAddresses"]).elements.map { $0 }
            #expect(to.map { $0["networkName"]?.text } == ["Ethereum", "Ripple", "Unknown network"])
            #expect(to.map { $0["networkType"]?.text } == ["evm", "ripple", "unknown"])
            #expect(try to.at(0)["minAmountInFiat"]?.text == "2.5" && to.at(0)["minAmount"]?.text == "1")
            #expect(try to.at(0)["amount"]?.isNull == true && to.at(1)["addressTag"]?.text == "77")
        }
    }

    @Test(arguments: [
        (#"{"userId":"u"}"#, "connect"),
        (#"{"userId":"u","verifyWalletOptions":{}}"#, "verify"),
        (
            #"{"userId":"u","transferOptions":{"toAddresses":[{"networkId":"\#(usdc)","symbol":"USDC","#
                + #""address":"a"}]}}"#,
            "transfer"
        ),
    ])
    func knowsTheJourney(body: String, journey: String) async throws {
        try await Harness.run { harness in
            let session = try await harness.openLink(body)
            #expect(session["journey"]?.text == journey)
            #expect(session["transferType"]?.text == (journey == "transfer" ? "deposit" : nil))
            #expect(session["merchant"]?["logoUrl"]?.isNull == true)
        }
    }

    @Test func opensATokenOnceAmongPagesAtTheSameTime() async throws {
        try await Harness.run { harness in
            let code = try await harness.authCode()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask(executorPreference: harness.loop) {
                        try await harness.link("open", #"{"authCode":"\#(code)"}"#).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + [Int](repeating: 410, count: 7))
            let rows = try harness.owner.query(
                "select count(*), min(octet_length(key_digest)) from sandbox.link_session")
            #expect(rows.int64(0, 0) == 1 && rows.int32(0, 1) == 32)
        }
    }

    @Test func tellsUsedExpiredAndUnknownTokensApart() async throws {
        try await Harness.run { harness in
            let (opened, played, late) = (
                try await harness.authCode(), try await harness.mintToken(), try await harness.authCode()
            )
            let body = { (code: String) in #"{"authCode":"\#(code)"}"# }
            #expect(try await harness.link("open", body(opened)).status == 200)
            #expect(try await harness.link("open", body(opened)).error == "410 used")
            #expect(try await harness.complete(played).status == 200)
            let code = try #require(LinkToken(text: Array(played.utf8))?.authCode)
            #expect(try await harness.link("open", body(String(decoding: code, as: UTF8.self))).error == "410 used")
            for unknown in ["x", String(repeating: "A", count: 43), "<script>", "'; drop table x --"] {
                let answer = try await harness.link("open", body(unknown))
                #expect(answer.error == "404 unknown" && !answer.text.contains(unknown))
            }
            harness.clock.advance(by: SandboxLimits.linkTokenLife)
            #expect(try await harness.link("open", body(late)).error == "410 expired")
            #expect(try await harness.link("open", body(opened)).error == "410 used")
        }
    }

    @Test func aControlCallCannotPlayATokenThatAPageOpened() async throws {
        try await Harness.run { harness in
            let token = try await harness.mintToken()
            let code = try #require(LinkToken(text: Array(token.utf8))?.authCode)
            let open = #"{"authCode":"\#(String(decoding: code, as: UTF8.self))"}"#
            #expect(try await harness.link("open", open).status == 200)
            #expect(try await harness.complete(token).status == 409)
            #expect(try harness.owed() == 0)
        }
    }

    // MARK: Sessions

    @Test func asksForASessionThatIsOpen() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey()
            for call in LinkCall.allCases where call != .open {
                for wrong in [nil, "", "x", String(repeating: "A", count: 43), "\(key)x"] {
                    #expect(try await harness.link(call.rawValue, "{}", key: wrong).error == "401 session", "\(call)")
                }
            }
            let other = try await harness.sessionKey()
            #expect(try await harness.link("close", "{}", key: key).text == "{}")
            #expect(try await harness.link("catalogue", "{}", key: key).error == "401 session")
            #expect(try await harness.link("catalogue", "{}", key: other).status == 200)
            harness.clock.advance(by: SandboxLimits.linkSessionLife)
            #expect(try await harness.link("catalogue", "{}", key: other).error == "401 session")
        }
    }

    @Test func readsBodiesStrictly() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey()
            let answers: [(call: String, body: String, field: String?)] = [
                ("host", "", nil), ("host", "{", nil), ("host", "[]", nil), ("host", "{}", "origin"),
                ("host", #"{"origin":null}"#, "origin"), ("host", #"{"origin":7}"#, "origin"),
                ("host", #"{"origin":""}"#, "origin"), ("host", #"{"origin":"a","more":1}"#, nil),
                ("host", #"{"origin":"\#(String(repeating: "a", count: 2_049))"}"#, "origin"),
                ("host", #"{"Origin":"a"}"#, nil), ("host", #"{"origin":"a","origin":"b"}"#, nil),
                ("catalogue", #"{"<script>":1}"#, nil), ("close", #"{"a":1}"#, nil),
            ]
            for (call, body, field) in answers {
                let answer = try await harness.link(call, body, key: key)
                #expect(answer.error == "400 invalid", "\(call) \(body)")
                #expect(answer.json?["error"]?["field"]?.text == field, "\(call) \(body)")
                #expect(!answer.text.contains("<script>"))
            }
            let large = #"{"origin":"\#(String(repeating: "a", count: SandboxLimits.linkBodyBytes))"}"#
            #expect(try await harness.link("host", large, key: key).error == "413 invalid")
            var headers = ["Content-Type": "text/plain", "X-Link-Session": key]
            let typed = try await harness.call(.post, "/link/v1/host", #"{"origin":"a"}"#, headers: headers)
            #expect(typed.error == "415 invalid")
            headers["Content-Type"] = "application/json"
            for path in ["/link/v1/other", "/link/v1/OPEN", "/link/v1/%6Fpen"] {
                #expect(try await harness.call(.post, path, "{}", headers: headers).error == "404 unknown")
            }
            #expect(try await harness.call(.get, "/link/v1/open", headers: [:]).status == 405)
        }
    }

    // MARK: host

    @Test func allowsHostsThatTheMerchantListed() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey()
            let host = { (origin: String) in
                let answer = try await harness.link("host", #"{"origin":"\#(origin)"}"#, key: key)
                return answer.error ?? answer.text
            }
            #expect(try await host("https://any.example") == "{}")
            #expect(try await host("null") == "{}")
            let accounts = AccountStore(database: harness.database)
            try await accounts.setCallbackUrls([Array("https://*.shop.example/".utf8)], of: Harness.clientId)
            #expect(try await host("https://a.shop.example") == "{}")
            #expect(try await host("http://127.0.0.1:8083") == "{}")
            for origin in ["https://any.example", "https://shop.example", "http://a.shop.example", "null"] {
                #expect(try await host(origin) == "403 originNotAllowed")
            }
        }
    }

    // MARK: catalogue

    @Test func offersWhatTheTokenAndTheMerchantLeave() async throws {
        try await Harness.run { harness in
            let names = { (body: String) in
                let key = try #require(try await harness.openLink(body)["sessionKey"]?.text)
                let answer = try await harness.link("catalogue", "{}", key: key)
                return try #require(answer.json?["integrations"]).elements.compactMap { $0["name"]?.text }
            }
            let to = { (network: String) in
                #"{"userId":"u","transferOptions":{"toAddresses":[{"networkId":"\#(network)","symbol":"S","#
                    + #""address":"a"}]}}"#
            }
            #expect(try await names(#"{"userId":"u"}"#).count == CatalogueIntegration.all.count)
            let managed = ["Coinbase", "Binance", "MetaMask", "Rainbow", "Phantom"]
            #expect(try await names(to(LinkSessionTests.usdc)) == managed)
            let bitcoin = "0880db06-7c7c-4738-898f-cf74efc03c47"
            #expect(try await names(to(bitcoin)) == ["Coinbase", "Binance"])
            #expect(try await names(to("00000000-0000-0000-0000-000000000001")) == [])
            let solana = #"{"userId":"u","verifyWalletOptions":{"networkType":"solana"}}"#
            #expect(try await names(solana) == ["Phantom"])
            let accounts = AccountStore(database: harness.database)
            let configure = { (json: String) in
                let catalog = try CatalogConfiguration.parse(Array(#"{"catalogConfiguration":\#(json)}"#.utf8))
                _ = try await accounts.setCatalog(catalog, of: Harness.clientId)
            }
            try await configure(#"{"excludeIntegrationCategories":["exchange"]}"#)
            #expect(try await names(to(LinkSessionTests.usdc)) == ["MetaMask", "Rainbow", "Phantom"])
            try await configure(#"{"excludeIntegrations":["721a5035-029f-4e05-bf3c-009da2fe381b"]}"#)
            #expect(try await names(to(bitcoin)) == ["Binance"])
            try await configure(#"{"integrationWhiteList":["721a5035-029f-4e05-bf3c-009da2fe381b"]}"#)
            #expect(try await names(#"{"userId":"u"}"#) == ["Coinbase"])
        }
    }
}

extension Harness {
    func link(_ call: String, _ body: String, key: String? = nil) async throws -> Answer {
        var headers = ["Content-Type": "application/json"]
        headers["X-Link-Session"] = key
        return try await self.call(.post, "/link/v1/\(call)", body, headers: headers)
    }

    /// The auth code of a new token.
    func authCode(_ body: String = #"{"userId":"u"}"#) async throws -> String {
        let token = try await mint(body).json?["content"]?["linkToken"]?.string ?? []
        return String(decoding: try #require(LinkToken(text: token)).authCode, as: UTF8.self)
    }

    /// What `open` answers for a new token.
    func openLink(_ body: String = #"{"userId":"u"}"#) async throws -> JSONValue {
        let answer = try await link("open", #"{"authCode":"\#(try await authCode(body))"}"#)
        #expect(answer.status == 200)
        return try #require(answer.json)
    }

    func sessionKey(_ body: String = #"{"userId":"u"}"#) async throws -> String {
        try #require(try await openLink(body)["sessionKey"]?.text)
    }
}

extension Harness.Answer {
    /// Status and code of a refusal of the Link page's calls; nil for anything else.
    var error: String? { json?["error"]?["code"]?.text.map { "\(status) \($0)" } }
}
