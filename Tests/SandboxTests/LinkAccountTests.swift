import Domain
import HTTPClient
import JSON
import Testing

@testable import Sandbox

/// Accounts that are connected on the Link page, over HTTP.
@Suite struct LinkAccountTests {
    static let coinbase = "721a5035-029f-4e05-bf3c-009da2fe381b"
    static let metaMask = "7f150524-34b9-45df-9e77-69b10f4205b4"

    // MARK: Exchanges

    @Test func signsInWithACode() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey()
            #expect(try await harness.link("mfa", #"{"code":"123456"}"#, key: key).error == "400 invalid")
            let connect = { (user: String, password: String) in
                let id = LinkAccountTests.coinbase
                let body = #"{"integrationId":"\#(id)","username":"\#(user)","password":"\#(password)"}"#
                return try await harness.link("connect", body, key: key)
            }
            #expect(try await connect("Mesh", "pass123").error == "422 wrongCredentials")
            #expect(try await connect("Nobody", "Pass123").error == "422 wrongCredentials")
            let wrong = try await connect("<script>", "<script>")
            #expect(wrong.error == "422 wrongCredentials" && !wrong.text.contains("script"))
            #expect(try await harness.link("mfa", #"{"code":"123456"}"#, key: key).error == "400 invalid")
            #expect(try await connect("Mesh", "Pass123").text == #"{"next":"mfa"}"#)
            #expect(try await harness.link("mfa", #"{"code":"000000"}"#, key: key).error == "422 wrongCode")
            // Another session's sign-in is none of this one's.
            let other = try await harness.sessionKey()
            #expect(try await harness.link("mfa", #"{"code":"123456"}"#, key: other).error == "400 invalid")
            let answer = try await harness.link("mfa", #"{"code":"123456"}"#, key: key)
            #expect(answer.json?["next"]?.text == "connected")
            let account = try #require(answer.json?["account"])
            for (member, text) in [
                ("brokerType", "sandboxCoinbase"), ("brokerName", "Coinbase"), ("kind", "exchange"),
                ("integrationId", LinkAccountTests.coinbase), ("cash", "10000000"),
            ] { #expect(account[member]?.text == text, "\(member)") }
            #expect(account["address"]?.isNull == true)
            #expect(account["tokenId"]?.text == account["accessToken"]?.text)
            #expect(account["meshAccountId"]?.string.flatMap { UUIDValue(text: $0) } != nil)
            #expect((account["expiresInSeconds"]?.integer ?? 0) > 0)
            #expect(account["fund"]?.string.flatMap { Amount(plain: $0) } ?? .zero > Amount(whole: 10_000_000))
            #expect(try await harness.link("mfa", #"{"code":"123456"}"#, key: key).error == "400 invalid")
        }
    }

