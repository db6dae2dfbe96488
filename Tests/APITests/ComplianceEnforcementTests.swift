import Domain
import HTTPClient
import HTTPServer
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// The merchant's side: what the policy forbids is not minted.
@Suite struct ComplianceEnforcementTests {
    private typealias Mesh = LinkTokenRoutesTests.FakeMesh
    private static let network = ComplianceRoutesTests.network
    private static let evm = "0xabcdef0123456789abcdef0123456789abcdef01"

    private static func with(
        _ rules: String,
        _ body:
            @escaping @Sendable (APIFixture, LinkTokenRoutesTests.FakeMesh, Merchant) async throws
            -> Void
    ) async throws {
        try await LinkTokenRoutesTests.with { fixture, mesh, merchant in
            try await put(merchant, rules)
            try await body(fixture, mesh, merchant)
        }
    }

    private static func put(_ merchant: Merchant, _ rules: String, kyb: String = #"{"status":"approved"}"#) async throws
    {
        let answer = try await merchant.fixture.admin(
            .put, ComplianceRoutesTests.path(merchant), body: ComplianceRoutesTests.policy(rules, kyb: kyb))
        try #require(answer.status == 200, "\(answer.text)")
    }

    /// The rules and fields of a 451; nothing for a 200.
    private static func refusals(_ answer: APIFixture.Answer) throws -> [String] {
        if answer.status == 200 { return [] }
        try #require(answer.status == 451, "\(answer.text)")
        #expect(try answer.string("status") == "unavailableForLegalReasons")
        #expect(try answer.string("errorType") == "policyViolation")
        #expect(try answer.json["content"]!.isNull)
        return try answer.json["errorData"]!["violations"]!.elements.map {
            #expect($0["message"]?.text?.isEmpty == false)
            return "\($0["rule"]!.text!) \($0["field"]!.text!)"
        }
    }

    private static func mint(_ merchant: Merchant, _ options: String?, country: String? = nil, more: String = "")
        async throws -> [String]
    {
        let transfer = options.map { #","transferOptions":\#($0)"# } ?? ""
        let headers: [APIFixture.Header] = country.map { [("X-End-User-Country", Array($0.utf8))] } ?? []
        return try refusals(
            try await LinkTokenRoutesTests.mint(merchant, #"{"userId":"u"\#(transfer)\#(more)}"#, headers: headers))
    }

    // MARK: Every rule

    /// Rules, transfer options, what else the body has, the country, and what is told.
    struct Case: Sendable {
        let rules: String
        var options: String?
        var more = ""
        var country: String?
        var told: [String] = []
    }

    static let cases: [Case] = [
        Case(rules: #"{"transferTypes":["payment"]}"#, options: #"{"transferType":"payment"}"#),
        Case(rules: #"{"transferTypes":["payment"]}"#),
        Case(
            rules: #"{"transferTypes":["payment"]}"#, options: "{}",
            told: ["transferTypes transferOptions.transferType"]),
        Case(
            rules: #"{"assets":[{"networkId":"\#(network)","symbols":["USDC"]}]}"#,
            options: #"{"TOADDRESSES":[{"NetworkID":"\#(network.uppercased())","SYMBOL":"usdc"}]}"#),
        Case(
            rules: #"{"assets":[{"networkId":"\#(network)","symbols":["USDC"]}]}"#,
            options: #"{"toAddresses":[{"networkId":"\#(network)","symbol":"USDC"},{"symbol":"USDC"},"#
                + #"{"networkId":"\#(network)","symbol":"DAI"}]}"#,
            told: ["assets transferOptions.toAddresses[1].networkId", "assets transferOptions.toAddresses[2].symbol"]),
        Case(
            rules: #"{"destinations":[{"networkId":"\#(network)","address":"\#(evm)"}]}"#,
            options: #"{"toAddresses":[{"networkId":"\#(network)","address":"0x\#(evm.dropFirst(2).uppercased())"}]}"#),
        Case(
            rules: #"{"destinations":[{"networkId":"\#(network)","address":"\#(evm)"}]}"#,
            options: #"{"toAddresses":[{"networkId":"\#(network)","address":"\#(evm)"},"#
                + #"{"networkId":"\#(network)","address":"0x0000000000000000000000000000000000000000"}]}"#,
            told: ["destinations transferOptions.toAddresses[1].address"]),
        Case(
            rules: #"{"destinations":[{"networkId":"\#(network)","address":"r","addressTag":"7"}]}"#,
            options: #"{"toAddresses":[{"networkId":"\#(network)","address":"r"}]}"#,
            told: ["destinations transferOptions.toAddresses[0].address"]),
        Case(
            rules: #"{"destinations":[{"networkId":"\#(network)","address":"r"}]}"#, options: #"{"toAddresses":null}"#,
            told: ["destinations transferOptions.toAddresses"]),
        Case(rules: #"{"perTransfer":{"maxFiat":"100"}}"#, options: #"{"amountInFiat":"100.00"}"#),
        Case(
            rules: #"{"perTransfer":{"maxFiat":"100"}}"#, options: #"{"amountInFiat":1.0000000000000000001e2}"#,
            told: ["perTransfer transferOptions.amountInFiat"]),
        Case(
            rules: #"{"perTransfer":{"maxFiat":"100"}}"#, options: #"{"toAddresses":[{"amount":5}]}"#,
            told: ["perTransfer transferOptions.amountInFiat", "perTransfer transferOptions.toAddresses[0].amount"]),
        Case(
            rules: #"{"perTransfer":{"minFiat":"5"}}"#, options: #"{"amountInFiat":4.99}"#,
            told: ["perTransfer transferOptions.amountInFiat"]),
        Case(
            rules: #"{"perDay":{"maxFiat":"100"}}"#, options: #"{"amountInFiat":100.01}"#,
            told: ["perDay transferOptions.amountInFiat"]),
        Case(
            rules: #"{"perDay":{"maxFiat":"100"}}"#, options: "{}", told: ["perDay transferOptions.amountInFiat"]),
        Case(rules: #"{"maxClientFee":"0.02"}"#, options: #"{"clientFee":0.02}"#),
        Case(
            rules: #"{"maxClientFee":"0.02"}"#, options: #"{"clientFee":0.021}"#,
            told: ["maxClientFee transferOptions.clientFee"]),
        Case(rules: #"{"integrations":{"allow":["\#(network)"]}}"#, more: #","integrationId":"\#(network)""#),
        Case(rules: #"{"integrations":{"allow":["\#(network)"]}}"#),
        Case(
            rules: #"{"integrations":{"deny":["\#(network)"]}}"#,
            more: #","INTEGRATIONID":"\#(network.uppercased())""#, told: ["integrations integrationId"]),
        Case(
            rules: #"{"walletVerification":{"aboveFiat":"10"}}"#, options: #"{"amountInFiat":10.01}"#,
            more: #","verifyWalletOptions":{"verificationMethods":["signedMessage"]}"#),
        Case(rules: #"{"walletVerification":{"aboveFiat":"10"}}"#, options: #"{"amountInFiat":10}"#),
        Case(
            rules: #"{"walletVerification":{"aboveFiat":"10"}}"#, options: #"{"amountInFiat":10.01}"#,
            more: #","verifyWalletOptions":{}"#,
            told: ["walletVerification verifyWalletOptions.verificationMethods"]),
        Case(
            rules: #"{"walletVerification":{"aboveFiat":"10"}}"#, options: #"{"amountInFiat":10.01}"#,
            more: #","verifyWalletOptions":{"verificationMethods":[]}"#,
            told: ["walletVerification verifyWalletOptions.verificationMethods"]),
        Case(
            rules: #"{"walletVerification":{"aboveFiat":"10"}}"#, options: #"{"amountInFiat":10.01}"#,
            more: #","verifyWalletOptions":null"#,
            told: ["walletVerification verifyWalletOptions.verificationMethods"]),
        Case(rules: #"{"countries":{"deny":["US"]}}"#, country: "de"),
        Case(rules: #"{"countries":{"deny":["US"]}}"#, country: "US", told: ["countries X-End-User-Country"]),
        Case(rules: #"{"countries":{"deny":["US"]}}"#, country: "XX", told: ["countries X-End-User-Country"]),
        Case(rules: #"{"countries":{"deny":["US"]}}"#, told: ["countries X-End-User-Country"]),
        Case(rules: #"{"countries":{"allow":["DE"]}}"#, country: "FR", told: ["countries X-End-User-Country"]),
        Case(
            rules: #"{"transferTypes":["payment"],"maxClientFee":"0","countries":{"allow":["DE"]},"#
                + #""perTransfer":{"maxFiat":"1"},"perDay":{"maxFiat":"1"}}"#,
            options: #"{"clientFee":1,"amountInFiat":2}"#,
            told: [
                "transferTypes transferOptions.transferType", "perTransfer transferOptions.amountInFiat",
                "perDay transferOptions.amountInFiat", "maxClientFee transferOptions.clientFee",
                "countries X-End-User-Country",
            ]),
    ]

    @Test func everyRuleIsObeyed() async throws {
        try await Self.with("{}") { fixture, mesh, merchant in
            for each in Self.cases {
                try await Self.put(merchant, each.rules)
                let before = mesh.asked.withValue { $0.count }
                let told = try await Self.mint(merchant, each.options, country: each.country, more: each.more)
                #expect(told == each.told, "\(each)")
                // Nothing that is forbidden reaches the upstream.
                #expect(mesh.asked.withValue { $0.count } - before == (each.told.isEmpty ? 1 : 0))
            }
        }
    }

    @Test func twoCountriesAreNone() async throws {
        try await Self.with(#"{"countries":{"allow":["DE"]}}"#) { _, _, merchant in
            let header: APIFixture.Header = ("X-End-User-Country", Array("DE".utf8))
            let answer = try await LinkTokenRoutesTests.mint(merchant, #"{"userId":"u"}"#, headers: [header, header])
            #expect(try Self.refusals(answer) == ["countries X-End-User-Country"])
        }
    }

    @Test(arguments: [
        // To a reader that folds more than A to Z, the first is toAddresses.
        #"{"userId":"u","transferOptions":{"toAddre\u017fses":[{"address":"x"}]}}"#,
        #"{"userId":"u","tran\u017fferOptions":{}}"#,
        #"{"userId":"u","transferOptions":{"amountInFiat":1,"AmountInFiat":2}}"#,
        #"{"userId":"u","transferOptions":{"amountInFiat":123456789012345678901234567890123456789}}"#,
        #"{"userId":"u","transferOptions":{"toAddresses":[\#((0...1_000).map { _ in "{}" }.joined(separator: ","))]}}"#,
    ])
    func whatCouldBeReadInTwoWaysIsMalformed(_ body: String) async throws {
        try await Self.with(#"{"perTransfer":{"maxFiat":"100"}}"#) { _, mesh, merchant in
            let answer = try await LinkTokenRoutesTests.mint(merchant, body)
            #expect(answer.status == 400)
            #expect(mesh.asked.withValue { $0.isEmpty })
        }
    }

    // MARK: The day

    @Test func theDaysTotalIsToldWithTheOthersAndHeldByTheCommit() async throws {
        try await Self.with(#"{"perDay":{"maxFiat":"100"},"transferTypes":["payment"]}"#) { fixture, mesh, merchant in
            #expect(try await Self.mint(merchant, #"{"transferType":"payment","amountInFiat":60}"#) == [])
            let told = try await Self.mint(merchant, #"{"amountInFiat":40.01}"#)
            #expect(told == ["transferTypes transferOptions.transferType", "perDay transferOptions.amountInFiat"])
            #expect(try await Self.mint(merchant, #"{"transferType":"payment","amountInFiat":40}"#) == [])
            #expect(
                try await Self.mint(merchant, #"{"transferType":"payment","amountInFiat":0.01}"#)
                    == ["perDay transferOptions.amountInFiat"])
            fixture.clock.advance(by: .seconds(86_400))
            #expect(try await Self.mint(merchant, #"{"transferType":"payment","amountInFiat":100}"#) == [])
        }
    }

    @Test func tokensAtOnceNeverPassTheDaysMaximum() async throws {
        try await Self.with(#"{"perDay":{"maxFiat":"100"}}"#) { fixture, mesh, merchant in
            let minted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        let told = try await Self.mint(merchant, #"{"amountInFiat":10}"#)
                        #expect(told == [] || told == ["perDay transferOptions.amountInFiat"])
                        return told.isEmpty
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(minted == 10)
            let sessions = try await merchant.call(.get, "/v1/link-sessions?limit=100").json["data"]!.elements
            #expect(sessions.reduce(0) { count, _ in count + 1 } == 10)
        }
    }

    // MARK: Time

    @Test func aScheduledPolicyBindsAtItsMoment() async throws {
        try await Self.with("{}") { fixture, _, merchant in
            let moment = fixture.store.clock.now() + .seconds(3_600)
            _ = try await fixture.store.reviseCompliance(
                PlatformScope.system.tenant(merchant.subClient),
                NewComplianceRevision(
                    rules: Array(#"{"countries":{"allow":["DE"]}}"#.utf8), kyb: .none, effectiveAt: moment),
                version: nil)
            // In memory by now.
            #expect(try await Self.mint(merchant, nil) == [])
            fixture.clock.advance(by: .seconds(3_600))
            #expect(try await Self.mint(merchant, nil) == ["countries X-End-User-Country"])
        }
    }

    /// What comes into force soon was read along: it binds at its moment though the database is asked nothing.
    @Test func aPolicyThatIsInMemoryBindsAtItsMomentToo() async throws {
        try await LinkTokenRoutesTests.with { fixture, _, merchant in
            let scope = PlatformScope.system.tenant(merchant.subClient)
            let start = fixture.store.clock.now()
            let now = LoopState(fixture.store.loop, start)
            let clock = Clock(now: { now.withValue { $0 } }, monotonic: { Clock.system.monotonic() })
            let base = fixture.store
            let store = Store(
                loop: base.loop, database: base.database, keyring: base.keyring, clock: clock,
                identifiers: base.identifiers)
            func revise(_ rules: String, at moment: Timestamp?) async throws {
                let new = NewComplianceRevision(rules: Array(rules.utf8), kyb: .none, effectiveAt: moment)
                _ = try await store.reviseCompliance(scope, new, version: nil)
            }
            // A busy machine may let an entry grow old between the two questions: then once more.
            for _ in 0..<50 {
                now.withValue { $0 = start }
                try await revise("{}", at: nil)
                try await revise(#"{"maxClientFee":"0"}"#, at: start + .milliseconds(500))
                let directory = PolicyDirectory(store: store, log: .silent)
                let asked = EventLoop.monotonicNanoseconds
                let before = try await directory.standing(scope)
                try await fixture.asOwner("delete from subgate.compliance_revision")
                now.withValue { $0 = start + .milliseconds(499) }
                let justBefore = try await directory.standing(scope)
                now.withValue { $0 = start + .milliseconds(500) }
                let after = try await directory.standing(scope)
                if EventLoop.monotonicNanoseconds - asked > 800_000_000 { continue }
                #expect([before, justBefore, after].map(\.revision) == [1, 1, 2])
                #expect(after.policy.rules.maxClientFee == .zero && before.policy.rules.maxClientFee == nil)
                return
            }
            Issue.record("the machine was too busy fifty times")
        }
    }

    @Test func anotherNodesPolicyAndSuspensionBindWithinASecond() async throws {
        try await Self.with("{}") { fixture, _, merchant in
            #expect(try await Self.mint(merchant, nil) == [])
            // As another node would: past this loop's memory.
            let scope = PlatformScope.system.tenant(merchant.subClient)
            let strict = NewComplianceRevision(rules: Array(#"{"countries":{"allow":["DE"]}}"#.utf8), kyb: .none)
            _ = try await fixture.store.reviseCompliance(scope, strict, version: nil)
            let committed = EventLoop.monotonicNanoseconds
            // What begins later than a second after the commit is judged by it, however long it then takes.
            var begun = committed
            while try await Self.mint(merchant, nil) == [] {
                try #require(begun - committed < 1_000_000_000)
                begun = EventLoop.monotonicNanoseconds
            }
            // A lifted rule binds at once, because a refusal is never from memory.
            let none = NewComplianceRevision(rules: Array("{}".utf8), kyb: .none)
            _ = try await fixture.store.reviseCompliance(scope, none, version: nil)
            #expect(try await Self.mint(merchant, nil) == [])
        }
    }

    @Test func aPolicyThatComesWhileTheUpstreamWorksStillBinds() async throws {
        try await Self.with("{}") { fixture, mesh, merchant in
            mesh.meanwhile.withValue {
                $0 = { try? await Self.put(merchant, #"{"countries":{"allow":["DE"]}}"#) }
            }
            let told = try await Self.mint(merchant, nil)
            #expect(told == ["countries X-End-User-Country"])
            #expect(mesh.asked.withValue { $0.count } == 1)
            #expect(try await merchant.call(.get, "/v1/link-sessions").text == #"{"data":[],"nextCursor":null}"#)
        }
    }

    // MARK: Production, and what is kept

    @Test func productionNeedsABusinessThatIsApprovedNow() async throws {
        try await LinkTokenRoutesTests.with { fixture, mesh, sandbox in
            let merchant = try await fixture.merchant(environment: .production)
            try await mesh.serve(.production)
            #expect(try await Self.mint(merchant, nil) == [])
            let end = fixture.store.clock.now() + .seconds(3_600)
            let text = String(decoding: end.rfc3339(), as: UTF8.self)
            try await Self.put(merchant, "{}", kyb: #"{"status":"approved","expiresAt":"\#(text)"}"#)
            #expect(try await Self.mint(merchant, nil) == [])
            fixture.clock.advance(by: .seconds(3_600))
            #expect(try await Self.mint(merchant, nil) == ["kyb kyb.expiresAt"])
            try await Self.put(merchant, #"{"countries":{"allow":["DE"]}}"#, kyb: #"{"status":"rejected"}"#)
            #expect(try await Self.mint(merchant, nil) == ["kyb kyb.status", "countries X-End-User-Country"])
            // The sandbox asks for no business.
            try await Self.put(sandbox, "{}", kyb: #"{"status":"rejected"}"#)
            #expect(try await Self.mint(sandbox, nil) == [])
        }
    }

    @Test func aLinkSessionNamesTheRevisionThatJudgedIt() async throws {
        try await LinkTokenRoutesTests.with { fixture, _, merchant in
            #expect(try await Self.mint(merchant, nil) == [])
            try await Self.put(merchant, "{}")
            #expect(try await Self.mint(merchant, nil) == [])
            try await Self.put(merchant, #"{"perDay":{"maxFiat":"100"}}"#)
            #expect(try await Self.mint(merchant, #"{"amountInFiat":1}"#) == [])
            let admin = try await fixture.admin(.get, "/sub-clients/\(merchant.subClient)/link-sessions")
            let tenant = try await merchant.call(.get, "/v1/link-sessions")
            for answer in [admin, tenant] {
                #expect(try answer.json["data"]!.elements.map { $0["complianceRevision"]?.integer } == [2, 1, 0])
            }
        }
    }

    @Test func aStoredPolicyThatCannotBeReadAllowsNothing() async throws {
        try await Self.with("{}") { fixture, mesh, merchant in
            _ = try await fixture.store.reviseCompliance(
                PlatformScope.system.tenant(merchant.subClient),
                NewComplianceRevision(rules: Array(#"{"unheard":"of"}"#.utf8), kyb: .none), version: nil)
            let directory = PolicyDirectory(store: fixture.store, log: .silent)
            await #expect(throws: StoreError.self) {
                _ = try await directory.standing(PlatformScope.system.tenant(merchant.subClient))
            }
            _ = try await fixture.admin(.get, ComplianceRoutesTests.path(merchant))
            #expect(mesh.asked.withValue { $0.isEmpty })
        }
    }
}
