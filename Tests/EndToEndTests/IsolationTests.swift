import Foundation
import JSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct IsolationTests {
        /// Every route of a sub-client that names something of its own.
        private static let routes: [(method: String, path: String, body: String?)] = [
            ("GET", "/v1/webhook-endpoints/{endpointId}", nil),
            ("PATCH", "/v1/webhook-endpoints/{endpointId}", #"{"enabled":false}"#),
            ("DELETE", "/v1/webhook-endpoints/{endpointId}", nil),
            ("POST", "/v1/webhook-endpoints/{endpointId}/enable", nil),
            ("POST", "/v1/webhook-endpoints/{endpointId}/disable", nil),
            ("POST", "/v1/webhook-endpoints/{endpointId}/test", nil),
            ("POST", "/v1/webhook-endpoints/{endpointId}/rotate-secret", "{}"),
            ("DELETE", "/v1/webhook-endpoints/{endpointId}/previous-secrets", nil),
            ("POST", "/v1/webhook-endpoints/{endpointId}/recover", #"{"since":"2025-01-01T00:00:00Z"}"#),
            ("GET", "/v1/webhook-endpoints/{endpointId}/recoveries", nil),
            ("GET", "/v1/webhook-endpoints/{endpointId}/statistics", nil),
            ("GET", "/v1/recoveries/{recoveryId}", nil),
            ("POST", "/v1/recoveries/{recoveryId}/cancel", nil),
            ("GET", "/v1/link-sessions/{linkSessionId}", nil),
            ("GET", "/v1/transfers/{transferId}", nil),
            ("GET", "/v1/events/{eventId}", nil),
            ("POST", "/v1/events/{eventId}/replay", "{}"),
            ("GET", "/v1/deliveries/{deliveryId}", nil),
            ("GET", "/v1/deliveries/{deliveryId}/attempts", nil),
            ("POST", "/v1/deliveries/{deliveryId}/retry", nil),
            ("GET", "/v1/end-users/erasures/{erasureId}", nil),
        ]
        private static let lists = ["webhook-endpoints", "link-sessions", "transfers", "events", "deliveries"]

        @Test func theTableHoldsEveryRouteOfTheContract() throws {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            let text = try String(
                contentsOf: folder.appendingPathComponent("../../openapi.yaml"), encoding: .utf8)
            var named: Set<String> = []
            var path = ""
            for line in text.split(separator: "\n") {
                if line.hasPrefix("  /") { path = String(line.dropFirst(2).dropLast()) }
                let method = line.dropFirst(4).dropLast().uppercased()
                guard line.hasPrefix("    "), ["GET", "PUT", "POST", "DELETE", "PATCH"].contains(method) else {
                    continue
                }
                if path.hasPrefix("/v1/") && path.contains("{") { named.insert("\(method) \(path)") }
            }
            #expect(named == Set(Self.routes.map { "\($0.method) \($0.path)" }))
        }

        @Test func whatIsAnothersLooksLikeWhatIsMissing() async throws {
            try await onOwnThread {
                let pair = try Pair()
                for route in Self.routes {
                    let parameter = String(route.path.split(separator: "{")[1].split(separator: "}")[0])
                    let theirs = try #require(pair.ids[parameter])
                    let prefix = theirs.prefix { $0 != "_" }
                    let answers = try [theirs, "\(prefix)_01k5x3v8q2f7r9t0w4y6z8a1b3", "x", "\(prefix)_"].map { id in
                        let path = route.path.replacingOccurrences(of: "{\(parameter)}", with: id)
                        return try pair.stranger.call(route.method, path, route.body)
                    }
                    #expect(try answers.at(0).status == 404, "\(route.method) \(route.path)")
                    let pictures = answers.map(picture)
                    #expect(pictures.allSatisfy { $0 == pictures[0] }, "\(route.method) \(route.path): \(pictures)")
                }
                // And nothing of it happened.
                let endpoint = try pair.owner.call("GET", "/v1/webhook-endpoints/\(pair.ids["endpointId"]!)").json(200)
                #expect(endpoint["enabled"]?.bool == true)
                #expect(endpoint["version"]?.integer == 1)
                #expect(pair.stage.receivers.received(pair.endpoint.path).count == 1)
            }
        }

        @Test func noByteOfAnotherIsInAnyAnswer() async throws {
            try await onOwnThread {
                let pair = try Pair()
                let marks = ["anna", "order-anna"] + pair.ids.values
                let lists =
                    Self.lists.map { "/v1/\($0)" } + [
                        "/v1/me", "/v1/deliveries?endpointId=\(pair.ids["endpointId"]!)",
                        "/v1/deliveries?status=delivered",
                        "/v1/events?limit=100",
                    ]
                for path in lists {
                    let answer = try pair.stranger.call("GET", path)
                    #expect(answer.status == 200, "\(path): \(answer.text)")
                    let shown = answer.text + answer.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
                    #expect(marks.allSatisfy { !shown.contains($0) }, "\(path): \(shown)")
                }
                // A cursor of the owner's opens nothing either.
                let page = try pair.owner.call("GET", "/v1/events?limit=1").json(200)
                if let cursor = page["nextCursor"]?.text {
                    let answer = try pair.stranger.call("GET", "/v1/events?cursor=\(cursor)")
                    #expect(marks.allSatisfy { !answer.text.contains($0) })
                }
                #expect(pair.stage.receivers.received.allSatisfy { $0.path == pair.endpoint.path })
            }
        }

        @Test func bothHeaderFormsNameTheSameCaller() async throws {
            try await onOwnThread {
                let pair = try Pair()
                let merchant = pair.owner
                let port = pair.stage.node.publicPort
                let forms: [[(String, String)]] = [
                    [("Authorization", "Bearer \(merchant.secret)")],
                    [("authorization", "bearer \(merchant.secret)")],
                    [("X-Client-Id", merchant.clientID), ("X-Client-Secret", merchant.secret)],
                    [("x-client-secret", merchant.secret), ("x-client-id", merchant.clientID.uppercased())],
                ]
                for form in forms {
                    let me = try Caller(port: port, headers: form)("GET", "/v1/me").json(200)
                    #expect(me["subClientId"]?.text == merchant.id)
                }
            }
        }

        @Test func whoeverHasNotBothPartsIsNobody() async throws {
            try await onOwnThread {
                let pair = try Pair()
                let (mine, theirs) = (pair.owner, pair.stranger)
                let last = mine.secret.last == "a" ? "b" : "a"
                let forms: [[(String, String)]] = [
                    [],
                    [("X-Client-Id", mine.clientID)],
                    [("X-Client-Secret", mine.secret)],
                    [("X-Client-Id", theirs.clientID), ("X-Client-Secret", mine.secret)],
                    [("X-Client-Id", "5c6a1f5e-3f04-4d8f-8f2c-0d8c7b6a5948"), ("X-Client-Secret", mine.secret)],
                    [("X-Client-Id", "x"), ("X-Client-Secret", mine.secret)],
                    [("X-Client-Id", mine.clientID), ("X-Client-Secret", String(mine.secret.dropLast()) + last)],
                    [("X-Client-Id", mine.clientID), ("X-Client-Secret", "")],
                    [("Authorization", "Bearer \(mine.secret)x")],
                    [("Authorization", "Basic \(mine.secret)")],
                    [("Authorization", mine.secret)],
                    [("Authorization", "Bearer \(pair.stage.installation.adminKey)")],
                ]
                for form in forms {
                    let caller = Caller(port: pair.stage.node.publicPort, headers: form)
                    #expect(try caller("GET", "/v1/me").status == 401, "\(form.map(\.0))")
                    #expect(try caller("POST", "/api/v1/linktoken", mine.linkTokenBody("a")).status == 401)
                }
                let admin = Caller(
                    port: pair.stage.node.adminPort, headers: [("Authorization", "Bearer \(mine.secret)")])
                #expect(try admin("GET", "/admin/v1/sub-clients").status == 401)
                // What belongs to one listener is not there on another.
                let onPublic = Caller(port: pair.stage.node.publicPort, headers: pair.stage.admin.headers)
                #expect(try onPublic("GET", "/admin/v1/sub-clients").status == 404)
            }
        }

        @Test func anEventOfOneAccountNeverReachesTheOther() async throws {
            try await onOwnThread {
                let pair = try Pair()
                let theirs = try pair.stranger.endpoint("/bert")
                // The owner's session, the stranger's user: the session decides.
                let event = MeshEvents.make(
                    transaction: pair.session.upstreamTransactionID, user: "bert-user", status: "Pending")
                let post = pair.stage.post([event])
                _ = try #require(post.wait(forAcks: 1, within: .seconds(20)))
                let received = try #require(
                    pair.stage.receivers.wait { $0.filter { $0.path == pair.endpoint.path }.count == 2 })
                #expect(received.allSatisfy { $0.path != theirs.path })
                let body = try JSONDocument.parse(received.at(1).body).root
                #expect(body["UserId"]?.text == "anna-user")
            }
        }

        /// An answer without what may differ: the request's id and the time.
        private func picture(_ answer: HTTPAnswer) -> String {
            let id = answer.header("x-request-id") ?? "none"
            let headers = answer.headers.filter { !["x-request-id", "date"].contains($0.name.lowercased()) }
                .map { "\($0.name): \($0.value)" }
            return "\(answer.status)\n\(headers.joined(separator: "\n"))\n\(answer.text)"
                .replacingOccurrences(of: id, with: "(id)")
        }
    }
}

