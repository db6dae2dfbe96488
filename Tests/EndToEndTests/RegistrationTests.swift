import Foundation
import JSON
import Postgres
import TestSupport
import Testing

extension EndToEnd {
    /// Sub-clients reach the upstream by themselves, and leave it.
    @Suite struct RegistrationTests {
        private static let adminSecret = "account-management-canary"
        /// A PNG of 16 by 16 pixels.
        private static let logo = Data(
            base64Encoded:
                "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mOQz39NEmIY1TCqYfhqAACg0HkQHKvk/A"
                + "AAAABJRU5ErkJggg==")!

        @Test func aSubClientComesChangesAndGoes() throws {
            let port = FreePorts.take(1)[0]
            let stage = try Stage(upstreamPort: port)
            let sandbox = SandboxProcess(
                stage.installation, port: port, clientID: Stage.upstreamClientID, clientSecret: Stage.upstreamSecret,
                webhookURL: "http://localhost:\(stage.node.publicPort)/inbound/mesh/\(stage.upstream)",
                webhookSecret: Stage.webhookSecret, adminClientSecret: Self.adminSecret)
            try sandbox.start()
            defer { sandbox.kill() }
            // One that is there before the upstream can be told, and one that comes after.
            let early = try stage.merchant("Early")
            let keys = #"{"adminBaseUrl":"http://localhost:\#(port)","adminClientSecret":"\#(Self.adminSecret)"}"#
            _ = try stage.admin("PATCH", "/admin/v1/upstreams/\(stage.upstream)", keys).json(200)
            // The first create's answer is lost.
            let fault =
                #"{"rules":[{"uses":1,"call":{"operations":["createSubClient"],"answer":"dropAnswer"}}]}"#
            let control = Caller(port: port, headers: [])
            #expect(try control("PUT", "/sandbox/v1/faults", fault).status == 200)
            let shop = try stage.merchant("Shop")
            try waitUntil(stage, [early, shop], are: "synced")
            #expect(Set(try entries(port).map { try $0.text(at: "displayName") }) == ["Early", "Shop"])

            // Its names, its origins, its logo.
            let path = "/admin/v1/sub-clients/\(shop.id)"
            _ = try stage.admin("PATCH", path, #"{"legalName":"Shop AG"}"#).json(200)
            let branding = #"{"displayName":"The Shop","allowedOrigins":["https://shop.example"]}"#
            _ = try stage.admin("PUT", path + "/branding", branding).json(200)
            let put = try HTTPProbe(port: stage.node.adminPort).send(
                "PUT", path + "/branding/logo", headers: stage.admin.headers + [("Content-Type", "image/png")],
                body: [UInt8](Self.logo))
            #expect(put.status == 200, "\(put.text)")
            try waitUntil(stage, [shop], are: "synced")
            let entry = try #require(try entries(port).first { try $0.text(at: "displayName") == "The Shop" })
            #expect(try entry.text(at: "businessLegalName") == "Shop AG")
            #expect(entry["callbackUrls"]?.elements.map(\.text) == ["https://shop.example"])
            let start = "http://127.0.0.1:\(port)"
            let logo = try entry.text(at: "logoUrl")
            #expect(logo.hasPrefix(start))
            #expect(try control("GET", String(logo.dropFirst(start.count))).body == [UInt8](Self.logo))

            // Its link tokens say who it is; the sandbox refuses tokens for others.
            let id = try entry.text(at: "id")
            #expect(try shop.call("POST", "/api/v1/linktoken", shop.linkTokenBody("order-1")).status == 200)
            let minted = try stage.installation.owner().query(
                "select sub_client_id::text from sandbox.link_token order by created_at desc limit 1")
            #expect(minted.string(0, 0) == id)

            let drift = try stage.admin("GET", "/admin/v1/upstreams/\(stage.upstream)/drift").json(200)
            #expect(drift["findingCount"]?.integer == 0 && drift["foundCount"]?.integer == 2)
            #expect(try stage.admin("DELETE", "/admin/v1/sub-clients/\(shop.id)").status == 204)
            try waitUntil(stage, [shop], are: "removed")
            #expect(try entries(port).map { try $0.text(at: "displayName") } == ["Early"])
            #expect(!stage.node.log.contains(Self.adminSecret) && !sandbox.log.contains(Self.adminSecret))
        }

        private func waitUntil(_ stage: Stage, _ merchants: [Merchant], are state: String) throws {
            try Patience.wait(until: "\(state) registrations", within: .seconds(60)) {
                try merchants.allSatisfy { merchant in
                    let found = try stage.admin("GET", "/admin/v1/sub-clients/\(merchant.id)/registrations").json(200)
                    return try found.data.count == 1 && found.data.at(0).text(at: "state") == state
                }
            }
        }

        /// What the upstream has, as its own API tells it.
        private func entries(_ port: UInt16) throws -> [JSONValue] {
            let keys = #"{"clientId":"\#(Stage.upstreamClientID)","clientSecret":"\#(Self.adminSecret)"}"#
            let token = try Caller(port: port, headers: [])("POST", "/admin/api/v1/Token", keys).json(200)
                .text(at: "content.id_token")
            let list = try Caller(port: port, headers: [("Authorization", "Bearer \(token)")])(
                "GET", "/admin/api/v1/SubClient")
            return try list.json(200)["content"].map { Array($0.elements) } ?? []
        }
    }
}
