import JSON
import Postgres
import TestSupport
import Testing

extension OverTime {
    /// Webhooks that never come, with the sandbox as the upstream.
    @Suite struct ReconciliationTests {
        @Test func aLostWebhookIsMadeUpForAndTheLateOneChangesNothing() async throws {
            try await onOwnThread {
                let port = FreePorts.take(1)[0]
                let stage = try Stage(arguments: ["--reconcile-interval", "1"], upstreamPort: port)
                let sandbox = try Self.sandbox(stage, port)
                defer { sandbox.kill() }
                let merchant = try stage.merchant("anna")
                let mesh = try merchant.endpoint("/mesh")
                let standard = try merchant.endpoint("/standard", format: "standard")
                let made = try Self.play(
                    merchant, port, "order-1", #""outcome":"succeeded","lost":["Succeeded"]"#)
                let received = try #require(
                    stage.receivers.wait(within: .seconds(60)) { Self.succeeded($0).count == 2 },
                    "\(stage.receivers.count) came: \(stage.node.lastWords)")

                // What came is as its webhook would have been, and says how it came.
                let whole = Self.succeeded(received)
                let inMesh = try #require(whole.first { $0.path == mesh.path })
                let inStandard = try #require(whole.first { $0.path == standard.path })
                #expect(WebhookSignature.complaints(inMesh, secret: mesh.secret) == [])
                #expect(WebhookSignature.complaints(inStandard, secret: standard.secret) == [])
                let body = try JSONDocument.parse(inMesh.body).root
                #expect(body["TransactionId"]?.text == "order-1" && body["UserId"]?.text == "anna-user")
                #expect(body["TransferId"]?.text == made["transferId"]?.text)
                #expect(body["DestinationAmount"]?.raw.elementsEqual("25.5".utf8) == true)
                #expect(body["TxHash"]?.text?.hasPrefix("0x") == true)
                let data = try #require(try JSONDocument.parse(inStandard.body).root["data"])
                #expect(data["origin"]?.text == "reconciliation" && data["destinationAmount"]?.text == "25.5")
                let events = try merchant.call("GET", "/v1/events").json(200).data
                let event = try #require(events.first { $0["type"]?.text == "transfer.succeeded" })
                #expect(event["origin"]?.text == "reconciliation" && event["id"]?.text == inMesh.webhookID)
                let transfers = try merchant.call("GET", "/v1/transfers").json(200).data
                #expect(transfers.map { $0["status"]?.text } == ["succeeded"])
                #expect(try transfers.at(0)["txHash"]?.text == body["TxHash"]?.text)

                // The webhook comes after all, with the EventId that nobody knew, and again.
                let late = try Self.lateWebhook(made, port)
                let post = stage.post([late, late])
                #expect(post.wait(forAcks: 1, within: .seconds(30)) != nil)
                post.stop()
                // What is told after it has come: so it would have come too.
                _ = try Self.play(merchant, port, "order-2", #""outcome":"pending""#)
                let all = try #require(
                    stage.receivers.wait(within: .seconds(60)) { received in
                        received.filter { String(decoding: $0.body, as: UTF8.self).contains("order-2") }.count >= 2
                    })
                #expect(Self.succeeded(all).count == 2)
                #expect(try merchant.call("GET", "/v1/events").json(200).data.count == 3)
                // Its key is kept: should it come a third time, it is known at once.
                let keys = try stage.installation.owner().query(
                    "select count(*) from subgate.event_key where upstream_event_id::text = '\(late.id)'")
                #expect(keys.int64(0, 0) == 1)
                #expect(
                    try stage.node.metric(#"subgate_reconciliation_findings_total{outcome="made"}"#) >= 1)
            }
        }

        @Test func itIsLeftAloneWhereItIsSwitchedOff() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--reconcile-interval", "0"])
                let merchant = try stage.merchant("anna")
                _ = try merchant.linkSession("order-1")
                #expect(stage.mesh.received.allSatisfy { $0.path == "/api/v1/linktoken" })
                #expect(
                    try stage.installation.owner().query("select count(*) from subgate.reconciliation").int64(0, 0)
                        == 0)
            }
        }

        // MARK: Parts

        private static func sandbox(_ stage: Stage, _ port: UInt16) throws -> SandboxProcess {
            let sandbox = SandboxProcess(
                stage.installation, port: port, clientID: Stage.upstreamClientID, clientSecret: Stage.upstreamSecret,
                webhookURL: "http://localhost:\(stage.node.publicPort)/inbound/mesh/\(stage.upstream)",
                webhookSecret: Stage.webhookSecret)
            try sandbox.start()
            return sandbox
        }

        /// Mints a link token and plays its user; what the sandbox says of the transfer.
        private static func play(
            _ merchant: Merchant, _ port: UInt16, _ transaction: String, _ wishes: String
        ) throws -> JSONValue {
            let minted = try merchant.call("POST", "/api/v1/linktoken", merchant.linkTokenBody(transaction)).json(200)
            let token = try minted.text(at: "content.linkToken")
            return try Caller(port: port, headers: [])(
                "POST", "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)",\#(wishes)}"#
            ).json(200)
        }

        /// The lost webhook as the upstream would have posted it.
        private static func lateWebhook(_ made: JSONValue, _ port: UInt16) throws -> MeshPost.Event {
            let keys = [("X-Client-Id", Stage.upstreamClientID), ("X-Client-Secret", Stage.upstreamSecret)]
            let transfer = try made.text(at: "transferId")
            let list = try Caller(port: port, headers: keys)(
                "GET", "/api/v1/transfers/managed/mesh?Id=\(transfer)"
            ).json(200)
            let item = try #require(list["content"]?["items"]?.elements.first { _ in true })
            let ids = try #require(made["eventIds"]).elements.compactMap(\.text)
            return MeshEvents.make(
                transaction: try item.text(at: "clientTransactionId"), user: try item.text(at: "userId"),
                transfer: transfer, id: try #require(ids.last))
        }

        private static func succeeded(_ received: [ReceiverFarm.Received]) -> [ReceiverFarm.Received] {
            received.filter { String(decoding: $0.body, as: UTF8.self).contains("ucceeded") }
        }
    }
}
