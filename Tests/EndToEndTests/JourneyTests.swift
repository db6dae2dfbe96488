import JSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct JourneyTests {
        /// From an empty database to webhooks that verify, with the sandbox as the upstream, for several sub-clients.
        @Test func everySubClientGetsItsOwnWebhooks() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let shops = try ["anna", "bert", "carl"].map { try Shop(scene.stage.merchant($0)) }
                for shop in shops { try scene.play(shop, "order-1", #""outcome":"succeeded","duplicates":1"#) }
                let owed = shops.count * 4
                let received = try #require(
                    scene.stage.receivers.wait { $0.count >= owed }, "\(scene.stage.receivers.count) of \(owed)")
                #expect(received.count == owed)
                for shop in shops { try check(shop, received) }
                try checkAdmin(scene.stage, shops)
            }
        }

        @Test func aTransferOnlyMovesForward() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let shop = try Shop(scene.stage.merchant("anna"))
                try scene.play(
                    shop, "order-1", #""outcome":"succeeded","webhooks":["Succeeded","Pending","succeeded"]"#)
                _ = try #require(scene.stage.receivers.wait { $0.count >= 6 })
                let transfers = try shop.merchant.call("GET", "/v1/transfers").json(200).data
                #expect(transfers.map { $0["status"]?.text } == ["succeeded"])
                try scene.play(shop, "order-2", #""outcome":"failed""#)
                _ = try #require(scene.stage.receivers.wait { $0.count >= 10 })
                let sessions = try shop.merchant.call("GET", "/v1/link-sessions").json(200).data
                #expect(sessions.map { $0["transferStatus"]?.text } == ["failed", "succeeded"])
            }
        }

        @Test func theUpstreamRepeatsItselfUntilTheServiceIsBack() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let shop = try Shop(scene.stage.merchant("anna"))
                let token = try scene.mint(shop, "order-1")
                scene.stage.node.kill()
                try scene.complete(token, #""outcome":"succeeded""#)
                try scene.stage.node.start()
                let received = try #require(scene.stage.receivers.wait(within: .seconds(30)) { $0.count >= 4 })
                #expect(Set(received.map(\.webhookID)).count == 2)
            }
        }

        @Test func aLinkTokenCompletesOnce() async throws {
            try await onOwnThread {
                let scene = try Scene()
                let shop = try Shop(scene.stage.merchant("anna"))
                let token = try scene.mint(shop, "order-1")
                try scene.complete(token, #""outcome":"pending""#)
                let again = try scene.sandboxCall(
                    "POST", "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)","outcome":"pending"}"#)
                #expect(again.status == 409)
            }
        }

        // MARK: What a sub-client sees

        private func check(_ shop: Shop, _ received: [ReceiverFarm.Received]) throws {
            let name = shop.merchant.name
            let inMesh = received.filter { $0.path == shop.mesh.path }
            let inStandard = received.filter { $0.path == shop.standard.path }
            #expect(inMesh.count == 2 && inStandard.count == 2)
            #expect(inMesh.flatMap { WebhookSignature.complaints($0, secret: shop.mesh.secret) } == [])
            #expect(inStandard.flatMap { WebhookSignature.complaints($0, secret: shop.standard.secret) } == [])
            #expect(Set(inMesh.map(\.webhookID)) == Set(inStandard.map(\.webhookID)))
            let meshBodies = try inMesh.map { try JSONDocument.parse($0.body).root }
            #expect(meshBodies.allSatisfy { $0["TransactionId"]?.text == "order-1" })
            #expect(meshBodies.allSatisfy { $0["UserId"]?.text == "\(name)-user" })
            #expect(Set(meshBodies.compactMap { $0["TransferStatus"]?.text }) == ["Pending", "Succeeded"])
            let standardBodies = try inStandard.map { try JSONDocument.parse($0.body).root }
            #expect(
                Set(standardBodies.compactMap { $0["type"]?.text }) == ["transfer.pending", "transfer.succeeded"])

            let call = shop.merchant.call
            let session = try #require(try call("GET", "/v1/link-sessions").json(200).data.first)
            #expect(session["transactionId"]?.text == "order-1")
            #expect(session["userId"]?.text == "\(name)-user")
            #expect(session["amountInFiat"]?.text == "25.5")
            #expect(session["status"]?.text == "used")
            #expect(session["transferStatus"]?.text == "succeeded")
            let transfers = try call("GET", "/v1/transfers").json(200).data
            #expect(transfers.map { $0["status"]?.text } == ["succeeded"])
            #expect(transfers.map { $0["linkSessionId"]?.text } == [session["id"]?.text])
            let events = try call("GET", "/v1/events").json(200).data
            #expect(Set(events.compactMap { $0["id"]?.text }) == Set(inMesh.map(\.webhookID)))
            try Patience.wait(until: "four deliveries on record") {
                try call("GET", "/v1/deliveries?status=delivered").json(200).data.count == 4
            }
            #expect(try pages(call, "/v1/deliveries") == 4)
        }

        /// How many different items there are, one page after the other.
        private func pages(_ call: Caller, _ path: String) throws -> Int {
            var ids: [String] = []
            var cursor: String?
            repeat {
                let page = try call("GET", path + "?limit=1" + (cursor.map { "&cursor=\($0)" } ?? "")).json(200)
                ids += page.data.compactMap { $0["id"]?.text }
                cursor = page["nextCursor"]?.text
            } while cursor != nil
            #expect(Set(ids).count == ids.count)
            return ids.count
        }

        private func checkAdmin(_ stage: Stage, _ shops: [Shop]) throws {
            let listed = try stage.admin("GET", "/admin/v1/sub-clients").json(200).data
            #expect(listed.compactMap { $0["id"]?.text } == shops.map(\.merchant.id).reversed())
            for noun in ["link-sessions", "transfers", "events", "deliveries", "webhook-endpoints"] {
                for shop in shops {
                    let seen = try stage.admin("GET", "/admin/v1/sub-clients/\(shop.merchant.id)/\(noun)")
                    #expect(seen.body == (try shop.merchant.call("GET", "/v1/\(noun)").body), "\(noun)")
                }
            }
        }
    }
}

