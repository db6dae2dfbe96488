import Domain
import Testing

@testable import Sandbox

@Suite struct CompletionTests {
    private static let token = String(
        decoding: LinkToken().text(
            baseURL: "http://x", clientId: UUIDValue(high: 0, low: 0), restrictMultipleAccounts: true), as: UTF8.self)

    private func parse(_ members: String) throws(Completion.Fault) -> Completion {
        try Completion.parse(Array(#"{"linkToken":"\#(CompletionTests.token)",\#(members)}"#.utf8))
    }

    private func words(_ completion: Completion) -> [String] {
        completion.statuses.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func knowsThreeOutcomes() throws {
        #expect(words(try parse(#""outcome":"succeeded""#)) == ["Pending", "Succeeded"])
        #expect(words(try parse(#""outcome":"failed""#)) == ["Pending", "Failed"])
        #expect(words(try parse(#""outcome":"pending""#)) == ["Pending"])
    }

    @Test func knowsThreeRefunds() throws {
        let paid = ["Pending", "Succeeded", "RefundPending"]
        #expect(words(try parse(#""outcome":"refundPending""#)) == paid)
        #expect(words(try parse(#""outcome":"refundSucceeded""#)) == paid + ["RefundSucceeded"])
        #expect(words(try parse(#""outcome":"refundFailed""#)) == paid + ["RefundFailed"])
    }

    @Test func refundsHaveADelayOfTheirOwn() throws {
        let refund = #""outcome":"refundSucceeded","delayMs":10"#
        #expect(try parse(refund).offsets == [0, 10, 20, 30])
        #expect(try parse(refund + #","refundDelayMs":500"#).offsets == [0, 10, 510, 1_010])
    }

    @Test func leavesOpenWhatItDoesNotSay() throws {
        let open = try Completion.parse(Array(#"{"linkToken":"x","duplicates":1}"#.utf8))
        #expect(!open.isDecided && open.duplicates == 1 && words(open) == ["Pending", "Succeeded"])
        #expect(try parse(#""outcome":"failed""#).isDecided)
        #expect(try parse(#""webhooks":["Odd"]"#).isDecided)
    }

    @Test func takesAListOfStatusesInstead() throws {
        let completion = try parse(#""outcome":"succeeded","webhooks":["Succeeded","RefundPending","Odd"]"#)
        #expect(words(completion) == ["Succeeded", "RefundPending", "Odd"])
    }

    @Test func losesTheWebhooksOfTheStatusesItIsTold() throws {
        let completion = try parse(#""outcome":"succeeded","lost":["SUCCEEDED"]"#)
        #expect(words(completion) == ["Pending", "Succeeded"])
        #expect(completion.statuses.map(completion.loses) == [false, true])
        let none = try parse(#""outcome":"succeeded""#)
        #expect(none.statuses.map(none.loses) == [false, false])
    }

    @Test func takesDelayAndDuplicatesAtTheirLimits() throws {
        let least = try parse(#""outcome":"pending","delayMs":0,"duplicates":0"#)
        #expect(least.delayMilliseconds == 0 && least.duplicates == 0)
        let most = try parse(#""outcome":"pending","delayMs":3600000,"duplicates":20"#)
        #expect(most.delayMilliseconds == 3_600_000 && most.duplicates == 20)
    }

    @Test(arguments: [
        (#""outcome":"Succeeded""#, "outcome"), (#""outcome":null"#, "outcome"), (#""delayMs":1"#, "delayMs"),
        (#""refundDelayMs":1"#, "refundDelayMs"),
        (#""outcome":"failed","delayMs":-1"#, "delayMs"), (#""outcome":"failed","delayMs":3600001"#, "delayMs"),
        (#""outcome":"failed","delayMs":1.5"#, "delayMs"), (#""outcome":"failed","delayMs":"1""#, "delayMs"),
        (#""outcome":"failed","duplicates":21"#, "duplicates"),
        (#""outcome":"failed","duplicates":null"#, "duplicates"),
        (#""outcome":"failed","webhooks":[]"#, "webhooks"), (#""outcome":"failed","webhooks":"Failed""#, "webhooks"),
        (#""outcome":"failed","lost":[]"#, "lost"), (#""outcome":"failed","lost":"Failed""#, "lost"),
        (#""outcome":"failed","webhooks":[""]"#, "webhooks"), (#""outcome":"failed","webhooks":[1]"#, "webhooks"),
    ])
    func namesTheFieldThatIsNotRight(members: String, field: String) {
        do throws(Completion.Fault) {
            _ = try parse(members)
            Issue.record("accepted")
        } catch { #expect(error.field == field) }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"outcome":"failed"}"#, #"{"linkToken":"a","paymentLink":"b","outcome":"failed"}"#,
        #"{"linkToken":"a","outcome":"failed","Outcome":"failed"}"#,
        #"{"linkToken":"a","outcome":"failed","secret<":1}"#,
        #"{"linkToken":"a","linkToken":"a","outcome":"failed"}"#,
    ])
    func refusesOtherBodiesWithoutEchoingThem(body: String) {
        do throws(Completion.Fault) {
            _ = try Completion.parse(Array(body.utf8))
            Issue.record("accepted")
        } catch {
            #expect(error.field == nil)
            #expect(!error.message.contains("secret<"))
        }
    }

    @Test func knowsNoTokenInOtherText() throws {
        let completion = try Completion.parse(Array(#"{"linkToken":"abc","outcome":"failed"}"#.utf8))
        #expect(completion.token == nil)
    }
}
