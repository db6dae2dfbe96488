import Domain
import JSON
import Store

/// The body of a change of a sub-client's compliance: all of it, every time.
struct ComplianceBody {
    let kyb: KYB
    let rules: ComplianceRules
    let effectiveAt: Timestamp?

    /// Throws 400 with every field that is wrong.
    init(_ body: JSONValue, now: Timestamp) throws(Problem) {
        var fields = try Fields(body)
        kyb = fields.required("kyb", .kyb)
        rules = fields.required("rules", .complianceRules)
        effectiveAt = fields.nullable("effectiveAt", .notBefore(now))
        try fields.finish()
    }
}

extension Rule where Value == Timestamp {
    static let time = Rule(placeholder: Timestamp(microseconds: 0), "must be an RFC 3339 time") { value in
        value.string.flatMap { Timestamp(rfc3339: $0) }
    }

    static func notBefore(_ now: Timestamp) -> Rule {
        Rule(placeholder: now, "must be an RFC 3339 time that is not in the past") { value in
            value.string.flatMap { Timestamp(rfc3339: $0) }.flatMap { $0 >= now ? $0 : nil }
        }
    }
}

extension Rule where Value == KYB {
    static let kyb = Rule.object(.none) { fields in
        KYB(
            status: fields.required("status", .word), expiresAt: fields.nullable("expiresAt", .time),
            legalEntity: fields.nullable("legalEntity", .name(APILimits.kybNameCharacters)),
            registrationNumber: fields.nullable("registrationNumber", .text(APILimits.kybTextCharacters)),
            address: fields.nullable("address", .text(APILimits.kybAddressCharacters)),
            vaspID: fields.nullable("vaspId", .text(APILimits.kybTextCharacters)),
            platformCategory: fields.nullable("platformCategory", .text(APILimits.kybTextCharacters)),
            mcc: fields.nullable("mcc", .mcc))
    }
}

extension Rule where Value == ExactDecimal {
    static let decimal = Rule(
        placeholder: .zero, "must be a decimal in a string, not negative, with at most 38 digits"
    ) { $0.string.flatMap { ExactDecimal(text: $0) } }

    /// A part of a whole.
    static let ratio = Rule(placeholder: .zero, "must be a decimal in a string from 0 to 1") { value in
        value.string.flatMap { ExactDecimal(text: $0) }.flatMap { $0 <= .one ? $0 : nil }
    }
}

extension Rule where Value == CountryCode {
    static let assignedCountry = Rule(
        placeholder: CountryCode("DE") ?? CountryCode.all[0], "must be an assigned ISO 3166-1 alpha-2 code"
    ) { $0.string.flatMap { CountryCode(text: $0) } }
}

extension Rule where Value == [UInt8] {
    /// A merchant category code (ISO 18245).
    static let mcc = Rule(placeholder: [], "must be four digits") { value in
        value.string.flatMap { text in
            text.count == 4 && text.allSatisfy { $0 &- UInt8(ascii: "0") < 10 } ? text : nil
        }
    }

    /// Text that is compared byte for byte, and so must not hide a blank.
    static func solid(_ characters: ClosedRange<Int>) -> Rule {
        Rule(placeholder: []) { value, path, errors in
            guard let text = Rule.text(characters).read(value, path, &errors) else { return nil }
            if !text.contains(UInt8(ascii: " ")) { return text }
            errors.append(Problem.FieldError(field: path, message: "must not hold blanks"))
            return nil
        }
    }
}

