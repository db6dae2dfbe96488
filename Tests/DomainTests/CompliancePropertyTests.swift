import Domain
import Testing

/// What holds for every policy and every token, tried on many of both, the same ones in every run.
@Suite struct CompliancePropertyTests {
    private static let cases = 3_000

    /// Everything is drawn from few values, so that rules and tokens meet.
    private struct Draw {
        var random: SeededGenerator
        static let networks = (0..<3).map { UUIDValue(high: 5, low: $0) }
        static let texts = ["rOne", "rTwo", CompliancePolicyTests.evm, CompliancePolicyTests.evm.lowercased()]
            .map(CompliancePolicyTests.bytes)
        static let tags = ["1", "2"].map(CompliancePolicyTests.bytes)
        static let symbols = ["USDC", "usdc", "ETH", "eth"].map(CompliancePolicyTests.bytes)
        static let amounts = ["0", "0.01", "1", "9.99", "10", "10.01", "1000"].map(CompliancePolicyTests.decimal)
        static let countries = ["DE", "FR", "US"].map { CountryCode($0)! }

        mutating func one<Element>(of elements: [Element]) -> Element { elements.randomElement(using: &random)! }
        mutating func maybe<Element>(_ elements: [Element]) -> Element? { coin() ? one(of: elements) : nil }
        mutating func some<Element>(_ elements: [Element]) -> [Element] {
            let chosen = elements.filter { _ in Bool.random(using: &random) }
            return chosen.isEmpty ? [one(of: elements)] : chosen
        }
        mutating func coin() -> Bool { Bool.random(using: &random) }
        mutating func list<Element>(_ elements: [Element]) -> ComplianceRules.ListRule<Element> {
            coin() ? .allow(some(elements)) : .deny(some(elements))
        }

        mutating func token() -> TokenFacts {
            var token = TokenFacts(
                integration: maybe(Self.networks), asksSignedMessage: coin(), endUserCountry: maybe(Self.countries))
            guard Int.random(in: 0..<10, using: &random) > 0 else { return token }
            token.transfer = TokenFacts.Transfer(
                type: one(of: TransferType.allCases), amountInFiat: maybe(Self.amounts), clientFee: maybe(Self.amounts),
                addresses: (0..<Int.random(in: 0...4, using: &random)).map { _ in address() },
                dayHasRoom: maybe([true, true, false]))
            return token
        }

        private mutating func address() -> TokenFacts.Address {
            TokenFacts.Address(
                network: maybe(Self.networks), symbol: maybe(Self.symbols), address: maybe(Self.texts),
                addressTag: maybe(Self.tags), hasAmount: coin() && coin(), hasMinimum: coin() && coin(),
                minimumInFiat: maybe(Self.amounts))
        }

        /// One change that adds a rule, of each kind.
        mutating func rules() -> [(ComplianceRule, @Sendable (inout ComplianceRules) -> Void)] {
            let types = some(TransferType.allCases)
            let assets = some(Self.networks).map { network in
                ComplianceRules.AssetRule(network: network, symbols: coin() ? nil : [one(of: Self.symbols)])
            }
            let book = some(Self.texts).map { text in
                ComplianceRules.Destination(
                    network: one(of: Self.networks), address: text, addressTag: maybe(Self.tags))
            }
            let bounds = ComplianceRules.FiatBounds(minimum: maybe(Self.amounts), maximum: one(of: Self.amounts))
            let (day, fee, above) = (one(of: Self.amounts), one(of: Self.amounts), one(of: Self.amounts))
            let (integrations, countries) = (list(Self.networks), list(Self.countries))
            return [
                (.transferTypes, { $0.transferTypes = types }), (.assets, { $0.assets = assets }),
                (.destinations, { $0.destinations = book }), (.perTransfer, { $0.perTransfer = bounds }),
                (.perDay, { $0.perDayMaximum = day }), (.maxClientFee, { $0.maxClientFee = fee }),
                (.integrations, { $0.integrations = integrations }),
                (.walletVerification, { $0.walletVerificationAbove = above }),
                (.countries, { $0.countries = countries }),
            ]
        }
    }

