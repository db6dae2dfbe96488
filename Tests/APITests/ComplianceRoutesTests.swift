import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// The admin's side: policies are read strictly, kept in revisions, and tried out.
@Suite struct ComplianceRoutesTests {
    static let network = "e3c7fdd8-b1fc-4e51-85ae-bb276e075611"
    private static let other = "0291810a-5947-424d-9a59-e88bb33e999d"

    static func path(_ merchant: Merchant) -> String { "/sub-clients/\(merchant.subClient)/compliance" }

    static func policy(_ rules: String, kyb: String = #"{"status":"approved"}"#, more: String = "") -> String {
        #"{"kyb":\#(kyb),"rules":\#(rules)\#(more)}"#
    }

    private static let everything = """
        {"transferTypes":["payment","deposit"],\
        "assets":[{"networkId":"\(network)","symbols":["USDC"]},{"networkId":"\(other)","symbols":null}],\
        "destinations":[{"networkId":"\(network)","address":"0xAbCdEf0123456789aBcDeF0123456789abcdef01",\
        "addressTag":null,"label":"Till"},\
        {"networkId":"\(other)","address":"So1","addressTag":"7","label":null}],\
        "perTransfer":{"minFiat":"1","maxFiat":"1000.5"},"perDay":{"maxFiat":"5000"},"maxClientFee":"0.025",\
        "integrations":{"deny":["\(network)"]},"walletVerification":{"aboveFiat":"999.99"},\
        "countries":{"allow":["DE","FR"]}}
        """

