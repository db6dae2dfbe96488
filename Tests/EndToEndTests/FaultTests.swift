import JSON
import TestSupport
import Testing

extension EndToEnd {
    /// Subgate under every switch of the sandbox: what it must not do then, and what its merchants see of it.
    @Suite struct FaultTests {
        // MARK: Transfers

        @Test func aTransferThatFailsBeforeItIsMadeIsNoBusinessOfSubgate() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                try scene.force(
                    #"{"uses":1,"transfer":{"previewFailure":"InsufficientFunds","mfa":true}}"#,
                    #"{"uses":1,"transfer":{"executeFailure":"PreviewExpired"}}"#)
                let order = try scene.order()
                try scene.complete(order, expecting: 422)
                try scene.complete(order, expecting: 422)
                // Every code of the preview and of the execution, by amount and by address.
                let numbers = Array(1...24) + Array(31...34)
                for number in numbers {
                    let digits = (number < 10 ? "0" : "") + "\(number)"
                    _ = try scene.play(amount: "13.\(digits)", expecting: 422)
                    let address = "0x00000000000000000000000000000000FA01713\(digits)"
                    _ = try scene.play(address: address.lowercased(), expecting: 422)
                }
                // The first user tries again, and it goes well; asking for a code does not change how it goes.
                try scene.complete(order)
                for amount in ["13.41", "13.42"] { _ = try scene.types(try scene.play(amount: amount), 2) }
                #expect(try Set(scene.types(order.transactionID, 2)) == ["transfer.pending", "transfer.succeeded"])
                let transfers = try scene.merchant.call("GET", "/v1/transfers").json(200).data
                #expect(transfers.count == 3)
                let sessions = try scene.merchant.call("GET", "/v1/link-sessions?limit=100").json(200).data
                #expect(sessions.count == 3 + 2 * numbers.count)
                #expect(sessions.filter { $0["status"]?.text == "used" }.count == 3)
            }
        }

        @Test func transfersEndAsForced() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                let paid = ["pending", "succeeded", "refund_pending"]
                let cases: [(rule: String, types: [String], status: String, refund: String?)] = [
                    (#""outcome":"pending""#, ["pending"], "pending", nil),
                    (#""outcome":"failed","delayMs":60000"#, ["pending", "failed"], "failed", nil),
                    (#""outcome":"succeeded","delayMs":60000"#, ["pending", "succeeded"], "succeeded", nil),
                    (#""statuses":["Pending","Settling"],"delayMs":60000"#, ["pending", "updated"], "pending", nil),
                    (#""outcome":"refundPending","delayMs":60000"#, paid, "succeeded", "refundPending"),
                    (
                        #""outcome":"refundSucceeded","delayMs":60000,"refundDelayMs":1000"#,
                        paid + ["refund_succeeded"], "succeeded", "refundSucceeded"
                    ),
                    (
                        #""outcome":"refundFailed","delayMs":60000"#, paid + ["refund_failed"], "succeeded",
                        "refundFailed"
                    ),
                ]
                for (rule, types, status, refund) in cases {
                    try scene.force(#"{"uses":1,"transfer":{\#(rule)}}"#)
                    try check(scene, amount: "25.50", types, status, refund)
                }
                #expect(try scene.rulesLeft() == 0)
                let magic: [(amount: String, types: [String], status: String, refund: String?)] = [
                    ("13.51", ["pending", "failed"], "failed", nil), ("13.52", ["pending"], "pending", nil),
                    ("13.53", ["pending", "succeeded"], "succeeded", nil),
                    ("13.54", ["pending", "failed"], "failed", nil),
                    ("13.61", paid, "succeeded", "refundPending"),
                    ("13.62", paid + ["refund_succeeded"], "succeeded", "refundSucceeded"),
                    ("13.63", paid + ["refund_failed"], "succeeded", "refundFailed"),
                ]
                for (amount, types, status, refund) in magic {
                    try check(scene, amount: amount, types, status, refund)
                }
                let told = try scene.toldTypes()
                #expect(told.isSuperset(of: ["transfer.updated", "transfer.refund_failed"]))
            }
        }

        /// Plays a transfer minute by minute, and looks at what a merchant sees in the end.
        private func check(
            _ scene: FaultScene, amount: String, _ types: [String], _ status: String, _ refund: String?
        ) throws {
            try scene.setClock(#"{"frozen":true}"#)
            let order = try scene.play(amount: amount)
            for count in 1...types.count {
                _ = try scene.events(order, count)
                try scene.advanceClock(by: 60)
            }
            try scene.waitUntilNothingIsOwed()
            // Those that happen at once come in any order.
            #expect(try Set(scene.types(order, types.count)) == Set(types.map { "transfer.\($0)" }), "\(amount)")
            let transfer = try #require(try scene.transfer(order))
            #expect(transfer["status"]?.text == status, "\(amount) \(types)")
            #expect(transfer["refundStatus"]?.text == refund, "\(amount) \(types)")
            try scene.setClock(#"{"offsetSeconds":0,"frozen":false}"#)
        }

        // MARK: The sandbox itself

        @Test func rulesAndClockSurviveARestartAndAResetForgetsThem() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                try scene.force(#"{"uses":2,"transfer":{"outcome":"failed"}}"#, #"{"call":{"answer":"unavailable"}}"#)
                #expect(try scene.order().answer.status == 502)
                try scene.force(#"{"uses":2,"transfer":{"outcome":"failed","delayMs":3600000}}"#)
                let order = try scene.play()
                _ = try scene.events(order, 1)
                try scene.advanceClock(by: 3_500)
                try scene.restartSandbox()
                #expect(try scene.rulesLeft() == 1)
                try scene.advanceClock(by: 100)
                #expect(try scene.types(order, 2) == ["transfer.pending", "transfer.failed"])
                #expect(try scene.reset() == 204)
                #expect(try scene.rulesLeft() == 0)
                #expect(try Set(scene.types(scene.play(), 2)) == ["transfer.pending", "transfer.succeeded"])
            }
        }
    }
}
