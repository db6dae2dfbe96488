import Crypto
import Testing

@testable import Upstream

@Suite struct LinkTokenOutcomeTests {
    private func token(_ url: String) -> String { String(decoding: Base64.encode(Array(url.utf8)), as: UTF8.self) }

    private func outcome(_ status: Int, _ body: String, retryAfter: String? = nil) -> LinkTokenOutcome {
        LinkTokenOutcome(status: status, retryAfter: retryAfter.map { Array($0.utf8) }, body: Array(body.utf8))
    }

    @Test func aTokenIsTakenFromTheContent() {
        let link = token("https://web.meshconnect.com/b2b-iframe/x/broker-connect?auth_code=y")
        let minted = MintedLinkToken(
            linkToken: Array(link.utf8), paymentLink: nil, errorHash: Array("8d443794".utf8), teamCode: nil)
        #expect(
            outcome(
                200, #"{"content":{"linkToken":"\#(link)","paymentLink":null},"status":"ok","errorHash":"8d443794"}"#)
                == .minted(minted))
    }

    @Test func anythingElseIsNoToken() {
        let script = token("javascript:alert(1)")
        let spaced = token("https://a b")
        for body in [
            "", "{", "[]", #"{"content":null}"#, #"{"content":{"linkToken":null}}"#, #"{"linkToken":"x"}"#,
            #"{"content":{"linkToken":"not base64"}}"#, #"{"content":{"linkToken":"\#(script)"}}"#,
            #"{"content":{"linkToken":"\#(spaced)"}}"#,
            #"{"content":{"linkToken":"\#(token("https://x"))","paymentLink":"javascript:x"}}"#,
        ] {
            #expect(outcome(200, body) == .failed(reason: "unreadableAnswer"), "\(body)")
        }
    }

    @Test func aRefusalKeepsItsWords() {
        let refusal = UpstreamRefusal(
            message: Array("Bad".utf8), displayMessage: Array("Try".utf8), errorType: Array("invalidField".utf8),
            errorHash: Array("1".utf8), teamCode: Array("P4".utf8))
        #expect(
            outcome(
                400,
                #"{"status":"badRequest","message":"Bad","displayMessage":"Try","errorType":"invalidField","#
                    + #""errorHash":"1","teamCode":"P4"}"#
            ) == .refused(refusal))
        #expect(outcome(400, "<html>") == .failed(reason: "unreadableRefusal"))
    }

    @Test func statusesMeanWhoIsToMendThem() {
        for status in [401, 403, 404] { #expect(outcome(status, "") == .keysRefused(status: status)) }
        for status in [301, 204, 418, 500, 503] { #expect(outcome(status, "") == .failed(reason: "status\(status)")) }
        #expect(outcome(429, "") == .tooManyRequests(retryAfter: nil))
        #expect(outcome(429, "", retryAfter: "7") == .tooManyRequests(retryAfter: 7))
        for text in ["0", "-1", "+7", "3601", "soon", "99999999999999999999"] {
            #expect(outcome(429, "", retryAfter: text) == .tooManyRequests(retryAfter: nil))
        }
    }
}
