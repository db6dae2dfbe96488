import Crypto
import Foundation
import JSON
import TestSupport
import Testing

extension EndToEnd {
    /// What signs, over real sockets: while a secret is exchanged, and on a node that did not exchange it.
    @Suite struct SigningTests {
        /// The parts of `webhook-signature` that a secret or a public key verifies.
        private static func verified(
            _ request: ReceiverFarm.Received, secrets: [String], publicKeys: [String]
        ) -> Set<String> {
            let (id, timestamp) = (request.header("webhook-id") ?? "", request.header("webhook-timestamp") ?? "")
            var found: Set<String> = []
            for part in (request.header("webhook-signature") ?? "").split(separator: " ").map(String.init) {
                for secret in secrets
                where part == WebhookSignature.standard(request.body, id: id, timestamp: timestamp, secret: secret) {
                    found.insert(secret)
                }
                guard part.hasPrefix("v1a,"), let signature = Base64.decode(Array(part.utf8.dropFirst(4))) else {
                    continue
                }
                let message = Array("\(id).\(timestamp).".utf8) + request.body
                for key in publicKeys {
                    guard let bytes = WebhookSecretText.publicKeyBytes(of: Array(key.utf8)) else { continue }
                    if Ed25519.isValid(signature, for: message, publicKey: bytes) { found.insert(key) }
                }
            }
            return found
        }

        /// Sends something until it comes as wanted, but begins nothing anew once a second is over.
        private static func within(
            aSecondOn stage: Stage, until end: ContinuousClock.Instant? = nil, _ test: () throws -> Void,
            _ isWanted: (ReceiverFarm.Received) -> Bool
        ) throws -> ReceiverFarm.Received {
            let deadline = end ?? ContinuousClock.now + .seconds(1)
            while true {
                let sentAt = ContinuousClock.now
                let before = stage.receivers.count
                try test()
                guard let received = stage.receivers.wait(until: { $0.count > before })?.dropFirst(before).first else {
                    throw Unexpected("no test arrived")
                }
                if isWanted(received) { return received }
                guard sentAt < deadline else { throw Unexpected("a second later it is signed as before") }
            }
        }

        @Test func bothSecretsSignUntilTheOldOneIsEnded() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let url = stage.receivers.url("/anna")
                let made = try merchant.call(
                    "POST", "/v1/webhook-endpoints",
                    #"{"url":"\#(url)","signatures":["v1","v1a"],"eventTypes":["transfer.failed"],"verify":true}"#
                ).json(201)
                let (id, old) = (try made.text(at: "id"), try made.text(at: "secret"))
                let oldKey = try made.text(at: "publicKey")
                let first = try #require(stage.receivers.wait { $0.count == 1 }).at(0)
                #expect(Self.verified(first, secrets: [old], publicKeys: [oldKey]) == [old, oldKey])
                #expect(first.header("x-mesh-signature-256") == WebhookSignature.mesh(first.body, secret: old))
                let delivery = try made.text(at: "testDeliveryId")
                try Patience.wait(until: "the test delivered") {
                    try merchant.call("GET", "/v1/deliveries/\(delivery)").json(200)["status"]?.text == "delivered"
                }

                let path = "/v1/webhook-endpoints/\(id)"
                let rotated = try merchant.call("POST", "\(path)/rotate-secret", #"{"overlapSeconds":600}"#).json(201)
                let (new, newKey) = (try rotated.text(at: "secret"), try rotated.text(at: "publicKey"))
                let test = { _ = try merchant.call("POST", "\(path)/test").json(202) }
                let (secrets, keys) = ([old, new], [oldKey, newKey])
                let during = try Self.within(aSecondOn: stage, test) {
                    Self.verified($0, secrets: secrets, publicKeys: keys) == Set(secrets + keys)
                }
                // Who knows one signature knows the old secret still.
                #expect(during.header("x-mesh-signature-256") == WebhookSignature.mesh(during.body, secret: old))

                #expect(try merchant.call("DELETE", "\(path)/previous-secrets").status == 204)
                let after = try Self.within(aSecondOn: stage, test) {
                    Self.verified($0, secrets: secrets, publicKeys: keys) == [new, newKey]
                }
                #expect(after.header("x-mesh-signature-256") == WebhookSignature.mesh(after.body, secret: new))
                #expect(after.header("webhook-signature")?.split(separator: " ").count == 2)
            }
        }

        @Test func theOverlapEndsByItself() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                let path = "/v1/webhook-endpoints/\(endpoint.id)"
                let test = { _ = try merchant.call("POST", "\(path)/test").json(202) }
                let rotated = try merchant.call("POST", "\(path)/rotate-secret", #"{"overlapSeconds":3}"#).json(201)
                let new = try rotated.text(at: "secret")
                _ = try Self.within(aSecondOn: stage, test) {
                    Self.verified($0, secrets: [endpoint.secret, new], publicKeys: []) == [endpoint.secret, new]
                }
                try Patience.wait(until: "the old secret shown no more") {
                    try merchant.call("GET", path).json(200)["secrets"]?.elements.reduce(0) { count, _ in count + 1 }
                        == 1
                }
                _ = try Self.within(aSecondOn: stage, test) {
                    Self.verified($0, secrets: [endpoint.secret, new], publicKeys: []) == [new]
                }
            }
        }

        /// Exchanged at one node, it signs at the other within a second.
        @Test func anotherNodeSignsWithTheNewOneToo() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let other = try stage.startNode("other")
                defer { other.kill() }
                let merchant = try stage.merchant("anna")
                let endpoint = try merchant.endpoint("/anna")
                let session = try merchant.linkSession("order-1")
                // What a node accepts it sends.
                func send(_ node: ServiceProcess) -> () throws -> Void {
                    return {
                        let post = stage.post([MeshEvents.make(session)], to: [node])
                        guard post.wait(forAcks: 1, within: .seconds(20)) != nil else { throw Unexpected("no ack") }
                    }
                }
                for node in [stage.node, other] {
                    let before = try Self.within(aSecondOn: stage, send(node)) { _ in true }
                    #expect(WebhookSignature.complaints(before, secret: endpoint.secret) == [])
                }
                let path = "/v1/webhook-endpoints/\(endpoint.id)"
                let rotated = try merchant.call("POST", "\(path)/rotate-secret", #"{"overlapSeconds":0}"#).json(201)
                let new = try rotated.text(at: "secret")
                let deadline = ContinuousClock.now + .seconds(1)
                for node in [other, stage.node] {
                    _ = try Self.within(aSecondOn: stage, until: deadline, send(node)) {
                        WebhookSignature.complaints($0, secret: new) == []
                    }
                }
            }
        }
    }
}