    @Test func connectsOnlyWhatTheSessionOffers() async throws {
        try await Harness.run { harness in
            let bitcoin = #"{"networkId":"0880db06-7c7c-4738-898f-cf74efc03c47","symbol":"BTC","address":"a"}"#
            let key = try await harness.sessionKey(
                #"{"userId":"u","transferOptions":{"toAddresses":[\#(bitcoin)]}}"#)
            let robinhood = "3f98e277-4cbd-47ad-9c90-a9587403e430"
            for id in [LinkAccountTests.metaMask, robinhood, "00000000-0000-0000-0000-000000000001"] {
                let body = #"{"integrationId":"\#(id)","username":"Mesh","password":"Pass123"}"#
                let answer = try await harness.link("connect", body, key: key)
                #expect(answer.error == "400 invalid" && answer.json?["error"]?["field"]?.text == "integrationId")
            }
            for id in [LinkAccountTests.metaMask, LinkAccountTests.coinbase] {
                let body = #"{"integrationId":"\#(id)","networkType":"evm"}"#
                #expect(try await harness.link("connectWallet", body, key: key).error == "400 invalid")
            }
            for body in [
                "{}", #"{"integrationId":"x","username":"a","password":"b"}"#,
                #"{"integrationId":"\#(LinkAccountTests.coinbase)","password":"b"}"#,
                #"{"integrationId":"\#(LinkAccountTests.coinbase)","username":"","password":"b"}"#,
            ] { #expect(try await harness.link("connect", body, key: key).error == "400 invalid", "\(body)") }
        }
    }

    // MARK: Wallets

    @Test func connectsWalletsAtOnce() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey()
            let account = try await harness.connectWallet(key)
            #expect(account["kind"]?.text == "wallet" && account["brokerName"]?.text == "MetaMask")
            #expect(account["address"]?.text == account["accountId"]?.text)
            #expect(account["address"]?.text?.hasPrefix("0x") == true)
            #expect(account["tokenId"]?.isNull == true)
            for type in ["solana", "bitcoin", "x", "<script>"] {
                let body = #"{"integrationId":"\#(LinkAccountTests.metaMask)","networkType":"\#(type)"}"#
                let answer = try await harness.link("connectWallet", body, key: key)
                #expect(answer.error == "400 invalid" && answer.json?["error"]?["field"]?.text == "networkType")
            }
        }
    }

    @Test func walletsSign() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey(
                #"{"userId":"u-1","verifyWalletOptions":{"message":"It is <me> & \"mine\""}}"#)
            let id = try #require(try await harness.connectWallet(key)["accountId"]?.text)
            let sign = { (accept: String) in
                try await harness.link("sign", #"{"accountId":"\#(id)","accept":\#(accept)}"#, key: key)
            }
            #expect(try await sign("false").text == #"{"rejected":true}"#)
            #expect(try await sign("\"true\"").error == "400 invalid")
            let signed = try #require(try await sign("true").json)
            #expect(signed["message"]?.text == #"It is <me> & "mine""#)
            #expect(signed["address"]?.text == id && signed["isVerified"]?.bool == true)
            #expect(signed["verifiedAddresses"]?.elements.map(\.text) == [id])
            #expect(signed["signedMessageHash"]?.text?.utf8.count == 132)
            #expect((signed["timeStamp"]?.integer ?? 0) > 1_600_000_000_000)
            let kept = try await VerificationStore(database: harness.database).list(
                userId: Array("u-1".utf8), address: nil, of: Harness.clientId)
            #expect(kept.map(\.address) == [Array(id.utf8)])
            #expect(kept.map(\.message) == [Array(#"It is <me> & "mine""#.utf8)])
        }
    }