/// A merchant with an endpoint of each payload format.
private struct Shop {
    let merchant: Merchant
    let mesh: Merchant.Endpoint
    let standard: Merchant.Endpoint

    init(_ merchant: Merchant) throws {
        self.merchant = merchant
        mesh = try merchant.endpoint("/\(merchant.name)/mesh")
        standard = try merchant.endpoint("/\(merchant.name)/standard", format: "standard")
    }
}

/// A stage whose upstream is the sandbox.
private final class Scene {
    let stage: Stage
    private let sandbox: SandboxProcess

    init() throws {
        let port = FreePorts.take(1)[0]
        stage = try Stage(upstreamPort: port)
        sandbox = SandboxProcess(
            stage.installation, port: port, clientID: Stage.upstreamClientID, clientSecret: Stage.upstreamSecret,
            webhookURL: "http://localhost:\(stage.node.publicPort)/inbound/mesh/\(stage.upstream)",
            webhookSecret: Stage.webhookSecret)
        try sandbox.start()
    }

    deinit { sandbox.kill() }

    var sandboxCall: Caller { Caller(port: sandbox.port, headers: []) }

    func mint(_ shop: Shop, _ transaction: String) throws -> String {
        let merchant = shop.merchant
        let answer = try merchant.call("POST", "/api/v1/linktoken", merchant.linkTokenBody(transaction))
        return try answer.json(200).text(at: "content.linkToken")
    }

    func complete(_ token: String, _ wishes: String) throws {
        let body = #"{"linkToken":"\#(token)",\#(wishes)}"#
        _ = try sandboxCall("POST", "/sandbox/v1/link-tokens/complete", body).json(200)
    }

    func play(_ shop: Shop, _ transaction: String, _ wishes: String) throws {
        try complete(mint(shop, transaction), wishes)
    }
}
