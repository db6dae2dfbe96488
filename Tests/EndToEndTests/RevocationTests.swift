import JSON
import TestSupport
import Testing

extension EndToEnd {
    /// What one node was told, every node obeys: each remembers a credential for less than a second.
    @Suite struct RevocationTests {
        @Test func everyNodeRefusesWhatWasRevoked() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let merchant = try stage.merchant("anna")
                let calls = [stage.node, other].map { Caller(port: $0.publicPort, headers: merchant.call.headers) }
                for call in calls { _ = try call("GET", "/v1/me").json(200) }
                let credential = try calls[0]("GET", "/v1/me").json(200).text(at: "credentialId")
                let path = "/admin/v1/sub-clients/\(merchant.id)/credentials/\(credential)"
                #expect(try stage.admin("DELETE", path).status == 204)
                try waitUntil(calls, "GET", "/v1/me", answer: 401)
                // For good: no node's memory comes back to it.
                for call in calls { #expect(try call("GET", "/v1/me").status == 401) }
            }
        }

        @Test func everyNodeRefusesASecretThatWasExchanged() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let merchant = try stage.merchant("anna")
                let olds = [stage.node, other].map { Caller(port: $0.publicPort, headers: merchant.call.headers) }
                let credential = try olds[0]("GET", "/v1/me").json(200).text(at: "credentialId")
                let path = "/admin/v1/sub-clients/\(merchant.id)/credentials/\(credential)"
                let made = try stage.admin("POST", "\(path)/rotate", #"{"overlapSeconds":0}"#).json(201)
                let secret = try made.text(at: "clientSecret")
                try waitUntil(olds, "GET", "/v1/me", answer: 401)
                for node in [stage.node, other] {
                    let new = [("X-Client-Id", merchant.clientID), ("X-Client-Secret", secret)]
                    let me = try Caller(port: node.publicPort, headers: new)("GET", "/v1/me").json(200)
                    #expect(me["credentialId"]?.text == credential)
                }
                // A stop writes down what was used.
                _ = try #require(other.terminate())
                let detail = try stage.admin("GET", path).json(200)
                #expect(detail["lastUsedAt"]?.isNull == false)
            }
        }

        /// New tokens stop on every node; what happens to past ones still reaches the merchant.
        @Test func suspensionStopsTokensAndLosesNoEvent() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                let session = try merchant.linkSession("order-1")
                let calls = [stage.node, other].map { Caller(port: $0.publicPort, headers: merchant.call.headers) }
                for call in calls { _ = try call("GET", "/v1/me").json(200) }
                let path = "/admin/v1/sub-clients/\(merchant.id)"
                #expect(try stage.admin("POST", "\(path)/suspend", #"{}"#).status == 400)
                _ = try stage.admin("POST", "\(path)/suspend", #"{"reason":"Documents are missing."}"#).json(200)
                try waitUntil(calls, "POST", "/api/v1/linktoken", merchant.linkTokenBody("order-2"), answer: 403)
                let post = stage.post([MeshEvents.make(session)])
                _ = try #require(post.wait(forAcks: 1, within: .seconds(20)))
                let delivery = try merchant.delivery(to: endpoint) { $0["status"]?.text == "delivered" }
                #expect(delivery["attempts"]?.integer == 1)
                _ = try stage.admin("POST", "\(path)/activate").json(200)
                try waitUntil(calls, "POST", "/api/v1/linktoken", merchant.linkTokenBody("order-3"), answer: 200)
            }
        }

        /// On every caller's node, and on each of its loops: a connection may reach any.
        private func waitUntil(
            _ calls: [Caller], _ method: String, _ path: String, _ body: String? = nil, answer status: Int
        ) throws {
            try Patience.wait(until: "\(status) everywhere", within: .seconds(20)) {
                try calls.allSatisfy { call in
                    try (0..<8).allSatisfy { _ in try call(method, path, body).status == status }
                }
            }
        }
    }
}
