import Store
import Domain
import JSON
import TestSupport
import Testing

@testable import API

@Suite struct LinkTokenRequestTests {
    private func read(_ json: String) throws -> LinkTokenRequest { try LinkTokenRequest(Array(json.utf8)) }

    private func rewritten(_ json: String) throws -> String {
        let body = try read(json).rewritten(userID: Array("OUR-USER".utf8), transactionID: Array("OUR-TX".utf8))
        return String(decoding: body, as: UTF8.self)
    }

    /// The problem a body has, as `errorType message`.
    private func problem(_ json: String) -> String? {
        do {
            _ = try read(json)
            return nil
        } catch let error as MeshProblem {
            return String(decoding: error.errorType ?? [], as: UTF8.self) + " "
                + String(decoding: error.message, as: UTF8.self)
        } catch {
            return "another error"
        }
    }

    // MARK: Rewriting

    @Test func onlyTwoValuesChange() throws {
        let json = """
              { "UserId" : "u\\u00e9" ,\t"TransferOptions":{"amountInFiat":25.50,"transactionId":"order-1",
             "toAddresses":[{"amount":0.1000000000000000000000000001,"note":"\\ud83d\\ude00"}]},"extra":[1,{"x":null}] }
            """
        let expected = json.replacing("\"u\\u00e9\"", with: "\"OUR-USER\"").replacing("\"order-1\"", with: "\"OUR-TX\"")
        #expect(try rewritten(json) == expected)
    }

