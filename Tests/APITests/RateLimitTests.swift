import API
import Domain
import HTTPClient
import Runtime
import Testing

@Suite struct RateLimitTests {
    private static func limits(address: Int = 0, key: Int = 0, subClient: Int = 0, wrongKeys: Int = 0) -> RateLimits {
        RateLimits(address: address, key: key, subClient: subClient, failures: wrongKeys)
    }

    @Test func everyAnswerTellsWhereItsCallerStands() async throws {
        try await APIFixture.with(rates: RateLimitTests.limits(address: 50, key: 3, subClient: 6)) { api in
            let merchant = try await api.merchant()
            let first = try await merchant.call(.get, "/v1/me")
            #expect(first.status == 200)
            #expect(
                first.headers["ratelimit-policy"]
                    == "\"address\";q=500;w=10, \"subClient\";q=60;w=10, \"key\";q=30;w=10")
            #expect(
                first.headers["ratelimit"]
                    == "\"address\";r=499;t=1, \"subClient\";r=59;t=1, \"key\";r=29;t=1")
            let open = try await api.call(.get, "/.well-known/webhook-keys/nobody", on: "public")
            #expect(open.headers["ratelimit-policy"] == "\"address\";q=500;w=10")
            let ops = try await api.call(.get, "/livez", on: "ops")
            #expect(ops.headers["ratelimit"] == nil)
        }
    }

    @Test func whatIsTooMuchIsRefusedInTheFormatOfItsPath() async throws {
        try await APIFixture.with(rates: RateLimitTests.limits(key: 1)) { api in
            let merchant = try await api.merchant()
            for _ in 0..<10 { #expect(try await merchant.call(.get, "/v1/me").status == 200) }
            var own = try await merchant.call(.get, "/v1/me")
            // One comes back every second, and this machine may be slow.
            while own.status == 200 { own = try await merchant.call(.get, "/v1/me") }
            #expect(own.status == 429)
            #expect(try own.string("code") == "tooManyRequests")
            #expect(own.headers["retry-after"] == "1")
            #expect(own.headers["ratelimit"]?.hasPrefix("\"key\";r=0;t=") == true)
            var theirs = own
            repeat {
                theirs = try await api.call(.get, "/api/v1/status", on: "public", headers: merchant.meshHeaders)
            } while theirs.status == 404
            #expect(theirs.status == 429)
            #expect(try theirs.string("status") == "tooManyRequest")
            #expect(theirs.headers["retry-after"] == "1")
        }
    }

    @Test func keysOfOneSubClientShareItsLimitAndAnAdminMaySetIt() async throws {
        try await APIFixture.with(rates: RateLimitTests.limits(key: 1, subClient: 1_000)) { api in
            let merchant = try await api.merchant()
            let id = String(decoding: merchant.subClient.text, as: UTF8.self)
            for bad in ["0", "1000001", "1.5", "\"1\""] {
                let refused = try await api.admin(
                    .patch, "/sub-clients/\(id)", body: "{\"requestsPerSecond\":\(bad)}")
                #expect(refused.status == 400)
                #expect(refused.text.contains("requestsPerSecond"))
            }
            let set = try await api.admin(.patch, "/sub-clients/\(id)", body: "{\"requestsPerSecond\":2}")
            #expect(set.status == 200)
            #expect(set.text.contains("\"requestsPerSecond\":2"))
            var statuses: [Int: Int] = [:]
            for _ in 0..<30 {
                let answer = try await merchant.call(.get, "/v1/me")
                statuses[answer.status, default: 0] += 1
                if answer.status == 200 {
                    #expect(answer.headers["ratelimit-policy"] == "\"subClient\";q=20;w=10", "its keys share it freely")
                }
            }
            // Some come back while they are sent.
            #expect(statuses[200, default: 0] >= 20)
            let cleared = try await api.admin(.patch, "/sub-clients/\(id)", body: "{\"requestsPerSecond\":null}")
            #expect(cleared.text.contains("\"requestsPerSecond\":null"))
        }
    }

    @Test func whoGuessesKeysIsNotLookedAtAndShutsOutNobodyWhoIsKnown() async throws {
        try await APIFixture.with(rates: RateLimitTests.limits(wrongKeys: 1)) { api in
            let merchant = try await api.merchant()
            #expect(try await merchant.call(.get, "/v1/me").status == 200)
            let wrong = api.bearer(Array("sk_sandbox_nonsense".utf8))
            var statuses: [Int: Int] = [:]
            for _ in 0..<30 {
                let answer = try await api.call(.get, "/v1/me", on: "public", headers: [wrong])
                statuses[answer.status, default: 0] += 1
            }
            #expect(statuses[401, default: 0] >= 10)
            #expect(statuses[429, default: 0] >= 10)
            #expect(statuses.count == 2)
            let admin = try await api.call(.get, "/admin/v1/me", on: "admin", headers: [wrong])
            #expect(admin.status == 429, "whichever listener")
            let known = try await merchant.call(.get, "/v1/me")
            #expect(known.status == 200, "a key that was good a moment ago")
            let without = try await api.call(.get, "/v1/me", on: "public")
            #expect(without.status == 401, "no key is no guess")
        }
    }

    @Test func theAddressIsTheCallersAndNotTheProxys() async throws {
        let proxy = try TrustedProxies([IPBlock(text: Array("127.0.0.1".utf8))])
        try await APIFixture.with(proxies: proxy, rates: RateLimitTests.limits(address: 1)) { api in
            func ask(_ address: String) async throws -> Int {
                try await api.call(
                    .get, "/v1/me", on: "public", headers: [("X-Forwarded-For", Array(address.utf8))]
                ).status
            }
            var statuses: [Int] = []
            for _ in 0..<11 { statuses.append(try await ask("192.0.2.1")) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429])
            let another = try await ask("192.0.2.2")
            #expect(another == 401)
            statuses = []
            for last in 0..<11 { statuses.append(try await ask("2001:db8::\(last)")) }
            #expect(statuses == Array(repeating: 401, count: 10) + [429], "one network of IPv6 is one caller")
            let elsewhere = try await ask("2001:db8:0:1::1")
            #expect(elsewhere == 401)
        }
    }
}
