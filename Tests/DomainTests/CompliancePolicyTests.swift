import Domain
import Testing

/// Each rule by itself: what passes and what is told of what does not.
@Suite struct CompliancePolicyTests {
    typealias Address = TokenFacts.Address
    typealias Transfer = TokenFacts.Transfer

    static let ethereum = UUIDValue(text: Array("e3c7fdd8-b1fc-4e51-85ae-bb276e075611".utf8))!
    static let ripple = UUIDValue(high: 2, low: 2)
    static let evm = "0xAbCdEf0123456789aBcDeF0123456789abcdef01"

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    static func decimal(_ text: String) -> ExactDecimal { ExactDecimal(text)! }

    private func violations(
        _ transfer: Transfer?, _ change: (inout ComplianceRules) -> Void, _ more: (inout TokenFacts) -> Void = { _ in }
    ) -> [String] {
        var rules = ComplianceRules()
        change(&rules)
        var token = TokenFacts(transfer: transfer)
        more(&token)
        return CompliancePolicy(rules).evaluate(token).map { "\($0.rule.rawValue) \($0.field)" }
    }

    private func transfer(_ addresses: Address..., amount: String? = nil, room: Bool? = nil) -> Transfer {
        Transfer(amountInFiat: amount.map(Self.decimal), addresses: addresses, dayHasRoom: room)
    }

    @Test func noRulesAllowEverything() {
        #expect(CompliancePolicy.none.evaluate(TokenFacts()) == [])
        let wild = transfer(Address(hasAmount: true, hasMinimum: true), amount: "1000000000")
        #expect(CompliancePolicy.none.evaluate(TokenFacts(transfer: wild)) == [])
    }

    @Test func transferTypes() {
        func judge(_ transfer: Transfer?) -> [String] { violations(transfer) { $0.transferTypes = [.payment] } }
        #expect(judge(Transfer(type: .payment)) == [])
        #expect(judge(Transfer(type: .onramp)) == ["transferTypes transferOptions.transferType"])
        // The default is a deposit.
        #expect(judge(Transfer()) == ["transferTypes transferOptions.transferType"])
        #expect(violations(Transfer()) { $0.transferTypes = [.payment, .deposit] } == [])
    }