    @Test func aTransactionIdIsPutInWhereThereIsNone() throws {
        #expect(
            try rewritten(#"{"userId":"a","transferOptions":{"transferType":"payment"}}"#)
                == #"{"userId":"OUR-USER","transferOptions":{"transactionId":"OUR-TX","transferType":"payment"}}"#)
        #expect(
            try rewritten(#"{"transferOptions":{},"userId":"a"}"#)
                == #"{"transferOptions":{"transactionId":"OUR-TX"},"userId":"OUR-USER"}"#)
        #expect(
            try rewritten(#"{"transferOptions":{"TRANSACTIONID":null},"userId":"a"}"#)
                == #"{"transferOptions":{"TRANSACTIONID":"OUR-TX"},"userId":"OUR-USER"}"#)
    }

    @Test func noTransferOptionsNoTransactionId() throws {
        #expect(try rewritten(#"{"userId":"a"}"#) == #"{"userId":"OUR-USER"}"#)
        #expect(
            try rewritten(#"{"userId":"a","transferOptions":null}"#)
                == #"{"userId":"OUR-USER","transferOptions":null}"#)
    }

    /// Random bodies: outside the two values every byte is the same, and the result parses to the same members.
    @Test func theSubClientIsPutInAsTheUpstreamKnowsIt() throws {
        let id = UUIDValue(high: 1, low: 2)
        func rewritten(_ json: String) throws -> String {
            let body = try read(json).rewritten(
                userID: Array("U".utf8), transactionID: Array("T".utf8), subClientID: id)
            return String(decoding: body, as: UTF8.self)
        }
        #expect(
            try rewritten(#" { "userId":"a","transferOptions":{}}"#)
                == #" {"subClientId":"\#(id)", "userId":"U","transferOptions":{"transactionId":"T"}}"#)
        #expect(try rewritten(#"{"userId":"a","SUBCLIENTID":null}"#) == #"{"userId":"U","SUBCLIENTID":"\#(id)"}"#)
    }

    @Test func everyOtherByteStaysAsItWas() throws {
        var random = SplitMix(seed: 7)
        for _ in 0..<500 {
            let blanks = ["", " ", "\n", "\t "]
            func blank() -> String { blanks.randomElement(using: &random)! }
            func name(_ text: String) -> String {
                "\"" + text.map { Bool.random(using: &random) ? $0.uppercased() : $0.lowercased() }.joined() + "\""
            }
            let before = #""zz":[1.0e2,"\u0061\/",{"deep":[[]]}]"#
            let marker = "\"merchant-\(random.next())\""
            let transaction = "\"tx-\(random.next())\""
            var members = [
                name("userId") + blank() + ":" + blank() + marker, before,
                name("transferOptions") + ":" + blank() + "{" + blank() + name("transactionId") + ":" + transaction
                    + blank() + "," + #""amountInFiat":1.500}"#,
            ]
            members.shuffle(using: &random)
            let json =
                blank() + "{" + blank() + members.joined(separator: blank() + "," + blank()) + blank() + "}" + blank()
            let expected = json.replacing(marker, with: "\"OUR-USER\"").replacing(transaction, with: "\"OUR-TX\"")
            #expect(try rewritten(json) == expected)
            #expect(try read(json).userID == Array(marker.utf8.dropFirst().dropLast()))
        }
    }

    // MARK: Reading

    @Test func theMerchantsOwnAreKept() throws {
        let request = try read(
            #"{"userid":"u","transferoptions":{"TransactionID":"t","amountInFiat":"100.00","transferType":"payment","#
                + #""toAddresses":[{"networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611"}]}}"#)
        #expect(request.userID == Array("u".utf8))
        #expect(request.transactionID == Array("t".utf8))
        #expect(request.transferType == .payment)
        #expect(request.amountInFiat == Array("100".utf8))
        #expect(request.hasTransfer)
    }

    @Test func withoutAddressesNoTransferFollows() throws {
        let request = try read(#"{"userId":"u","transferOptions":{"toAddresses":[]}}"#)
        #expect(!request.hasTransfer && request.transferType == .deposit && request.amountInFiat == nil)
    }

    @Test(arguments: [
        (#"{}"#, "missingField The UserId field is required."),
        (#"{"userId":null}"#, "missingField The UserId field is required."),
        (#"{"userId":""}"#, "invalidField The field UserId must have 1 to 300 characters."),
        (#"{"userId":7}"#, "invalidField The field UserId must be a string."),
        (
            #"{"userId":"a","subClientId":"x"}"#,
            "invalidField The field SubClientId is set by the service; leave it out."
        ),
        (#"{"userId":"a","integrationId":"x"}"#, "invalidField The field IntegrationId must be a UUID."),
        (
            #"{"userId":"a","restrictMultipleAccounts":"true"}"#,
            "invalidField The field RestrictMultipleAccounts must be true or false."
        ),
        (#"{"userId":"a","transferOptions":[]}"#, "invalidField The field TransferOptions must be an object."),
        (
            #"{"userId":"a","transferOptions":{"clientFee":2}}"#,
            "invalidField The field ClientFee must be between 0 and 1."
        ),
        (
            #"{"userId":"a","transferOptions":{"clientFee":1.0001}}"#,
            "invalidField The field ClientFee must be between 0 and 1."
        ),
        (
            #"{"userId":"a","transferOptions":{"clientFee":-0.1}}"#,
            "invalidField The field ClientFee must not be negative."
        ),
        (
            #"{"userId":"a","transferOptions":{"amountInFiat":1e999}}"#,
            "invalidField The field AmountInFiat must be a number."
        ),
        (
            #"{"userId":"a","transferOptions":{"amountInFiat":" 1"}}"#,
            "invalidField The field AmountInFiat must be a number."
        ),
        (
            #"{"userId":"a","transferOptions":{"amountInFiat":"NaN"}}"#,
            "invalidField The field AmountInFiat must be a number."
        ),
        (
            #"{"userId":"a","transferOptions":{"generatePayLink":true}}"#,
            "missingField The TransactionId field is required."
        ),
        (
            #"{"userId":"a","transferOptions":{"toAddresses":[1]}}"#,
            "invalidField The field ToAddresses must be an array of objects."
        ),
        (
            #"{"userId":"a","transferOptions":{"toAddresses":[{"amount":-1}]}}"#,
            "invalidField The field Amount must not be negative."
        ),
        (
            #"{"userId":"a","transferOptions":{"goodsDetails":[{"goodsType":"03"}]}}"#,
            "invalidField The field GoodsType must be 01 or 02."
        ),
        (
            #"{"userId":"a","verifyWalletOptions":{"verificationMethods":["other"]}}"#,
            "invalidField The field VerificationMethods must hold signedMessage only."
        ),
        (#"[]"#, "badRequest The request body must be a JSON object."),
    ])
    func whatIsWrongIsToldInMeshsWords(json: String, expected: String) {
        #expect(problem(json) == expected)
    }

    @Test(arguments: [
        #"{"userId":"a","UserID":"b"}"#, #"{"userId":"a","userId":"b"}"#, #"{"userId":"a"}x"#, "",
        #"{"userId":"a\u0000"}"#, #"{"userId":"a","transferOptions":{"transactionId":"a","TransactionId":"b"}}"#,
    ])
    func oneReadingOrNone(json: String) throws {
        #expect(try #require(problem(json)).hasPrefix("badRequest The request body is not acceptable JSON"))
    }

    @Test(arguments: [
        #"{"userId":"a","transferOptions":{"clientFee":0}}"#, #"{"userId":"a","transferOptions":{"clientFee":1.0}}"#,
        #"{"userId":"a","transferOptions":{"clientFee":0.025}}"#,
        #"{"userId":"a","transferOptions":{"clientFee":1e-3}}"#,
        #"{"userId":"a","subClientId":null,"integrationId":null,"transferOptions":null,"new":{"x":[1]}}"#,
        #"{"userId":"a","transferOptions":{"generatePayLink":true,"transactionId":"t"}}"#,
        #"{"userId":"a","verifyWalletOptions":{"networkType":"evm","verificationMethods":["signedMessage"]}}"#,
        #"{"userId":"a","verifyWalletOptions":{"addresses":["x"],"message":null}}"#,
    ])
    func whatMeshTakesPasses(json: String) {
        #expect(problem(json) == nil)
    }

    // MARK: Users

    @Test func usersOfTwoSubClientsNeverMeet() {
        let one = SubClientID(UUIDValue(high: 1, low: 2))
        let other = SubClientID(UUIDValue(high: 1, low: 3))
        let id = NamespacedUser.id(of: Array("user-7".utf8), in: one)
        #expect(id.count == 48)
        #expect(String(decoding: id, as: UTF8.self).contains("user") == false)
        #expect(id == NamespacedUser.id(of: Array("user-7".utf8), in: one))
        #expect(id != NamespacedUser.id(of: Array("user-7".utf8), in: other))
        #expect(id != NamespacedUser.id(of: Array("user-8".utf8), in: one))
        #expect(id.dropFirst(27) != NamespacedUser.id(of: Array("user-7".utf8), in: other).dropFirst(27))
    }
}
