import Crypto
import JSON
import TestSupport
import Testing

extension EndToEnd {
    /// Users on the sandbox's Link page, of link tokens that Subgate minted: what their merchants see of it.
    @Suite struct LinkPageFlowTests {
        @Test func aPaymentOnTheLinkPageReachesTheMerchant() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                let order = try scene.order(amount: "25.50")
                let page = try LinkVisit(order.answer.json(200).text(at: "content.linkToken"))
                #expect(page.session["journey"]?.text == "transfer")
                #expect(page.session["transferType"]?.text == "payment")
                #expect(page.session["amountInFiat"]?.text == "25.5")
                let account = try page.connect()
                let id = try page.call(
                    "preview",
                    """
                    {"accountId":"\(account)","symbol":"USDC","networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611"}
                    """
                ).json(200).text(at: "previewId")
                let body = #"{"previewId":"\#(id)","mfaCode":"123456"}"#
                let done = try page.call("execute", body).json(200)
                #expect(done["status"]?.text == "succeeded")
                #expect(
                    try Set(scene.types(order.transactionID, 2)) == ["transfer.pending", "transfer.succeeded"])
                let transfer = try #require(try scene.transfer(order.transactionID))
                #expect(transfer["status"]?.text == "succeeded")
                #expect(transfer["upstreamTransferId"]?.text == id)
                // One use: neither the page nor another payment gets in again.
                #expect(try page.openAgain().status == 410)
                #expect(try page.call("execute", body).status == 422)
            }
        }

        /// Mesh knows users by the names it is told: those of two merchants must not be one person.
        @Test func aReturningUserIsTheirMerchantsAlone() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                let other = try scene.stage.merchant("bob")
                let visit = { (merchant: Merchant, user: String) in
                    let body = """
                        {"userId":"\(user)","transferOptions":{"toAddresses":[{"networkId":\
                        "e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC",\
                        "address":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}
                        """
                    return try LinkVisit(
                        merchant.call("POST", "/api/v1/linktoken", body).json(200).text(at: "content.linkToken"))
                }
                let first = try visit(scene.merchant, "user-1")
                _ = try first.connect()
                let token = try #require(first.tokenId)
                let resumed = { (visit: LinkVisit) in
                    let body = #"{"accessTokens":[{"accessToken":"\#(token)"}]}"#
                    return try visit.call("resume", body).json(200)["accounts"]?.elements.map { $0["tokenId"]?.text }
                }
                #expect(try resumed(try visit(scene.merchant, "user-1")) == [token])
                #expect(try resumed(try visit(scene.merchant, "user-2")) == [])
                #expect(try resumed(try visit(other, "user-1")) == [])
            }
        }
    }
}

/// A user's visit to the Link page of one token, as the page makes it.
final class LinkVisit {
    let session: JSONValue
    /// Of the account that was connected last.
    private(set) var tokenId: String?
    private let port: UInt16
    private let authCode: String
    private let key: String

    init(_ linkToken: String) throws {
        let url = String(decoding: Base64.decode(Array(linkToken.utf8)) ?? [], as: UTF8.self)
        guard let code = url.split(separator: "auth_code=").last?.prefix(43), url.hasPrefix("http://"),
            let port = url.split(separator: "/").dropFirst().first?.split(separator: ":").last.flatMap({ UInt16($0) })
        else { throw Unexpected("no link token of the sandbox") }
        (self.port, authCode) = (port, String(code))
        session = try Caller(port: port, headers: [])("POST", "/link/v1/open", #"{"authCode":"\#(code)"}"#).json(200)
        key = session["sessionKey"]?.text ?? ""
    }

    func openAgain() throws -> HTTPAnswer {
        try Caller(port: port, headers: [])("POST", "/link/v1/open", #"{"authCode":"\#(authCode)"}"#)
    }

    func call(_ name: String, _ body: String) throws -> HTTPAnswer {
        try Caller(port: port, headers: [("X-Link-Session", key)])("POST", "/link/v1/\(name)", body)
    }

    /// Signs in at Coinbase as the user who has everything; the account's id.
    func connect() throws -> String {
        let coinbase = "721a5035-029f-4e05-bf3c-009da2fe381b"
        _ = try call(
            "connect", #"{"integrationId":"\#(coinbase)","username":"Mesh","password":"Pass123"}"#
        ).json(200)
        let account = try call("mfa", #"{"code":"123456"}"#).json(200)["account"]
        tokenId = account?["tokenId"]?.text
        guard let id = account?["accountId"]?.text else { throw Unexpected("no account") }
        return id
    }
}