    @Test func assets() {
        let rules = [
            ComplianceRules.AssetRule(network: Self.ethereum, symbols: [Self.bytes("usdc"), Self.bytes("ETH")]),
            ComplianceRules.AssetRule(network: Self.ripple, symbols: nil),
        ]
        func judge(_ addresses: [Address]) -> [String] {
            violations(Transfer(addresses: addresses)) { $0.assets = rules }
        }
        func address(_ network: UUIDValue?, _ symbol: String?) -> Address {
            Address(network: network, symbol: symbol.map(Self.bytes))
        }
        #expect(
            judge([address(Self.ethereum, "USDC"), address(Self.ethereum, "eth"), address(Self.ripple, nil)]) == [])
        #expect(
            judge([
                address(Self.ethereum, "USDT"), address(Self.ethereum, nil), address(Self.ethereum, ""),
                address(UUIDValue(high: 9, low: 9), "USDC"), address(nil, "USDC"),
                address(Self.ethereum, "U\u{17F}DC"),
            ]) == [
                "assets transferOptions.toAddresses[0].symbol", "assets transferOptions.toAddresses[1].symbol",
                "assets transferOptions.toAddresses[2].symbol", "assets transferOptions.toAddresses[3].networkId",
                "assets transferOptions.toAddresses[4].networkId", "assets transferOptions.toAddresses[5].symbol",
            ])
        #expect(judge([]) == ["assets transferOptions.toAddresses"])
    }

    @Test func destinations() {
        let book = [
            ComplianceRules.Destination(network: Self.ethereum, address: Self.bytes(Self.evm)),
            ComplianceRules.Destination(
                network: Self.ripple, address: Self.bytes("rShared"), addressTag: Self.bytes("77")),
            ComplianceRules.Destination(network: Self.ripple, address: Self.bytes("rOwn")),
        ]
        func isIn(_ network: UUIDValue?, _ address: String?, tag: String? = nil) -> Bool {
            let entry = Address(network: network, address: address.map(Self.bytes), addressTag: tag.map(Self.bytes))
            let found = violations(Transfer(addresses: [entry])) { $0.destinations = book }
            #expect(found.isEmpty || found == ["destinations transferOptions.toAddresses[0].address"])
            return found.isEmpty
        }
        #expect(isIn(Self.ethereum, Self.evm) && isIn(Self.ethereum, Self.evm.lowercased()))
        #expect(isIn(Self.ethereum, "0x" + Self.evm.dropFirst(2).uppercased()))
        #expect(!isIn(Self.ethereum, "0X" + Self.evm.dropFirst(2)), "another prefix is another text")
        #expect(!isIn(Self.ethereum, Self.evm + " ") && !isIn(Self.ethereum, " " + Self.evm))
        #expect(!isIn(Self.ethereum, String(Self.evm.dropLast())) && !isIn(Self.ethereum, Self.evm + "0"))
        #expect(!isIn(Self.ripple, Self.evm) && !isIn(nil, Self.evm) && !isIn(Self.ethereum, nil))
        #expect(isIn(Self.ripple, "rOwn") && isIn(Self.ripple, "rOwn", tag: "1"))
        #expect(!isIn(Self.ripple, "rown") && !isIn(Self.ripple, "ROWN"))
        #expect(isIn(Self.ripple, "rShared", tag: "77"))
        for tag in [nil, "", "7", "777", "077", "77 "] { #expect(!isIn(Self.ripple, "rShared", tag: tag)) }
        let none = violations(Transfer()) { $0.destinations = book }
        #expect(none == ["destinations transferOptions.toAddresses"])
    }

    @Test func anAddressOfTwoTagsHasBoth() {
        let book = ["1", "2"].map { tag in
            ComplianceRules.Destination(
                network: Self.ripple, address: Self.bytes("r"), addressTag: Self.bytes(tag))
        }
        func judge(_ tag: String) -> Bool {
            let entry = Address(network: Self.ripple, address: Self.bytes("r"), addressTag: Self.bytes(tag))
            return violations(Transfer(addresses: [entry])) { $0.destinations = book }.isEmpty
        }
        #expect(judge("1") && judge("2") && !judge("3"))
    }

    @Test func perTransfer() {
        let field = "perTransfer transferOptions.amountInFiat"
        func judge(_ transfer: Transfer, _ minimum: String?, _ maximum: String?) -> [String] {
            violations(transfer) {
                $0.perTransfer = .init(minimum: minimum.map(Self.decimal), maximum: maximum.map(Self.decimal))
            }
        }
        #expect(judge(transfer(amount: "100"), "5", "100.00") == [])
        #expect(judge(transfer(amount: "5"), "5.0", "100") == [])
        #expect(judge(transfer(amount: "100.0000000000000000000000000001"), "5", "100") == [field])
        #expect(judge(transfer(amount: "4.99"), "5", "100") == [field])
        // No amount is no amount under a limit, whichever it is, and 0 is none.
        #expect(judge(transfer(), nil, "100") == [field])
        #expect(judge(transfer(), "5", nil) == [field])
        #expect(judge(transfer(amount: "0"), nil, "100") == [field])
        // Amounts in tokens cannot be held against fiat money, and a minimum must not lift the amount.
        #expect(
            judge(
                transfer(
                    Address(hasAmount: true), Address(hasMinimum: true), Address(minimumInFiat: Self.decimal("10.01")),
                    Address(minimumInFiat: Self.decimal("10")), amount: "10"), nil, "100") == [
                    "perTransfer transferOptions.toAddresses[0].amount",
                    "perTransfer transferOptions.toAddresses[1].minAmount",
                    "perTransfer transferOptions.toAddresses[2].minAmountInFiat",
                ])
        let unvalued = judge(transfer(Address(hasAmount: true)), nil, "100")
        #expect(unvalued == [field, "perTransfer transferOptions.toAddresses[0].amount"])
    }

    @Test func perDay() {
        let field = "perDay transferOptions.amountInFiat"
        func judge(_ transfer: Transfer) -> [String] {
            violations(transfer) { $0.perDayMaximum = Self.decimal("100") }
        }
        #expect(judge(transfer(amount: "100", room: true)) == [])
        #expect(judge(transfer(amount: "100.01", room: true)) == [field])
        #expect(judge(transfer(amount: "1", room: false)) == [field])
        #expect(judge(transfer(amount: "1")) == [field], "nobody looked")
        #expect(judge(transfer(room: true)) == [field])
        #expect(judge(transfer(amount: "0", room: true)) == [field])
        let inTokens = judge(transfer(Address(hasAmount: true), amount: "1", room: true))
        #expect(inTokens == ["perDay transferOptions.toAddresses[0].amount"])
    }

    @Test func maxClientFee() {
        func judge(_ fee: String?) -> [String] {
            violations(Transfer(clientFee: fee.map(Self.decimal))) { $0.maxClientFee = Self.decimal("0.025") }
        }
        #expect(judge("0.025") == [] && judge("0") == [] && judge(nil) == [])
        #expect(judge("0.0250000000001") == ["maxClientFee transferOptions.clientFee"])
        #expect(judge("1") == ["maxClientFee transferOptions.clientFee"])
    }

    @Test func integrations() {
        let (one, other) = (UUIDValue(high: 1, low: 1), UUIDValue(high: 1, low: 2))
        func judge(_ rule: ComplianceRules.ListRule<UUIDValue>, _ integration: UUIDValue?) -> [String] {
            violations(nil, { $0.integrations = rule }, { $0.integration = integration })
        }
        #expect(judge(.allow([one]), one) == [] && judge(.deny([one]), other) == [])
        #expect(judge(.allow([one]), other) == ["integrations integrationId"])
        #expect(judge(.deny([one]), one) == ["integrations integrationId"])
        // The registered catalogue limits what the user can choose.
        #expect(judge(.allow([one]), nil) == [] && judge(.deny([one]), nil) == [])
    }

    @Test func walletVerification() {
        let refusal = ["walletVerification verifyWalletOptions.verificationMethods"]
        func judge(_ transfer: Transfer?, signs: Bool = false) -> [String] {
            violations(
                transfer, { $0.walletVerificationAbove = Self.decimal("1000") }, { $0.asksSignedMessage = signs })
        }
        #expect(judge(transfer(amount: "1000")) == [])
        #expect(judge(transfer(amount: "1000.01")) == refusal)
        #expect(judge(transfer(amount: "1000.01"), signs: true) == [])
        #expect(judge(transfer()) == refusal)
        #expect(judge(transfer(), signs: true) == [])
        #expect(judge(transfer(Address(hasAmount: true), amount: "1")) == refusal)
        #expect(judge(transfer(Address(hasMinimum: true), amount: "1")) == refusal)
        #expect(judge(transfer(Address(minimumInFiat: Self.decimal("2000")), amount: "1")) == refusal)
        #expect(judge(nil) == [])
    }

    @Test func countries() {
        let refusal = ["countries X-End-User-Country"]
        func judge(_ rule: ComplianceRules.ListRule<CountryCode>, _ country: String?) -> [String] {
            violations(
                nil, { $0.countries = rule }, { $0.endUserCountry = country.map { CountryCode($0)! } })
        }
        let (germany, us) = (CountryCode("DE")!, CountryCode("US")!)
        #expect(judge(.allow([germany]), "DE") == [] && judge(.deny([us]), "DE") == [])
        #expect(judge(.allow([germany]), "US") == refusal && judge(.deny([us]), "US") == refusal)
        #expect(judge(.allow([germany]), nil) == refusal && judge(.deny([us]), nil) == refusal)
    }

    @Test func whatMovesNoMoneyIsJudgedByWhoAndWhereAlone() {
        var rules = ComplianceRules()
        rules.transferTypes = [.payment]
        rules.assets = [.init(network: Self.ethereum, symbols: nil)]
        rules.destinations = [.init(network: Self.ethereum, address: Self.bytes(Self.evm))]
        rules.perTransfer = .init(minimum: nil, maximum: .zero)
        rules.perDayMaximum = .zero
        rules.walletVerificationAbove = .zero
        rules.maxClientFee = .zero
        #expect(CompliancePolicy(rules).evaluate(TokenFacts()) == [])
        // But as soon as there are transfer options, even empty ones, all of it is judged.
        let told = CompliancePolicy(rules).evaluate(TokenFacts(transfer: Transfer())).map(\.rule)
        #expect(told == [.transferTypes, .assets, .destinations, .perTransfer, .perDay, .walletVerification])
    }

    @Test func aThousandDestinationsAreAllFoundAndNoOther() {
        let addresses = (0..<1_000).map { number in
            let digits = String(number, radix: 16)
            return Self.bytes("0x" + String(repeating: "a", count: 40 - digits.count) + digits)
        }
        let policy = CompliancePolicy(
            {
                var rules = ComplianceRules()
                rules.destinations = addresses.map { .init(network: Self.ethereum, address: $0) }
                return rules
            }())
        let all = addresses.map { Address(network: Self.ethereum, address: $0) }
        #expect(policy.evaluate(TokenFacts(transfer: Transfer(addresses: all))) == [])
        let others = addresses.map { Address(network: Self.ripple, address: $0) }
        #expect(policy.evaluate(TokenFacts(transfer: Transfer(addresses: others))).count == 1_000)
    }
}
