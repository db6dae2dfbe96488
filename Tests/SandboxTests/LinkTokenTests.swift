import Domain
import Foundation
import TestSupport
import Testing

@testable import Sandbox

@Suite struct LinkTokenTests {
    private let baseURL = "http://127.0.0.1:8083"
    private let clientId = UUIDValue(high: 1, low: 2)

    private func text(_ token: LinkToken, restricts: Bool = true) -> [UInt8] {
        token.text(baseURL: baseURL, clientId: clientId, restrictMultipleAccounts: restricts)
    }

    @Test func isPaddedBase64OfAnAbsoluteURL() throws {
        let token = LinkToken()
        let data = try #require(Data(base64Encoded: Data(text(token, restricts: false))))
        let url = try #require(URLComponents(string: String(decoding: data, as: UTF8.self)))
        #expect(url.scheme == "http" && url.host == "127.0.0.1" && url.port == 8083)
        #expect(url.path == "/b2b-iframe/00000000-0000-0001-0000-000000000002/broker-connect")
        let items = try #require(url.queryItems)
        #expect(items.map(\.name) == ["auth_code", "restrictMultipleAccounts", "link_style"])
        #expect(try items.at(0).value == String(decoding: token.authCode, as: UTF8.self))
        #expect(try items.at(0).value?.count == 43)
        #expect(try items.at(1).value == "false")
        let encoded = try #require(items.at(2).value)
        let style = try #require(Data(base64Encoded: encoded))
        let members = try #require(try JSONSerialization.jsonObject(with: style) as? [String: Any])
        #expect(members["ir"] as? Int == 24)
        #expect(members["io"] as? Double == 0.6)
        #expect(members["th"] as? String == "light")
    }

    @Test func isNeverTheSame() { #expect(LinkToken().authCode != LinkToken().authCode) }

    @Test func isFoundAgainInItsText() throws {
        let token = LinkToken()
        #expect(LinkToken(text: text(token))?.authCode == token.authCode)
    }

    @Test func isFoundAgainAfterParametersWereAdded() throws {
        let token = LinkToken()
        let url = try #require(Data(base64Encoded: Data(text(token)))) + Data("&th=dark&lng=en&auth_code=x#frag".utf8)
        #expect(LinkToken(text: Array(url.base64EncodedString().utf8))?.authCode == token.authCode)
    }

    @Test func paymentLinkCarriesItPercentEncoded() throws {
        for _ in 0..<50 {
            let token = LinkToken()
            let link = LinkToken.paymentLink(baseURL: baseURL, token: text(token))
            let url = try #require(URLComponents(string: String(decoding: link, as: UTF8.self)))
            #expect(url.path == "/paylink")
            #expect(url.queryItems?.first?.value == String(decoding: text(token), as: UTF8.self))
            #expect(!link.drop { $0 != UInt8(ascii: "?") }.contains(UInt8(ascii: "+")))
            #expect(LinkToken(paymentLink: link)?.authCode == token.authCode)
        }
    }

    @Test(arguments: [
        "", "not base64!", "aHR0cDovLzEyNy4wLjAuMTo4MDgz", "YT9hdXRoX2NvZGU9c2hvcnQ=",
        Data("http://x/?auth_code=\(String(repeating: "*", count: 43))".utf8).base64EncodedString(),
    ])
    func isNotFoundInOtherTexts(text: String) { #expect(LinkToken(text: Array(text.utf8)) == nil) }

    @Test func percentCodingGivesBackAllBytes() throws {
        let all = [UInt8](0...255)
        #expect(PercentCoding.decode(PercentCoding.encode(all)) == all)
        #expect(PercentCoding.decode("%2".utf8) == nil)
        #expect(PercentCoding.decode("%zz".utf8) == nil)
    }
}