    @Test func aNewSubClientHasNoRules() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let answer = try await fixture.admin(.get, Self.path(merchant))
            #expect(answer.status == 200 && answer.headers["etag"] == "\"0\"")
            #expect(try answer.json["revision"]?.integer == 0)
            #expect(try answer.json["kyb"]?["status"]?.text == "unverified")
            #expect(try answer.json["rules"]!.members.allSatisfy { $0.value.isNull })
            for name in ["effectiveAt", "createdAt", "createdBy", "scheduled"] {
                #expect(try answer.json[name]!.isNull)
            }
            #expect(try await fixture.admin(.get, Self.path(merchant) + "/revisions").text.hasPrefix(#"{"data":[],"#))
            let nobody = "/sub-clients/sc_00000000000000000000000001/compliance"
            #expect(try await fixture.admin(.get, nobody).status == 404)
            #expect(try await fixture.admin(.get, nobody + "/revisions").status == 404)
            #expect(try await fixture.admin(.put, nobody, body: Self.policy("{}")).status == 404)
        }
    }

    @Test func whatIsPutComesBackInItsOneSpelling() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let kyb = """
                {"status":"approved","expiresAt":"2099-01-01T00:00:00.000000Z","legalEntity":"Shop GmbH",\
                "registrationNumber":"HRB 1","address":"Weg 1, Köln","vaspId":"V-1","platformCategory":"gaming",\
                "mcc":"5816"}
                """
            let loose = Self.everything.replacing(#""1000.5""#, with: #""1000.500""#)
            let made = try await fixture.admin(.put, Self.path(merchant), body: Self.policy(loose, kyb: kyb))
            #expect(made.status == 200 && made.headers["etag"] == "\"1\"", "\(made.text)")
            let answer = try await fixture.admin(.get, Self.path(merchant))
            for read in [made, answer] {
                #expect(try Array(read.json["rules"]!.raw) == Array(Self.everything.utf8))
                #expect(try Array(read.json["kyb"]!.raw) == Array(kyb.utf8))
                #expect(try read.json["revision"]?.integer == 1)
                #expect(try read.json["createdBy"]?["memberId"]?.text?.hasPrefix("mem_") == true)
                #expect(try read.json["createdBy"]?["keyId"]?.text?.hasPrefix("key_") == true)
                #expect(try read.json["effectiveAt"]?.text == read.json["createdAt"]?.text)
            }
            // What was read can be written again as it is.
            let again = Self.policy(
                String(decoding: try answer.json["rules"]!.raw, as: UTF8.self),
                kyb: String(decoding: try answer.json["kyb"]!.raw, as: UTF8.self))
            let second = try await fixture.admin(.put, Self.path(merchant), body: again)
            #expect(second.status == 200)
            #expect(try Array(second.json["rules"]!.raw) == Array(Self.everything.utf8))
            let list = try await fixture.admin(.get, Self.path(merchant) + "/revisions?limit=1")
            #expect(try list.json["data"]!.elements.map { $0["revision"]?.integer } == [2])
            let next = try #require(try list.string("nextCursor"))
            let rest = try await fixture.admin(.get, Self.path(merchant) + "/revisions?cursor=\(next)")
            #expect(try rest.json["data"]!.elements.map { $0["revision"]?.integer } == [1])
            #expect(try rest.json["nextCursor"]!.isNull)
        }
    }

    @Test func aChangeOfWhatHasChangedIsRefused() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            func put(_ match: String?) async throws -> Int {
                let headers: [APIFixture.Header] = match.map { [("If-Match", Array($0.utf8))] } ?? []
                return try await fixture.admin(
                    .put, Self.path(merchant), headers: headers, body: Self.policy("{}")
                ).status
            }
            #expect(try await put("\"1\"") == 412)
            #expect(try await put("\"0\"") == 200)
            #expect(try await put("\"0\"") == 412)
            #expect(try await put("\"1\"") == 200)
            #expect(try await put("*") == 200)
            #expect(try await put(nil) == 200)
            #expect(try await put("W/\"4\"") == 400)
            _ = try await fixture.store.closeSubClient(.system, merchant.subClient)
            #expect(try await put("\"4\"") == 409)
        }
    }

    @Test func aScheduledPolicyIsToldAndComesIntoForce() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let moment = fixture.store.clock.now() + .seconds(3_600)
            let text = String(decoding: moment.rfc3339(), as: UTF8.self)
            let body = Self.policy(#"{"maxClientFee":"0"}"#, more: #","effectiveAt":"\#(text)""#)
            let made = try await fixture.admin(.put, Self.path(merchant), body: body)
            #expect(try made.string("effectiveAt") == text)
            let before = try await fixture.admin(.get, Self.path(merchant))
            #expect(before.headers["etag"] == "\"1\"")
            #expect(try before.json["revision"]?.integer == 0 && before.json["scheduled"]?["revision"]?.integer == 1)
            fixture.clock.advance(by: .seconds(3_600))
            let after = try await fixture.admin(.get, Self.path(merchant))
            #expect(try after.json["revision"]?.integer == 1 && after.json["scheduled"]!.isNull)
        }
    }

    /// The body, and the fields that are told of it.
    @Test(arguments: [
        ("[]", []),
        ("{}", ["kyb", "rules"]),
        (#"{"kyb":null,"rules":{}}"#, ["kyb"]),
        (policy("null"), ["rules"]),
        (policy("{}", more: #","revision":1"#), ["revision"]),
        (policy("{}", more: #","effectiveAt":"2020-01-01T00:00:00Z""#), ["effectiveAt"]),
        (policy("{}", more: #","effectiveAt":"tomorrow""#), ["effectiveAt"]),
        (policy("{}", kyb: "{}"), ["kyb.status"]),
        (policy("{}", kyb: #"{"status":"Approved"}"#), ["kyb.status"]),
        (
            policy(
                "{}",
                kyb: #"{"status":"approved","expiresAt":1,"legalEntity":"","mcc":"58","vaspId":"\u0007","x":1}"#),
            ["kyb.expiresAt", "kyb.legalEntity", "kyb.vaspId", "kyb.mcc", "kyb.x"]
        ),
        (policy(#"{"rule":1}"#), ["rules.rule"]),
        (policy(#"{"transferTypes":[]}"#), ["rules.transferTypes"]),
        (policy(#"{"transferTypes":["payment","payment"]}"#), ["rules.transferTypes"]),
        (policy(#"{"transferTypes":["gift"]}"#), ["rules.transferTypes[0]"]),
        (policy(#"{"assets":[]}"#), ["rules.assets"]),
        (policy(#"{"assets":[{"symbols":["A"]}]}"#), ["rules.assets[0].networkId"]),
        (
            policy(#"{"assets":[{"networkId":"\#(network)","symbols":["usdc","USDC"]}]}"#),
            ["rules.assets[0].symbols"]
        ),
        (policy(#"{"assets":[{"networkId":"\#(network)","symbols":[]}]}"#), ["rules.assets[0].symbols"]),
        (policy(#"{"assets":[{"networkId":"\#(network)","symbols":["US C"]}]}"#), ["rules.assets[0].symbols[0]"]),
        (
            policy(#"{"assets":[{"networkId":"\#(network)"},{"networkId":"\#(network)"}]}"#), ["rules.assets"]
        ),
        (
            policy(#"{"destinations":[{"networkId":"x","address":""}]}"#),
            [
                "rules.destinations[0].networkId", "rules.destinations[0].address",
            ]
        ),
        (
            policy(
                #"{"destinations":[{"networkId":"\#(network)","address":"a"},"#
                    + #"{"networkId":"\#(network)","address":"b "}]}"#
            ), ["rules.destinations[1].address"]
        ),
        (
            policy(
                #"{"destinations":[{"networkId":"\#(network)","address":"a","addressTag":""}]}"#),
            ["rules.destinations[0].addressTag"]
        ),
        (
            policy(
                #"{"destinations":[{"networkId":"\#(network)","address":"0x00000000000000000000000000000000000000aA"},"#
                    + #"{"networkId":"\#(network)","address":"0x00000000000000000000000000000000000000Aa"}]}"#),
            ["rules.destinations"]
        ),
        (policy(#"{"perTransfer":{}}"#), ["rules.perTransfer.maxFiat"]),
        (policy(#"{"perTransfer":{"minFiat":"10.01","maxFiat":"10"}}"#), ["rules.perTransfer.minFiat"]),
        (policy(#"{"perTransfer":{"maxFiat":10}}"#), ["rules.perTransfer.maxFiat"]),
        (policy(#"{"perTransfer":{"maxFiat":"-1"}}"#), ["rules.perTransfer.maxFiat"]),
        (policy(#"{"perTransfer":{"maxFiat":"1e3"}}"#), ["rules.perTransfer.maxFiat"]),
        (policy(#"{"perDay":{}}"#), ["rules.perDay.maxFiat"]),
        (policy(#"{"perDay":{"maxFiat":null}}"#), ["rules.perDay.maxFiat"]),
        (policy(#"{"perDay":{"maxFiat":"5"},"perTransfer":{"minFiat":"6"}}"#), ["rules.perDay.maxFiat"]),
        (policy(#"{"maxClientFee":"1.1"}"#), ["rules.maxClientFee"]),
        (policy(#"{"maxClientFee":0.1}"#), ["rules.maxClientFee"]),
        (policy(#"{"integrations":{}}"#), ["rules.integrations.allow"]),
        (policy(#"{"integrations":{"allow":["\#(network)"],"deny":["\#(network)"]}}"#), ["rules.integrations.deny"]),
        (policy(#"{"integrations":{"allow":[]}}"#), ["rules.integrations.allow"]),
        (policy(#"{"integrations":{"allow":["x"]}}"#), ["rules.integrations.allow[0]"]),
        (
            policy(#"{"walletVerification":{"above":"1"}}"#),
            [
                "rules.walletVerification.aboveFiat", "rules.walletVerification.above",
            ]
        ),
        (policy(#"{"countries":{"allow":["UK"]}}"#), ["rules.countries.allow[0]"]),
        (policy(#"{"countries":{"deny":["DE","DE"]}}"#), ["rules.countries.deny"]),
        (policy(#"{"countries":["DE"]}"#), ["rules.countries"]),
    ])
    func aWrongPolicyIsToldByItsFields(_ body: String, _ fields: [String]) async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let answer = try await fixture.admin(.put, Self.path(merchant), body: body)
            #expect(answer.status == 400)
            let told = try answer.json["errors"]?.elements.map { $0["field"]?.text ?? "" } ?? []
            #expect(told == fields, "\(answer.text)")
            #expect(try await fixture.store.compliance(PlatformScope.system.tenant(merchant.subClient)).latest == 0)
        }
    }

    @Test func listsHaveBounds() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            func book(_ count: Int) -> String {
                let label = String(repeating: "é", count: 100)
                let entries = (0..<count).map { number in
                    let address = String(repeating: "a", count: 190) + "\(number)"
                    return #"{"networkId":"\#(Self.network)","address":"\#(address)","label":"\#(label)"}"#
                }
                return Self.policy(#"{"destinations":[\#(entries.joined(separator: ","))]}"#)
            }
            #expect(try await fixture.admin(.put, Self.path(merchant), body: book(1_000)).status == 200)
            let more = try await fixture.admin(.put, Self.path(merchant), body: book(1_001))
            #expect(more.status == 400 && more.text.contains("rules.destinations"))
            let huge = #"{"kyb":{},"x":""# + String(repeating: "x", count: 600_000) + #""}"#
            #expect(try await fixture.admin(.put, Self.path(merchant), body: huge).status == 413)
        }
    }

    // MARK: Trying out

    private static func evaluate(
        _ merchant: Merchant, _ token: String, environment: String = "sandbox", more: String = ""
    ) async throws -> APIFixture.Answer {
        try await merchant.fixture.admin(
            .post, path(merchant) + "/evaluate",
            body: #"{"environment":"\#(environment)","linkToken":\#(token)\#(more)}"#)
    }

    private static func rules(_ answer: APIFixture.Answer) throws -> [String] {
        try answer.json["violations"]!.elements.map { $0["rule"]!.text! }
    }

    @Test func aTokenIsTriedAndNothingIsMinted() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let plain = try await Self.evaluate(merchant, #"{"userId":"u"}"#)
            #expect(plain.text == #"{"allowed":true,"revision":0,"violations":[]}"#)
            _ = try await fixture.admin(.put, Self.path(merchant), body: Self.policy(Self.everything))
            let token = #"{"userId":"u","transferOptions":{"amountInFiat":2000,"clientFee":0.03}}"#
            let refused = try await Self.evaluate(merchant, token)
            #expect(try refused.json["allowed"]?.bool == false && refused.json["revision"]?.integer == 1)
            let all = ["assets", "destinations", "perTransfer", "maxClientFee", "walletVerification", "countries"]
            #expect(try Self.rules(refused) == all)
            let france = try await Self.evaluate(merchant, #"{"userId":"u"}"#, more: #","endUserCountry":"FR""#)
            #expect(try france.json["allowed"]?.bool == true)
            #expect(try await merchant.call(.get, "/v1/link-sessions").text == #"{"data":[],"nextCursor":null}"#)
        }
    }

    @Test func productionIsTriedWithItsGates() async throws {
        try await APIFixture.with { fixture in
            let body = #"{"legalName":"L","displayName":"D","country":"DE"}"#
            let id = try #require(try await fixture.admin(.post, "/sub-clients", body: body).string("id"))
            let path = "/sub-clients/\(id)/compliance/evaluate"
            func rules(_ environment: String) async throws -> [String] {
                try Self.rules(
                    try await fixture.admin(
                        .post, path, body: #"{"environment":"\#(environment)","linkToken":{"userId":"u"}}"#))
            }
            #expect(try await rules("production") == ["status", "kyb"])
            #expect(try await rules("sandbox") == [])
            _ = try await fixture.admin(.post, "/sub-clients/\(id)/activate")
            #expect(try await rules("production") == ["kyb"])
            _ = try await fixture.admin(.put, "/sub-clients/\(id)/compliance", body: Self.policy("{}"))
            #expect(try await rules("production") == [])
            _ = try await fixture.admin(.post, "/sub-clients/\(id)/suspend", body: #"{"reason":"x"}"#)
            #expect(try await rules("production") == ["status"])
            #expect(try await rules("sandbox") == ["status"])
        }
    }

    @Test(arguments: [
        ("{}", ["environment", "linkToken"]),
        (#"{"environment":"test","linkToken":{"userId":"u"}}"#, ["environment"]),
        (#"{"environment":"sandbox","linkToken":{}}"#, ["linkToken"]),
        (#"{"environment":"sandbox","linkToken":[]}"#, ["linkToken"]),
        (#"{"environment":"sandbox","linkToken":{"userId":"u","UserID":"v"}}"#, ["linkToken"]),
        (#"{"environment":"sandbox","linkToken":{"userId":"u"},"endUserCountry":"UK"}"#, ["endUserCountry"]),
        (#"{"environment":"sandbox","linkToken":{"userId":"u"},"x":1}"#, ["x"]),
    ])
    func whatCannotBeTriedIsTold(_ body: String, _ fields: [String]) async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let answer = try await fixture.admin(.post, Self.path(merchant) + "/evaluate", body: body)
            #expect(answer.status == 400)
            #expect(try answer.json["errors"]!.elements.map { $0["field"]!.text! } == fields, "\(answer.text)")
        }
    }
}