extension Rule where Value == ComplianceRules {
    static let complianceRules = Rule.object(ComplianceRules()) { fields in
        var rules = ComplianceRules()
        rules.transferTypes = fields.nullable(
            "transferTypes",
            .list(of: .word, 1...TransferType.allCases.count, distinctBy: { [UInt8]($0.rawValue.utf8) }))
        rules.assets = fields.nullable(
            "assets", .list(of: .asset, APILimits.complianceNetworks, distinctBy: { $0.network.text }))
        rules.destinations = fields.nullable(
            "destinations",
            .list(
                of: .destination, APILimits.complianceDestinations,
                distinctBy: { $0.network.text + $0.comparedAddress + [0] + ($0.addressTag ?? [0]) }))
        rules.perTransfer = fields.nullable("perTransfer", .fiatBounds)
        rules.perDayMaximum = fields.nullable("perDay", .member("maxFiat"))
        rules.maxClientFee = fields.nullable("maxClientFee", .ratio)
        rules.integrations = fields.nullable(
            "integrations", .listRule(of: .uuid, APILimits.complianceIntegrations, distinctBy: { $0.text }))
        rules.walletVerificationAbove = fields.nullable("walletVerification", .member("aboveFiat"))
        rules.countries = fields.nullable(
            "countries", .listRule(of: .assignedCountry, APILimits.complianceCountries, distinctBy: { $0.text }))
        if let minimum = rules.perTransfer?.minimum, let day = rules.perDayMaximum, day < minimum {
            fields.fail("perDay.maxFiat", "must not be below perTransfer.minFiat")
        }
        return rules
    }
}

extension Rule where Value == ComplianceRules.AssetRule {
    static let asset = Rule.object(ComplianceRules.AssetRule(network: .none, symbols: nil)) { fields in
        ComplianceRules.AssetRule(
            network: fields.required("networkId", .uuid),
            symbols: fields.nullable(
                "symbols",
                .list(
                    of: .solid(APILimits.symbolCharacters), APILimits.complianceSymbols,
                    distinctBy: { $0.map { $0 &- UInt8(ascii: "a") < 26 ? $0 & 0xDF : $0 } })))
    }
}

extension Rule where Value == ComplianceRules.Destination {
    static let destination = Rule.object(ComplianceRules.Destination(network: .none, address: [])) { fields in
        ComplianceRules.Destination(
            network: fields.required("networkId", .uuid),
            address: fields.required("address", .solid(APILimits.addressCharacters)),
            addressTag: fields.nullable("addressTag", .solid(APILimits.addressTagCharacters)),
            label: fields.nullable("label", .text(APILimits.addressLabelCharacters)))
    }
}

extension Rule where Value == ComplianceRules.FiatBounds {
    static let fiatBounds = Rule.object(ComplianceRules.FiatBounds(minimum: nil, maximum: nil)) { fields in
        let bounds = ComplianceRules.FiatBounds(
            minimum: fields.nullable("minFiat", .decimal), maximum: fields.nullable("maxFiat", .decimal))
        if fields.errors.isEmpty, bounds.minimum == nil, bounds.maximum == nil {
            fields.fail("maxFiat", "is required if there is no minFiat")
        }
        if let minimum = bounds.minimum, let maximum = bounds.maximum, minimum > maximum {
            fields.fail("minFiat", "must not be above maxFiat")
        }
        return bounds
    }
}

extension Rule where Value == ExactDecimal {
    /// An object of one amount.
    static func member(_ name: StaticString) -> Rule { .object(.zero) { $0.required(name, .decimal) } }
}

extension Rule {
    /// `{"allow":[…]}` or `{"deny":[…]}`.
    static func listRule<Element: Hashable & Sendable>(
        of rule: Rule<Element>, _ count: ClosedRange<Int>, distinctBy key: @escaping @Sendable (Element) -> [UInt8]
    ) -> Rule where Value == ComplianceRules.ListRule<Element> {
        .object(.deny([])) { fields in
            let list = Rule<Element>.list(of: rule, count, distinctBy: key)
            let allow = fields.nullable("allow", list)
            let deny = fields.nullable("deny", list)
            switch (allow, deny) {
            case (let allow?, nil): return .allow(allow)
            case (nil, let deny?): return .deny(deny)
            case (.some, .some): fields.fail("deny", "must be absent if there is allow")
            case (nil, nil): if fields.errors.isEmpty { fields.fail("allow", "is required if there is no deny") }
            }
            return .deny([])
        }
    }
}

extension UUIDValue {
    /// A placeholder.
    fileprivate static let none = UUIDValue(high: 0, low: 0)
}
