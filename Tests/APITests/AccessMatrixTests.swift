import Crypto
import Domain
import HTTPClient
import HTTPServer
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// Every route of the contract against every kind of caller.
@Suite struct AccessMatrixTests {
    /// A path of the route's pattern whose ids are well-formed and name nothing.
    static func path(_ route: Route) -> String {
        let id = "00000000000000000000000001"
        let prefixes = [
            "subClientId": "sc_", "credentialId": "cred_", "upstreamId": "up_", "endpointId": "we_",
            "linkSessionId": "ls_", "memberId": "mem_", "keyId": "key_", "transferId": "tr_", "eventId": "evt_",
            "deliveryId": "dlv_", "secretId": "sec_", "erasureId": "era_",
            "recoveryId": "rec_", "operatorWebhookId": "we_",
            "quarantineId": "qrt_",
        ]
        var path = "\(route.pattern)"
        for (name, prefix) in prefixes { path = path.replacing("{\(name)}", with: prefix + id) }
        return path.replacing("{digest}", with: String(repeating: "0", count: 64))
    }

    private static func method(_ route: Route) -> OutgoingRequest.Method {
        OutgoingRequest.Method(rawValue: "\(route.method.name)")!
    }

    private static func status(
        _ fixture: APIFixture, _ table: RouteTable, _ route: Route, _ headers: [APIFixture.Header]
    ) async throws -> Int {
        try await fixture.call(method(route), path(route), on: "\(table.listener)", headers: headers).status
    }

    private static func pair(_ id: UUIDValue, _ secret: [UInt8]) -> [APIFixture.Header] {
        [("X-Client-Id", id.text), ("X-Client-Secret", secret)]
    }

    @Test func nobodyUnknownPassesAnyRoute() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let revoked = try await fixture.merchant()
            try await fixture.store.revokeCredential(PlatformScope.system.tenant(revoked.subClient), revoked.credential)
            let closed = try await fixture.merchant()
            try await fixture.store.closeSubClient(.system, closed.subClient)
            let expiring = try await fixture.store.createCredential(
                .system, for: merchant.subClient,
                NewCredential(
                    environment: .sandbox, access: .readWrite, name: Array("x".utf8),
                    expiresAt: fixture.clock.clock.now() + .milliseconds(1)))
            fixture.clock.advance(by: .seconds(1))