    @Test func aWalletOfAnotherAddressIsNotVerified() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey(
                #"{"userId":"u-2","verifyWalletOptions":{"addresses":["0x00"],"networkType":"evm"}}"#)
            let id = try #require(try await harness.connectWallet(key)["accountId"]?.text)
            let signed = try await harness.link("sign", #"{"accountId":"\#(id)","accept":true}"#, key: key)
            #expect(signed.json?["isVerified"]?.bool == false)
            #expect(signed.json?["verifiedAddresses"]?.elements.map(\.text) == [])
            let upper = "0x" + id.dropFirst(2).uppercased()
            let same = try await harness.sessionKey(
                #"{"userId":"u-2","verifyWalletOptions":{"addresses":["0x00","\#(upper)"]}}"#)
            _ = try await harness.connectWallet(same)
            let again = try await harness.link("sign", #"{"accountId":"\#(id)","accept":true}"#, key: same)
            #expect(again.json?["isVerified"]?.bool == true)
            // A token that asks for no signature, and an exchange, have nothing to sign.
            let plain = try await harness.sessionKey()
            _ = try await harness.connectWallet(plain)
            let nothing = try await harness.link("sign", #"{"accountId":"\#(id)","accept":true}"#, key: plain)
            #expect(nothing.error == "400 invalid")
        }
    }

    // MARK: Returning users

    @Test func letsAUserBackInByATokenThatTheMerchantKept() async throws {
        try await Harness.run { harness in
            let account = try await harness.connectExchange(try await harness.sessionKey())
            let token = try #require(account["tokenId"]?.text)
            let resume = { (token: String, user: String) in
                let key = try await harness.sessionKey(#"{"userId":"\#(user)"}"#)
                let stored =
                    #"{"accountId":"a","accountName":"n","accessToken":"\#(token)","brokerType":"b","brokerName":""}"#
                return (key, try await harness.link("resume", #"{"accessTokens":[\#(stored)]}"#, key: key))
            }
            let (key, answer) = try await resume(token, "u")
            let accounts = try #require(answer.json?["accounts"]).elements.map { $0 }
            #expect(accounts.map { $0["meshAccountId"]?.text } == [account["meshAccountId"]?.text])
            #expect(accounts.first?["tokenId"]?.text == token)
            // It is the session's now.
            let id = try #require(accounts.first?["accountId"]?.text)
            let options = try await harness.link("options", #"{"accountId":"\#(id)"}"#, key: key)
            #expect(options.json?["error"]?["field"] == nil)
            // Nobody else's, and nothing that is no token, lets anyone in.
            for (other, user) in [(token, "somebody"), ("x", "u"), (String(repeating: "A", count: 47), "u"), ("", "u")]
            {
                #expect(try await resume(other, user).1.text == #"{"accounts":[]}"#)
            }
        }
    }

    @Test func readsStoredTokensStrictly() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey()
            for (body, field) in [
                ("{}", "accessTokens"), (#"{"accessTokens":{}}"#, "accessTokens"),
                (#"{"accessTokens":[1]}"#, "accessTokens[0]"),
                (#"{"accessTokens":[{}]}"#, "accessTokens[0].accessToken"),
                (#"{"accessTokens":[{"accessToken":"x"},{"accessToken":1}]}"#, "accessTokens[1].accessToken"),
                (
                    #"{"accessTokens":[\#([String](repeating: "{}", count: 11).joined(separator: ","))]}"#,
                    "accessTokens"
                ),
            ] {
                let answer = try await harness.link("resume", body, key: key)
                #expect(answer.error == "400 invalid" && answer.json?["error"]?["field"]?.text == field, "\(body)")
            }
            let unknown = try await harness.link("resume", #"{"accessTokens":[{"more":1}]}"#, key: key)
            #expect(unknown.error == "400 invalid")
        }
    }

    @Test func anAccountBelongsToTheSessionThatConnectedIt() async throws {
        try await Harness.run { harness in
            let to = try await harness.sessionKey(LinkTransferTests.token)
            let id = try #require(try await harness.connectExchange(to)["accountId"]?.text)
            #expect(try await harness.link("options", #"{"accountId":"\#(id)"}"#, key: to).status == 200)
            let other = try await harness.sessionKey(LinkTransferTests.token)
            for call in ["options", "sign", "preview"] {
                let body = #"{"accountId":"\#(id)"\#(call == "sign" ? #","accept":true"# : "")}"#
                let answer = try await harness.link(call, body, key: other)
                #expect(
                    answer.error == "400 invalid" && answer.json?["error"]?["field"]?.text == "accountId", "\(call)")
            }
        }
    }
}

extension Harness {
    /// The account of a test user at Coinbase, connected in a session.
    func connectExchange(_ key: String, user: String = "Mesh") async throws -> JSONValue {
        let body = #"{"integrationId":"\#(LinkAccountTests.coinbase)","username":"\#(user)","password":"Pass123"}"#
        #expect(try await link("connect", body, key: key).status == 200)
        return try #require(try await link("mfa", #"{"code":"123456"}"#, key: key).json?["account"])
    }

    func connectWallet(_ key: String) async throws -> JSONValue {
        let body = #"{"integrationId":"\#(LinkAccountTests.metaMask)","networkType":"evm"}"#
        return try #require(try await link("connectWallet", body, key: key).json?["account"])
    }
}
