import JSON
import TestSupport
import Testing

extension EndToEnd {
    /// Subgate under an upstream that is slow, busy, broken or silent: merchants get Mesh's envelope, and no session is
    /// made of a token that did not come.
    @Suite struct CallFaultTests {
        private struct Case {
            let fault: String
            let status: Int
            var word = "serverFailure"
            var retryAfter: String?
        }

        private static let cases = [
            Case(fault: #""answer":"serverFailure""#, status: 502),
            Case(fault: #""answer":"unavailable","retryAfterSeconds":3"#, status: 502),
            Case(fault: #""answer":"unavailable""#, status: 502),
            Case(
                fault: #""answer":"tooManyRequests","retryAfterSeconds":7"#, status: 429, word: "tooManyRequest",
                retryAfter: "7"),
            // Mesh documents none; a merchant's client is told something all the same.
            Case(fault: #""answer":"tooManyRequests""#, status: 429, word: "tooManyRequest", retryAfter: "1"),
            // The PSP's keys are the PSP's business.
            Case(fault: #""answer":"unauthorized""#, status: 502), Case(fault: #""answer":"dropAnswer""#, status: 502),
            Case(fault: #""answer":"cut""#, status: 502), Case(fault: #""answer":"malformed""#, status: 502),
            Case(fault: #""delayMs":500"#, status: 200, word: "ok"),
            Case(fault: #""answer":"hang""#, status: 503, retryAfter: "1"),
        ]

        @Test func linkTokens() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                var minted = 0
                for one in Self.cases {
                    try scene.force(#"{"uses":1,"call":{"operations":["createLinkToken"],\#(one.fault)}}"#)
                    let answer = try scene.order().answer
                    check(answer, one)
                    if one.status == 200 { minted += 1 }
                    #expect(try scene.sessions() == minted, "\(one.fault)")
                    #expect(try scene.rulesLeft() == 0)
                }
                // The next one is minted as if nothing had been, and what others were told is theirs alone.
                #expect(try scene.order().answer.status == 200)
                #expect(scene.stage.node.isReady)
                #expect(!scene.stage.node.log.contains(Stage.upstreamSecret))
            }
        }

        @Test func listsThatWereReadBeforeAreGivenWhileTheUpstreamFails() async throws {
            try await onOwnThread {
                // What is kept is kept by each loop.
                let scene = try FaultScene(arguments: ["--reconcile-interval", "0", "--loops", "1"])
                let lists = ["networks", "tokens", "managedIntegrations", "integrations", "status"]
                let operations = lists.map { "\"\($0)\"" }.joined(separator: ",")
                try scene.force(#"{"call":{"operations":[\#(operations)],"answer":"malformed"}}"#)
                let path = "/api/v1/transfers/managed/networks"
                let none = try scene.merchant.call("GET", path)
                #expect(none.status == 502)
                #expect(try JSONDocument.parse(none.body).root["status"]?.text == "serverFailure")
                // The account's removal is passed on as it is, and fails as it does.
                let removal = #"{"authToken":"token","type":"coinbase"}"#
                for (fault, status) in [(#""answer":"cut""#, 502), (#""answer":"tooManyRequests""#, 429)] {
                    try scene.force(#"{"uses":1,"call":{"operations":["removeAccount"],\#(fault)}}"#)
                    #expect(try scene.merchant.call("DELETE", "/api/v1/account", removal).status == status)
                }
                try scene.force()
                try Patience.wait(until: "the list") { try scene.merchant.call("GET", path).status == 200 }
                try scene.force(#"{"call":{"operations":["networks"],"answer":"hang"}}"#)
                #expect(try scene.merchant.call("GET", path).status == 200)
            }
        }

        private func check(_ answer: HTTPAnswer, _ one: Case) {
            #expect(answer.status == one.status, "\(one.fault): \(answer.text)")
            #expect(answer.header("retry-after") == one.retryAfter, "\(one.fault)")
            let root = try? JSONDocument.parse(answer.body).root
            #expect(root?["status"]?.text == one.word, "\(one.fault)")
            #expect(root?["errorHash"]?.text != nil && root?["content"]?.isNull == (one.status != 200), "\(one.fault)")
        }
    }
}
