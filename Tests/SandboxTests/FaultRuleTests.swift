import Domain
import JSON
import Testing

@testable import Sandbox

/// What may be put as a rule, and what it reads back as.
@Suite struct FaultRuleTests {
    private func parse(_ rules: String...) throws(Completion.Fault) -> [FaultRule] {
        try FaultRule.parse(Array(#"{"rules":[\#(rules.joined(separator: ","))]}"#.utf8))
    }

    private static let client = "11112222-3333-4444-8555-666677778888"

    @Test(arguments: [
        #"{"transfer":{"previewFailure":"InsufficientFunds"}}"#,
        #"{"clientId":"\#(client)","userId":"ü","transactionId":"t","uses":3,"transfer":{"mfa":false}}"#,
        #"{"uses":1000000,"transfer":{"executeFailure":"PreviewExpired","mfa":true}}"#,
        #"{"transfer":{"outcome":"refundFailed","delayMs":60000,"refundDelayMs":3600000}}"#,
        #"{"transfer":{"statuses":["Pending","Odd"],"delayMs":1}}"#,
        #"{"webhooks":{"of":["Pending"],"duplicates":20,"delayMs":3600000,"lost":true,"reversed":true,"#
            + #""nullFields":["TxHash"],"missingFields":["SourceAmount","Timestamp"],"status":"Odd","#
            + #""amount":"0.5","wrongSignatures":100}}"#,
        #"{"uses":1,"call":{"operations":["createLinkToken","uploadLogo"],"answer":"tooManyRequests","#
            + #""delayMs":30000,"retryAfterSeconds":7}}"#,
        #"{"call":{"answer":"hang"}}"#, #"{"call":{"delayMs":1}}"#,
    ])
    func readsWhatItWrote(rule: String) throws {
        let parsed = try parse(rule)
        #expect(parsed.count == 1)
        #expect(String(decoding: parsed[0].json, as: UTF8.self) == rule)
        #expect(FaultRule(json: parsed[0].json) == parsed[0])
    }

    @Test(arguments: [
        (#"{}"#, "rules[0]"), (#"[]"#, "rules[0]"), (#"{"x":1,"call":{"answer":"hang"}}"#, "rules[0]"),
        (#"{"transfer":{"mfa":true},"call":{"answer":"hang"}}"#, "rules[0]"),
        (#"{"clientId":"x","call":{"answer":"hang"}}"#, "rules[0].clientId"),
        (#"{"uses":0,"call":{"answer":"hang"}}"#, "rules[0].uses"),
        (#"{"uses":null,"call":{"answer":"hang"}}"#, "rules[0].uses"),
        (#"{"userId":"","transfer":{"mfa":true}}"#, "rules[0].userId"),
        (#"{"userId":"u","call":{"answer":"hang"}}"#, "rules[0].userId"),
        (#"{"transactionId":"t","call":{"answer":"hang"}}"#, "rules[0].transactionId"),
        (#"{"transfer":{}}"#, "rules[0].transfer"), (#"{"transfer":1}"#, "rules[0].transfer"),
        (#"{"transfer":{"x":1}}"#, "rules[0].transfer"),
        (#"{"transfer":{"previewFailure":"insufficientFunds"}}"#, "rules[0].transfer.previewFailure"),
        (#"{"transfer":{"executeFailure":"KycRequired"}}"#, "rules[0].transfer.executeFailure"),
        (#"{"transfer":{"mfa":"yes"}}"#, "rules[0].transfer.mfa"),
        (#"{"transfer":{"outcome":"odd"}}"#, "rules[0].transfer.outcome"),
        (#"{"transfer":{"statuses":[]}}"#, "rules[0].transfer.statuses"),
        (#"{"transfer":{"outcome":"failed","delayMs":3600001}}"#, "rules[0].transfer.delayMs"),
        (#"{"transfer":{"outcome":"failed","statuses":["Odd"]}}"#, "rules[0].transfer"),
        (#"{"transfer":{"previewFailure":"KycRequired","delayMs":1}}"#, "rules[0].transfer"),
        (#"{"webhooks":{}}"#, "rules[0].webhooks"), (#"{"webhooks":{"of":["Pending"]}}"#, "rules[0].webhooks"),
        (#"{"webhooks":{"nullFields":["Id"]}}"#, "rules[0].webhooks.nullFields"),
        (#"{"webhooks":{"missingFields":[]}}"#, "rules[0].webhooks.missingFields"),
        (#"{"webhooks":{"duplicates":21}}"#, "rules[0].webhooks.duplicates"),
        (#"{"webhooks":{"wrongSignatures":101}}"#, "rules[0].webhooks.wrongSignatures"),
        (#"{"webhooks":{"amount":0.5}}"#, "rules[0].webhooks.amount"),
        (#"{"webhooks":{"amount":"-1"}}"#, "rules[0].webhooks.amount"),
        (#"{"webhooks":{"amount":"1e3"}}"#, "rules[0].webhooks.amount"),
        (#"{"webhooks":{"amount":""}}"#, "rules[0].webhooks.amount"),
        (#"{"webhooks":{"amount":"."}}"#, "rules[0].webhooks.amount"),
        (#"{"webhooks":{"lost":1}}"#, "rules[0].webhooks.lost"),
        (#"{"call":{}}"#, "rules[0].call"), (#"{"call":{"answer":"slow"}}"#, "rules[0].call.answer"),
        (#"{"call":{"delayMs":30001}}"#, "rules[0].call.delayMs"),
        (#"{"call":{"answer":"hang","operations":["x"]}}"#, "rules[0].call.operations"),
        (#"{"call":{"answer":"hang","operations":["about"]}}"#, "rules[0].call.operations"),
        (#"{"call":{"answer":"hang","retryAfterSeconds":1}}"#, "rules[0].call.retryAfterSeconds"),
    ])
    func namesTheFieldThatIsNotRight(rule: String, field: String) {
        do throws(Completion.Fault) {
            _ = try parse(rule)
            Issue.record("accepted")
        } catch {
            #expect(error.field == field)
        }
    }

    @Test func boundsTheSet() throws {
        let rule = #"{"call":{"answer":"hang"}}"#
        let rules = { (count: Int) in Array(repeating: rule, count: count).joined(separator: ",") }
        #expect(try parse(rules(100)).count == 100)
        #expect(throws: Completion.Fault(field: "rules", message: "must be an array of at most 100 objects")) {
            try FaultRule.parse(Array(#"{"rules":[\#(rules(101))]}"#.utf8))
        }
        #expect(throws: Completion.Fault(field: "rules", message: "is required")) {
            try FaultRule.parse(Array("{}".utf8))
        }
    }

    @Test func namesEveryCallOfMeshAndNoOther() {
        let names = SandboxRouteTable.callNames
        #expect(names.count == Set(names).count)
        #expect(Set(AccountOperation.allCases.map(\.rawValue)).isSubset(of: names))
        #expect(Set(ManagedOperation.allCases.map(\.rawValue)).isSubset(of: names))
        #expect(Set(["createLinkToken", "networks", "transfers", "removeAccount"]).isSubset(of: names))
        #expect(!names.contains("completeLinkToken") && !names.contains { $0.contains("(") })
    }

    // MARK: Magic values

    private func facts(_ amount: String, address: String = "0x0Ff0") throws -> OutcomeQuestion {
        OutcomeQuestion(
            clientId: UUIDValue(high: 1, low: 1), origin: TransferOrigin(userId: Array("u".utf8)),
            amountInFiat: try #require(Amount(plain: Array(amount.utf8))), address: Array(address.utf8))
    }

    @Test func everyMagicValueIsFoundByAmountAndAddress() throws {
        #expect(Set(MagicValue.all.map(\.number)).count == MagicValue.all.count)
        for value in MagicValue.all {
            let digits = (value.number < 10 ? "0" : "") + "\(value.number)"
            #expect(MagicValue.of(try facts("13.\(digits)"))?.number == value.number)
            let address = "0x00000000000000000000000000000000fA01713\(digits)"
            #expect(MagicValue.of(try facts("50", address: address))?.number == value.number)
        }
    }

    @Test(arguments: ["13", "13.00", "12.01", "14.01", "113.01", "13.015", "13.0101", "13.99", "0", "0.01"])
    func otherAmountsAreOrdinary(amount: String) throws { #expect(MagicValue.of(try facts(amount)) == nil) }

    @Test(arguments: ["fa017130", "0xfa01713zz", "0xfa0171399", "fa01713", "01", ""])
    func otherAddressesAreOrdinary(address: String) throws {
        #expect(MagicValue.of(try facts("50", address: address)) == nil)
    }

    @Test func anAmountThatWentThroughAPriceIsStillKnown() throws {
        #expect(MagicValue.of(try facts("13.009999999999999999"))?.number == 1)
        #expect(MagicValue.of(try facts("13.010000000000000001"))?.number == 1)
    }

    @Test func everyCodeHasAMagicValue() {
        #expect(
            Set(MagicValue.all.compactMap(\.transfer?.previewFailure)) == Set(PreviewCode.allCases))
        #expect(
            Set(MagicValue.all.compactMap(\.transfer?.executeFailure)) == Set(ExecuteCode.allCases))
    }
}