/// One sub-client that owns one thing of each kind, and a stranger.
private final class Pair {
    let stage: Stage
    let owner: Merchant
    let stranger: Merchant
    let endpoint: Merchant.Endpoint
    let session: Merchant.Session
    /// The owner's, by the name of the path parameter.
    let ids: [String: String]

    init() throws {
        stage = try Stage()
        owner = try stage.merchant("anna")
        stranger = try stage.merchant("bert")
        endpoint = try owner.endpoint("/anna")
        session = try owner.linkSession("order-anna")
        let post = stage.post([MeshEvents.make(session)])
        guard post.wait(forAcks: 1, within: .seconds(20)) != nil else { throw Unexpected("\(post.current)") }
        let delivery = try owner.delivery(to: endpoint) { $0["status"]?.text == "delivered" }
        var ids = ["endpointId": endpoint.id, "deliveryId": try delivery.text(at: "id")]
        for (name, list) in [("linkSessionId", "link-sessions"), ("transferId", "transfers"), ("eventId", "events")] {
            ids[name] = try owner.call("GET", "/v1/\(list)").json(200).data.first?["id"]?.text
        }
        // Of an end user who was never there: nothing that the other tests look at goes.
        let erasure = try owner.call("POST", "/v1/end-users/erase", #"{"userId":"nobody"}"#).json(202)
        ids["erasureId"] = try erasure.text(at: "id")
        // Of a day on which nothing was received.
        let recovery = try owner.call(
            "POST", "/v1/webhook-endpoints/\(endpoint.id)/recover",
            #"{"since":"2025-01-01T00:00:00Z","until":"2025-01-02T00:00:00Z"}"#
        ).json(202)
        ids["recoveryId"] = try recovery.text(at: "id")
        self.ids = ids
    }
}
