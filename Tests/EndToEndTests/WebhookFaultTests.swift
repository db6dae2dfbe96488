import JSON
import Postgres
import TestSupport
import Testing

extension EndToEnd {
    /// Subgate under webhooks that come twice, late, in the wrong order, maimed, forged or not at all.
    @Suite struct WebhookFaultTests {
        @Test func webhooksThatComeTwiceLateOrInTheWrongOrder() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                // Four posts of each, and one event; by amount, three posts.
                try scene.force(#"{"uses":1,"webhooks":{"duplicates":3}}"#)
                for order in [try scene.play(), try scene.play(amount: "13.71")] {
                    try scene.waitUntilNothingIsOwed()
                    #expect(try scene.posts(order).count == (order == "order-1" ? 8 : 6))
                    #expect(try Set(scene.types(order, 2)) == ["transfer.pending", "transfer.succeeded"])
                    #expect(try scene.events(order, 2).count == 2)
                    try Patience.wait(until: "two webhooks") { scene.told(order).count >= 2 }
                    #expect(scene.told(order).count == 2)
                }

                // The last first, by rule and by amount: a late Pending moves nothing back.
                try scene.force(#"{"uses":1,"webhooks":{"reversed":true}}"#)
                for order in [try scene.play(), try scene.play(amount: "13.72")] {
                    #expect(try scene.types(order, 2) == ["transfer.succeeded", "transfer.pending"])
                    #expect(try scene.transfer(order)?["status"]?.text == "succeeded")
                }

                // One of them an hour late, and all of them a minute.
                try scene.setClock(#"{"frozen":true}"#)
                try scene.force(#"{"uses":1,"webhooks":{"of":["pending"],"delayMs":3600000}}"#)
                let late = try scene.play()
                #expect(try scene.types(late, 1) == ["transfer.succeeded"])
                try scene.advanceClock(by: 3_600)
                #expect(try scene.types(late, 2) == ["transfer.succeeded", "transfer.pending"])
                #expect(try scene.transfer(late)?["status"]?.text == "succeeded")
                let slow = try scene.play(amount: "13.73")
                try scene.advanceClock(by: 60)
                #expect(try Set(scene.types(slow, 2)) == ["transfer.pending", "transfer.succeeded"])
            }
        }

        @Test func webhooksThatAreMaimed() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                let cases = [
                    (
                        #""nullFields":["SourceAmount","TxHash","Chain","SourceAddress","Timestamp"]"#,
                        ["sourceAmount", "txHash", "chain"]
                    ),
                    (
                        #""missingFields":["SourceAmount","DestinationAmount","Token"]"#,
                        ["sourceAmount", "destinationAmount", "symbol"]
                    ),
                ]
                for (rule, empty) in cases {
                    try scene.force(#"{"uses":1,"webhooks":{\#(rule)}}"#)
                    let order = try scene.play()
                    #expect(try Set(scene.types(order, 2)) == ["transfer.pending", "transfer.succeeded"])
                    let transfer = try #require(try scene.transfer(order))
                    #expect(transfer["status"]?.text == "succeeded")
                    for name in empty { #expect(transfer[name]?.isNull == true, "\(name)") }
                    #expect(transfer["destinationAddress"]?.isNull == false)
                }
                for amount in ["13.75", "13.78"] {
                    let order = try scene.play(amount: amount)
                    #expect(try Set(scene.types(order, 2)) == ["transfer.pending", "transfer.succeeded"])
                    #expect(try scene.transfer(order)?["sourceAmount"]?.isNull == true)
                }

                // Other amounts than were asked for are told as they are: to compare them is the merchant's.
                try scene.force(#"{"uses":1,"webhooks":{"of":["Succeeded"],"amount":"0.01"}}"#)
                let changed = try scene.play()
                _ = try scene.types(changed, 2)
                let told = try #require(
                    try scene.events(changed, 2).first { $0["type"]?.text == "transfer.succeeded" })
                #expect(told["payload"]?["DestinationAmount"]?.raw.elementsEqual("0.01".utf8) == true)

                // A status nobody knows is passed on, and moves nothing.
                try scene.force(#"{"uses":1,"webhooks":{"of":["Succeeded"],"status":"Settling"}}"#)
                let odd = try scene.play()
                #expect(try Set(scene.types(odd, 2)) == ["transfer.pending", "transfer.updated"])
                #expect(try scene.transfer(odd)?["status"]?.text == "pending")
                let magic = try scene.play(amount: "13.76")
                #expect(try scene.types(magic, 2) == ["transfer.updated", "transfer.updated"])

                // What belongs to nobody is kept apart; what is no event at all is refused, and posted again in vain.
                try scene.force(#"{"uses":1,"webhooks":{"nullFields":["TransactionId"]}}"#)
                let stray = try scene.play(#","outcome":"pending""#)
                try Patience.wait(until: "the quarantine") {
                    try scene.stage.admin("GET", "/admin/v1/quarantine").json(200).data.count == 1
                }
                try scene.force(#"{"uses":1,"webhooks":{"missingFields":["EventId"]}}"#)
                let nameless = try scene.play(#","outcome":"pending""#)
                try Patience.wait(until: "two posts that were refused") {
                    let posts = try scene.posts(nameless)
                    return posts.count >= 2 && Set(posts) == ["400"]
                }
                for order in [stray, nameless] { #expect(try scene.transfer(order) == nil) }
            }
        }

        @Test func webhooksThatAreForgedAreRefusedAndTheRightOneIsTaken() async throws {
            try await onOwnThread {
                let scene = try FaultScene()
                // Time stands still, so the right one waits until we have looked.
                try scene.setClock(#"{"frozen":true}"#)
                try scene.force(#"{"uses":1,"webhooks":{"wrongSignatures":1}}"#)
                for (taken, amount) in [(Int64(0), "25.50"), (1, "13.77")] {
                    let order = try scene.play(amount: amount, #","outcome":"pending""#)
                    try Patience.wait(until: "the refusal") { try scene.posts(order) == ["401"] }
                    let stored = try scene.stage.installation.owner().query("select count(*) from subgate.event")
                    #expect(stored.int64(0, 0) == taken)
                    #expect(try scene.transfer(order) == nil)
                    #expect(try scene.stage.admin("GET", "/admin/v1/quarantine").json(200).data.isEmpty)
                    try scene.advanceClock(by: 60)
                    #expect(try scene.types(order, 1) == ["transfer.pending"])
                    #expect(try scene.posts(order) == ["401", "OK"])
                }
            }
        }

        @Test func webhooksThatAreLostAreMadeUpFor() async throws {
            try await onOwnThread {
                let scene = try FaultScene(arguments: ["--reconcile-interval", "1"])
                try scene.force(#"{"uses":1,"webhooks":{"of":["Succeeded"],"lost":true}}"#)
                let orders = [try scene.play(), try scene.play(amount: "13.74")]
                for order in orders {
                    let found = try Patience.wait(for: "the lost event of \(order)", within: .seconds(60)) {
                        try scene.events(order, 1).first { $0["type"]?.text == "transfer.succeeded" }
                    }
                    #expect(found["origin"]?.text == "reconciliation")
                    #expect(try scene.transfer(order)?["status"]?.text == "succeeded")
                    #expect(try scene.posts(order) == ["OK"])
                }
            }
        }
    }
}
