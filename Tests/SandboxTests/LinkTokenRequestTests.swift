import Testing

@testable import Sandbox

@Suite struct LinkTokenRequestTests {
    /// A fault that a body must be answered with.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let body: String
        let kind: String
        let message: String
        var testDescription: String { "\(body.prefix(120))" }

        init(_ body: String, _ kind: String, _ message: String) {
            self.body = body
            self.kind = kind
            self.message = message
        }
    }

    private static func transfer(_ options: String) -> String { #"{"userId":"u","transferOptions":{\#(options)}}"# }

    private static func destination(_ members: String) -> String {
        transfer(#""toAddresses":[{"networkId":"\#(ethereum)","symbol":"USDC","address":"0xA",\#(members)}]"#)
    }

    private static let ethereum = "e3c7fdd8-b1fc-4e51-85ae-bb276e075611"
    private static let long = String(repeating: "x", count: 301)

    static let refusals: [Refusal] = [
        Refusal("", "missingField", "A non-empty request body is required"),
        Refusal("{", "invalidField", "The request body is not valid JSON at byte 1"),
        Refusal(#"{"userId":"a","USERID":"b"}"#, "invalidField", "The request body is not valid JSON at byte 14"),
        Refusal("[]", "invalidField", "The JSON value could not be converted to object. Path: $"),
        Refusal("{}", "missingField", "The UserId field is required"),
        Refusal(#"{"userId":null}"#, "missingField", "The UserId field is required"),
        Refusal(#"{"userId":7}"#, "invalidField", "The JSON value could not be converted to String. Path: $.userId"),
        Refusal(
            #"{"userId":""}"#, "invalidField",
            "The field UserId must be a string with a minimum length of 1 and a maximum length of 300"),
        Refusal(
            #"{"userId":"\#(long)"}"#, "invalidField",
            "The field UserId must be a string with a minimum length of 1 and a maximum length of 300"),
        Refusal(
            #"{"userId":"u","subClientId":"nope"}"#, "invalidField",
            "The JSON value could not be converted to Guid. Path: $.subClientId"),
        Refusal(
            #"{"userId":"u","integrationId":1}"#, "invalidField",
            "The JSON value could not be converted to Guid. Path: $.integrationId"),
        Refusal(
            #"{"userId":"u","restrictMultipleAccounts":"true"}"#, "invalidField",
            "The JSON value could not be converted to Boolean. Path: $.restrictMultipleAccounts"),
        Refusal(
            #"{"userId":"u","brokerType":"DEFIWALLET"}"#, "invalidField",
            "The field BrokerType has a value that is not supported"),
        Refusal(
            #"{"userId":"u","transferOptions":[]}"#, "invalidField",
            "The JSON value could not be converted to object. Path: $.transferOptions"),
        Refusal(transfer(#""clientFee":2"#), "invalidField", "The field ClientFee must be between 0 and 1"),
        Refusal(transfer(#""clientFee":-0.1"#), "invalidField", "The field ClientFee must be between 0 and 1"),
        Refusal(
            transfer(#""clientFee":1.000000000000000001"#), "invalidField",
            "The field ClientFee must be between 0 and 1"),
        Refusal(
            transfer(#""amountInFiat":-1"#), "invalidField",
            "The field AmountInFiat must be between 0 and 1000000000000000000"),
        Refusal(
            transfer(#""amountInFiat":"ten""#), "invalidField",
            "The JSON value could not be converted to Double. Path: $.transferOptions.amountInFiat"),
        Refusal(
            transfer(#""transferType":"gift""#), "invalidField",
            "The JSON value could not be converted to TransferType. Path: $.transferOptions.transferType"),
        Refusal(
            transfer(#""transactionId":"\#(long.prefix(129))""#), "invalidField",
            "The field TransactionId must be a string with a minimum length of 1 and a maximum length of 128"),
        Refusal(
            transfer(#""description":"\#(long.prefix(257))""#), "invalidField",
            "The field Description must be a string with a maximum length of 256"),
        Refusal(transfer(#""generatePayLink":true"#), "missingField", "The TransactionId field is required"),
        Refusal(
            transfer(#""goodsDetails":[{"goodsType":"03"}]"#), "invalidField",
            "The JSON value could not be converted to GoodsType. Path: $.transferOptions.goodsDetails[0].goodsType"),
        Refusal(
            transfer(#""fundingOptions":{"enabled":1}"#), "invalidField",
            "The JSON value could not be converted to Boolean. Path: $.transferOptions.fundingOptions.enabled"),
        Refusal(
            transfer(#""toAddresses":{}"#), "invalidField",
            "The JSON value could not be converted to array. Path: $.transferOptions.toAddresses"),
        Refusal(
            transfer(#""toAddresses":[null]"#), "invalidField",
            "The JSON value could not be converted to object. Path: $.transferOptions.toAddresses[0]"),
        Refusal(transfer(#""toAddresses":[{}]"#), "missingField", "The NetworkId field is required"),
        Refusal(
            transfer(#""toAddresses":[{"networkId":"\#(ethereum)"}]"#), "missingField", "The Symbol field is required"),
        Refusal(
            transfer(#""toAddresses":[{"networkId":"\#(ethereum)","symbol":"ETH"}]"#), "missingField",
            "The Address field is required"),
        Refusal(
            destination(#""amount":true"#), "invalidField",
            "The JSON value could not be converted to Double. Path: $.transferOptions.toAddresses[0].amount"),
        Refusal(
            #"{"userId":"u","verifyWalletOptions":{"networkType":"moon"}}"#, "invalidField",
            "The JSON value could not be converted to NetworkType. Path: $.verifyWalletOptions.networkType"),
        Refusal(
            #"{"userId":"u","verifyWalletOptions":{"verificationMethods":["phone"]}}"#, "invalidField",
            "The JSON value could not be converted to VerificationMethod. "
                + "Path: $.verifyWalletOptions.verificationMethods[0]"),
        Refusal(
            #"{"userId":"u","verifyWalletOptions":{"addresses":[1]}}"#, "invalidField",
            "The JSON value could not be converted to String. Path: $.verifyWalletOptions.addresses[0]"),
    ]

    @Test(arguments: refusals) func refusesWithMeshsWords(refusal: Refusal) {
        #expect(throws: RequestFault.self) {
            do throws(RequestFault) { _ = try LinkTokenRequest.parse(Array(refusal.body.utf8)) } catch {
                #expect(error.kind.rawValue == refusal.kind)
                #expect(error.message == refusal.message)
                throw error
            }
        }
    }

    @Test func refusesAnAmountInFiatBesideTokensInAPaymentOnly() throws {
        let body = { (type: String) in
            #"{"userId":"u","transferOptions":{"amountInFiat":5,"transferType":"\#(type)","toAddresses":[{"#
                + #""networkId":"\#(LinkTokenRequestTests.ethereum)","symbol":"USDC","address":"a","amount":5}]}}"#
        }
        #expect(throws: RequestFault.invalid("The fields AmountInFiat and Amount cannot be used together")) {
            try LinkTokenRequest.parse(Array(body("payment").utf8))
        }
        _ = try LinkTokenRequest.parse(Array(body("deposit").utf8))
    }

    @Test func matchesNamesAndEnumerationsWithoutCase() throws {
        let request = try LinkTokenRequest.parse(
            Array(
                """
                {"UserId":"u-1","SubClientId":"E3C7FDD8-B1FC-4E51-85AE-BB276E075611","RESTRICTMULTIPLEACCOUNTS":false,
                 "transferoptions":{"ToAddresses":[{"NetworkId":"\(LinkTokenRequestTests.ethereum)","Symbol":"ETH",
                 "ADDRESS":"0x0Ff0","Amount":"0.004786046226555188","minAmount":1}],"TransactionID":"t",
                 "ClientFee":0.025,"TransferType":"PAYMENT","GeneratePaylink":true,"isinclusivefeeenabled":true,
                 "FundingOptions":{"Enabled":true}},"unknown":[1,{"a":2}],
                 "verifyWalletOptions":{"networkType":"EVM","verificationMethods":["SignedMessage"]}}
                """.utf8))
        #expect(request.userId == Array("u-1".utf8))
        #expect(!request.restrictMultipleAccounts)
        let transfer = try #require(request.transfer)
        #expect(transfer.transactionId == Array("t".utf8))
        #expect(transfer.generatesPayLink && transfer.feeIsInclusive)
        #expect(transfer.clientFee?.text == Array("0.025".utf8))
        let destination = try #require(transfer.destinations.first)
        #expect(destination.address == Array("0x0Ff0".utf8))
        #expect(destination.amount?.text == Array("0.004786046226555188".utf8))
    }

    @Test func takesNullForAbsent() throws {
        let names = ["subClientId", "integrationId", "restrictMultipleAccounts", "transferOptions", "brokerType"]
        let members = names.map { "\"\($0)\":null" }.joined(separator: ",")
        let request = try LinkTokenRequest.parse(Array(#"{"userId":"u",\#(members)}"#.utf8))
        #expect(request.transfer == nil)
        #expect(request.restrictMultipleAccounts)
    }

    @Test func countsLengthInUTF16UnitsAsMeshDoes() throws {
        _ = try LinkTokenRequest.parse(Array(#"{"userId":"\#(String(repeating: "💶", count: 150))"}"#.utf8))
        #expect(throws: RequestFault.self) {
            try LinkTokenRequest.parse(Array(#"{"userId":"\#(String(repeating: "💶", count: 151))"}"#.utf8))
        }
    }

    @Test func takesNoFeeOutsidePayments() throws {
        let request = try LinkTokenRequest.parse(
            Array(#"{"userId":"u","transferOptions":{"clientFee":0.5,"transferType":"deposit"}}"#.utf8))
        #expect(request.transfer?.clientFee == nil)
    }
}
