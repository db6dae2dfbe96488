import JSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct QuarantineTests {
        @Test func whatNoSubClientClaimsIsKeptAndAnswered() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                _ = try merchant.endpoint("/anna")
                let session = try merchant.linkSession("order-1")
                let reference = session.upstreamTransactionID
                let other = String(reference.dropLast(4)) + (reference.hasSuffix("0000") ? "1111" : "0000")
                let strays = ["order-1", "", other, "sg1_", String(repeating: "x", count: 200)].map {
                    MeshEvents.make(transaction: $0, user: "nobody")
                }
                let post = stage.post(strays + strays)
                _ = try #require(post.wait(forAcks: strays.count, within: .seconds(20)), "\(post.current.refusals)")
                post.stop()
                let kept = try stage.admin("GET", "/admin/v1/quarantine").json(200).data
                #expect(Set(kept.compactMap { $0["upstreamEventId"]?.text }) == Set(strays.map(\.id)))
                #expect(kept.count == strays.count)
                #expect(kept.allSatisfy { $0["upstreamId"]?.text == stage.upstream })
                // The payload is what came, to the byte.
                for stray in strays {
                    let one = try #require(kept.first { $0["upstreamEventId"]?.text == stray.id })
                    #expect(one["payload"].map { Array($0.raw) } == stray.body)
                }
                #expect(try merchant.call("GET", "/v1/events").json(200).data.isEmpty)
                #expect(stage.receivers.count == 0)
            }
        }

        @Test func onlyTheUpstreamItselfIsHeard() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let event = MeshEvents.make(try merchant.linkSession("order-1"))
                let path = "/inbound/mesh/\(stage.upstream)"
                let good = WebhookSignature.mesh(event.body, secret: Stage.webhookSecret)
                func post(_ path: String, _ signature: String?, _ body: [UInt8]) throws -> Int {
                    let headers = signature.map { [("X-Mesh-Signature-256", $0)] } ?? []
                    return try HTTPProbe(port: stage.node.publicPort).send("POST", path, headers: headers, body: body)
                        .status
                }
                #expect(try post(path, nil, event.body) == 401)
                #expect(try post(path, "", event.body) == 401)
                #expect(try post(path, WebhookSignature.mesh(event.body, secret: "other"), event.body) == 401)
                #expect(try post(path, String(good.dropLast(4)), event.body) == 401)
                #expect(try post(path, good, event.body + [32]) == 401)
                #expect(try post("/inbound/mesh/up_01k5x3v8q2f7r9t0w4y6z8a1b3", good, event.body) == 404)
                #expect(try post("/inbound/mesh/x", good, event.body) == 404)
                for text in ["", "[]", "{", "{}", #"{"EventId":"x"}"#, #"{"EventId":1,"EventId":2}"#, "\u{0}"] {
                    let body = Array(text.utf8)
                    let signature = WebhookSignature.mesh(body, secret: Stage.webhookSecret)
                    #expect(try post(path, signature, body) == 400, "\(text)")
                }
                #expect(try merchant.call("GET", "/v1/events").json(200).data.isEmpty)
                #expect(try post(path, good, event.body) == 200)
                #expect(try post(path, good, event.body) == 200)
                #expect(try merchant.call("GET", "/v1/events").json(200).data.count == 1)
            }
        }

        @Test func anEventThatIsRepeatedAtOnceIsDeliveredOnce() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                let session = try merchant.linkSession("order-1")
                let events = (0..<20).map { _ in MeshEvents.make(session) }
                // Eight posters with the same events in different orders, all at the same time.
                let posts = (0..<8).map { number in
                    stage.post(Array(events[(number * 2)...] + events[..<(number * 2)]), posters: 1)
                }
                for post in posts {
                    let ledger = try #require(post.wait(forAcks: events.count, within: .seconds(30)))
                    #expect(ledger.refusals == [:])
                }
                try Patience.wait(until: "all deliveries") { try Books(stage.installation).delivered == events.count }
                let audit = try Audit(stage.receivers.received, owed: [(events.map(\.id), [endpoint])])
                #expect(audit.complaints == [])
                #expect(audit.duplicates == 0)
                #expect(try Books(stage.installation).others == 0)
            }
        }
    }
}
