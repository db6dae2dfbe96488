import Domain
import HTTPClient
import JSON
import Postgres
import Testing

@testable import Sandbox

/// What is forced upon transfers shows on the Link page as Mesh's codes and states.
@Suite struct LinkFaultTests {
    @Test func everyCodeOfAPreviewReachesThePage() async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness)
            for code in PreviewCode.allCases {
                try await harness.force(#"{"uses":1,"transfer":{"previewFailure":"\#(code.rawValue)"}}"#)
                let answer = try await visit.preview(#","amount":"25""#)
                #expect(answer.error == "422 \(code.rawValue)")
                #expect(answer.json?["error"]?["message"]?.text?.isEmpty == false)
                // It was forced once.
                #expect(try await visit.preview(#","amount":"25""#).status == 200)
            }
        }
    }

    @Test func everyCodeOfAnExecutionReachesThePage() async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness)
            for code in ExecuteCode.allCases {
                let id = try await visit.previewed()
                try await harness.force(#"{"uses":1,"transfer":{"executeFailure":"\#(code.rawValue)"}}"#)
                #expect(try await visit.execute(id, code: nil).json?["status"]?.text == "mfaRequired")
                #expect(try await visit.execute(id).error == "422 \(code.rawValue)")
            }
            #expect(try harness.owed() == 0)
            #expect(try await visit.execute(try await visit.previewed()).json?["status"]?.text == "succeeded")
        }
    }

    @Test(arguments: [
        (#""outcome":"pending""#, "pending"), (#""outcome":"failed""#, "failed"),
        (#""outcome":"succeeded","delayMs":60000"#, "pending"), (#""outcome":"refundSucceeded""#, "succeeded"),
        (#""mfa":false"#, "succeeded"),
    ])
    func aTransferStandsAsItIsForced(fault: String, status: String) async throws {
        try await Harness.run { harness in
            let visit = try await LinkTransferTests.visit(harness)
            try await harness.force(#"{"transfer":{\#(fault)}}"#)
            let code = fault.contains("mfa") ? nil : "123456"
            let done = try #require(try await visit.execute(try await visit.previewed(), code: code).json)
            #expect(done["status"]?.text == status)
            #expect((done["transfer"]?["txHash"]?.isNull == true) == (status != "succeeded"))
            #expect((done["errorMessage"] != nil) == (status == "failed"))
        }
    }

    @Test func aPaymentByHandIsForcedToo() async throws {
        try await Harness.run { harness in
            let key = try await harness.sessionKey(LinkTransferTests.token)
            let choice = #"{"symbol":"USDC","networkId":"\#(LinkTransferTests.ethereum)"}"#
            for (fault, code) in [
                (#""previewFailure":"NetworkDisabled""#, "NetworkDisabled"),
                (#""executeFailure":"AddressNotRegistered""#, "AddressNotRegistered"),
            ] {
                try await harness.force(#"{"uses":1,"transfer":{\#(fault)}}"#)
                #expect(try await harness.link("paid", choice, key: key).error == "422 \(code)")
            }
            try await harness.force(#"{"uses":1,"transfer":{"outcome":"pending"}}"#)
            #expect(try await harness.link("paid", choice, key: key).json?["status"]?.text == "pending")
            #expect(try harness.owed() == 1)
        }
    }

    /// Thirteen dollars and eight cents are a magic amount: the one that is short of funds.
    @Test func magicAmountsWorkOnThePage() async throws {
        try await Harness.run { harness in
            let number = try #require(PreviewCode.allCases.firstIndex(of: .insufficientFunds)) + 1
            let visit = try await LinkTransferTests.visit(harness)
            let amount = #","amountInFiat":"13.\#(number < 10 ? "0" : "")\#(number)""#
            #expect(try await visit.preview(amount).error == "422 InsufficientFunds")
        }
    }
}