    private func policy(_ changes: [(ComplianceRule, @Sendable (inout ComplianceRules) -> Void)]) -> CompliancePolicy {
        var rules = ComplianceRules()
        for change in changes { change.1(&rules) }
        return CompliancePolicy(rules)
    }

    @Test func oneMoreRuleNeverPermitsMore() {
        var draw = Draw(random: SeededGenerator(seed: 1))
        var (refused, passed) = (0, 0)
        for _ in 0..<Self.cases {
            let rules = draw.rules()
            let chosen = draw.some(rules.indices.map { $0 })
            let added = draw.one(of: rules.indices.map { $0 })
            let token = draw.token()
            let before = policy(chosen.map { rules[$0] }).evaluate(token)
            let after = policy((chosen + [added]).map { rules[$0] }).evaluate(token)
            #expect(Set(after).isSuperset(of: before))
            // And tells nothing of other rules than the one that came.
            #expect(after.filter { $0.rule != rules[added].0 } == before.filter { $0.rule != rules[added].0 })
            if after.isEmpty { passed += 1 } else { refused += 1 }
        }
        #expect(refused > Self.cases / 10 && passed > Self.cases / 100, "both kinds were met")
    }

    @Test func theAnswerIsTheSameWhateverOrderRulesAreWrittenIn() {
        var draw = Draw(random: SeededGenerator(seed: 2))
        for _ in 0..<Self.cases {
            let rules = draw.some(draw.rules())
            let token = draw.token()
            let told = policy(rules).evaluate(token)
            #expect(policy(rules.shuffled(using: &draw.random)).evaluate(token) == told)
            #expect(policy(rules).evaluate(token) == told)
            let order = told.compactMap { ComplianceRule.allCases.firstIndex(of: $0.rule) }
            #expect(order == order.sorted())
            #expect(Set(told).count == told.count, "nothing is told twice")
        }
    }

    @Test func theRulesOfAListAreASet() {
        var draw = Draw(random: SeededGenerator(seed: 3))
        for _ in 0..<Self.cases {
            var rules = policy(draw.rules()).rules
            let token = draw.token()
            let told = CompliancePolicy(rules).evaluate(token).map { "\($0.rule) \($0.field)" }
            rules.transferTypes?.shuffle(using: &draw.random)
            rules.assets?.shuffle(using: &draw.random)
            rules.destinations?.shuffle(using: &draw.random)
            #expect(CompliancePolicy(rules).evaluate(token).map { "\($0.rule) \($0.field)" } == told)
        }
    }

    /// A plain reading of the book, entry by entry, gives the same answers as the hashed one.
    @Test func theBookIsReadAsWritten() {
        var draw = Draw(random: SeededGenerator(seed: 4))
        func folded(_ text: [UInt8]) -> [UInt8] {
            text.count == 42 ? Array(String(decoding: text, as: UTF8.self).lowercased().utf8) : text
        }
        for _ in 0..<Self.cases {
            var rules = ComplianceRules()
            rules.destinations = policy(draw.rules()).rules.destinations
            guard let transfer = draw.token().transfer else { continue }
            let told = CompliancePolicy(rules).evaluate(TokenFacts(transfer: transfer))
            let expected = transfer.addresses.indices.filter { index in
                let address = transfer.addresses[index]
                return rules.destinations?.contains { entry in
                    entry.network == address.network && address.address.map(folded) == folded(entry.address)
                        && (entry.addressTag == nil || entry.addressTag == address.addressTag)
                } == false
            }
            #expect(told.count == max(expected.count, transfer.addresses.isEmpty ? 1 : 0))
            #expect(
                transfer.addresses.isEmpty
                    || told.map(\.field)
                        == expected.map {
                            "transferOptions.toAddresses[\($0)].address"
                        }
            )
        }
    }
}