            let unknownSandbox = SecretKeyText.make(prefix: .sandbox)
            let unknownAdmin = SecretKeyText.make(prefix: .admin)
            var changed = merchant.secret
            changed[20] ^= 1
            let bearers: [[UInt8]] = [
                Array("garbage".utf8), Array("=".utf8), unknownSandbox, unknownAdmin, changed, revoked.secret,
                closed.secret,
                expiring.secret, merchant.secret.dropLast(), merchant.secret + [0x78],
            ]
            var callers: [[APIFixture.Header]] = [[]]
            callers += bearers.map { [fixture.bearer($0)] }
            callers += (bearers + [[]]).map { Self.pair(merchant.clientID, $0) }
            callers += [
                [("Authorization", Array("Basic eDp5".utf8))], [("Authorization", merchant.secret)],
                Self.pair(UUIDValue(high: 1, low: 1), merchant.secret), [("X-Client-Id", merchant.clientID.text)],
                [("X-Client-Secret", merchant.secret)],
                [fixture.bearer(merchant.secret), fixture.bearer(merchant.secret)],
                [fixture.bearer(merchant.secret)] + merchant.meshHeaders,
                merchant.meshHeaders + [("X-Client-Secret", merchant.secret)],
            ]
            let bothWays = callers.count - 2
            for table in RouteTable.all where table.listener.description != "ops" {
                for route in table.routes where route.access != .open {
                    for (index, headers) in callers.enumerated() {
                        // On Mesh's own routes only Mesh's two headers count.
                        if case .meshTenant = route.access, index == bothWays { continue }
                        let status = try await Self.status(fixture, table, route, headers)
                        #expect(status == 401, "\(route.name) as caller \(index)")
                    }
                }
            }
        }
    }

    @Test func keysOpenTheirOwnListenerOnly() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let reader = try await fixture.merchant(access: .read)
            for table in RouteTable.all {
                for route in table.routes {
                    let asAdmin = try await Self.status(fixture, table, route, [fixture.bearer(fixture.adminKey)])
                    let asMerchant = try await Self.status(fixture, table, route, [fixture.bearer(merchant.secret)])
                    let asReader = try await Self.status(fixture, table, route, [fixture.bearer(reader.secret)])
                    let byPair = try await Self.status(fixture, table, route, merchant.meshHeaders)
                    let readerByPair = try await Self.status(fixture, table, route, reader.meshHeaders)
                    switch route.access {
                    case .ops:
                        #expect([asAdmin, asMerchant, asReader, byPair].allSatisfy { $0 == 200 }, "\(route.name)")
                    case .inbound:
                        #expect([asAdmin, asMerchant, asReader, byPair].allSatisfy { $0 == 401 }, "\(route.name)")
                    case .open:
                        // Who is not there has no keys.
                        let isKeySet = "\(route.pattern)".hasPrefix("/.well-known/webhook-keys/")
                        #expect(
                            [asAdmin, asMerchant, asReader, byPair].allSatisfy { $0 == (isKeySet ? 200 : 404) },
                            "\(route.name)")
                    case .admin:
                        #expect(![401, 403].contains(asAdmin), "\(route.name)")
                        #expect([asMerchant, asReader, byPair].allSatisfy { $0 == 401 }, "\(route.name)")
                    case .console:
                        Issue.record("\(route.name) is a page, not a part of the contract")
                    case .tenant(let access):
                        #expect(asAdmin == 401, "\(route.name)")
                        #expect(![401, 403].contains(asMerchant) && asMerchant == byPair, "\(route.name)")
                        #expect(asReader == (access == .read ? asMerchant : 403), "\(route.name)")
                        #expect(asReader == readerByPair, "\(route.name)")
                    case .meshTenant(let access):
                        #expect([asAdmin, asMerchant, asReader].allSatisfy { $0 == 401 }, "\(route.name)")
                        #expect(![401, 403].contains(byPair), "\(route.name)")
                        #expect(readerByPair == (access == .read ? byPair : 403), "\(route.name)")
                        if access == .read { continue }
                        let refusal = try await fixture.call(
                            Self.method(route), Self.path(route), on: "public", headers: reader.meshHeaders)
                        #expect(try refusal.string("status") == "permissionDenied", "\(route.name)")
                    }
                }
            }
        }
    }

    @Test func everyFailureToTellWhoCallsLooksTheSame() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let revoked = try await fixture.merchant()
            try await fixture.store.revokeCredential(PlatformScope.system.tenant(revoked.subClient), revoked.credential)
            let answers = [
                try await fixture.call(.get, "/v1/me", on: "public"),
                try await fixture.call(.get, "/v1/me", on: "public", headers: [fixture.bearer(revoked.secret)]),
                try await fixture.call(
                    .get, "/v1/me", on: "public", headers: Self.pair(UUIDValue(high: 1, low: 1), merchant.secret)),
            ]
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.allSatisfy { $0.headers["www-authenticate"] == "Bearer" })
        }
    }

    /// Objects of another sub-client answer exactly as objects that do not exist, and nothing of them changes.
    @Test func whatIsNotYoursIsNotThere() async throws {
        try await APIFixture.with { fixture in
            let owner = try await fixture.merchant()
            let other = try await fixture.merchant()
            let body = #"{"url":"http://127.0.0.1:9/hook"}"#
            let made = try await owner.call(.post, "/v1/webhook-endpoints", body: body)
            let endpoint = try #require(try made.string("id"))
            let test = try await owner.call(.post, "/v1/webhook-endpoints/\(endpoint)/test")
            let delivery = try #require(try test.string("id"))
            let event = try #require(try test.string("eventId"))
            let before = try await owner.call(.get, "/v1/webhook-endpoints/\(endpoint)").body

            let calls: [(OutgoingRequest.Method, String, String, String?)] = [
                (.get, "/v1/webhook-endpoints/", endpoint, nil), (.delete, "/v1/webhook-endpoints/", endpoint, nil),
                (.patch, "/v1/webhook-endpoints/", endpoint, #"{"enabled":false}"#),
                (.post, "/v1/webhook-endpoints/", "\(endpoint)/disable", nil),
                (.post, "/v1/webhook-endpoints/", "\(endpoint)/enable", nil),
                (.post, "/v1/webhook-endpoints/", "\(endpoint)/test", nil),
                (.get, "/v1/deliveries/", delivery, nil), (.post, "/v1/deliveries/", "\(delivery)/retry", nil),
                (.get, "/v1/events/", event, nil),
            ]
            for (method, base, rest, body) in calls {
                let foreign = try await other.call(method, base + rest, body: body)
                let parts = rest.split(separator: "/", maxSplits: 1)
                let missing = parts[0].prefix { $0 != "_" } + "_00000000000000000000000001"
                let tail = parts.count > 1 ? "/\(parts[1])" : ""
                let unknown = try await other.call(method, base + missing + tail, body: body)
                let malformed = try await other.call(method, base + "x" + tail, body: body)
                #expect(foreign.status == 404 && foreign.body == unknown.body && foreign.body == malformed.body)
            }
            for list in ["webhook-endpoints", "events", "deliveries", "transfers", "link-sessions"] {
                let answer = try await other.call(.get, "/v1/\(list)")
                #expect(answer.text == #"{"data":[],"nextCursor":null}"#)
            }
            let filtered = try await other.call(.get, "/v1/deliveries?endpointId=\(endpoint)")
            #expect(filtered.text == #"{"data":[],"nextCursor":null}"#)
            #expect(try await owner.call(.get, "/v1/webhook-endpoints/\(endpoint)").body == before)
        }
    }
}
