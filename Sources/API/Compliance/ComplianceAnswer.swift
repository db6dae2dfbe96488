import Domain
import JSON
import Store

extension ComplianceRules {
    /// The rules as JSON in their one spelling, which is also the one they are stored in: every rule is there, null for
    /// no limit.
    var json: [UInt8] {
        jsonObject { json in
            json.list("transferTypes", transferTypes) { $1.string($0.rawValue) }
            json.list("assets", assets) { asset, json in
                json.beginObject()
                json.member("networkId", asset.network)
                json.list("symbols", asset.symbols) { $1.string($0) }
                json.endObject()
            }
            json.list("destinations", destinations) { destination, json in
                json.beginObject()
                json.member("networkId", destination.network)
                json.member("address", destination.address)
                json.member("addressTag", destination.addressTag)
                json.member("label", destination.label)
                json.endObject()
            }
            json.part("perTransfer", perTransfer) { bounds, json in
                json.member("minFiat", bounds.minimum?.text)
                json.member("maxFiat", bounds.maximum?.text)
            }
            json.part("perDay", perDayMaximum) { $1.member("maxFiat", $0.text) }
            json.member("maxClientFee", maxClientFee?.text)
            json.part("integrations", integrations) { $1.members($0, text: \.text) }
            json.part("walletVerification", walletVerificationAbove) { $1.member("aboveFiat", $0.text) }
            json.part("countries", countries) { $1.members($0, text: \.text) }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func list<Element>(
        _ name: StaticString, _ elements: [Element]?, _ write: (Element, inout JSONWriter) -> Void
    ) {
        key(name)
        guard let elements else { return null() }
        beginArray()
        for element in elements { write(element, &self) }
        endArray()
    }

    fileprivate mutating func part<Part>(
        _ name: StaticString, _ part: Part?, _ write: (Part, inout JSONWriter) -> Void
    ) {
        key(name)
        guard let part else { return null() }
        beginObject()
        write(part, &self)
        endObject()
    }

    fileprivate mutating func members<Element>(
        _ rule: ComplianceRules.ListRule<Element>, text: (Element) -> [UInt8]
    ) {
        switch rule {
        case .allow(let elements): list("allow", elements) { $1.string(text($0)) }
        case .deny(let elements): list("deny", elements) { $1.string(text($0)) }
        }
    }

    /// The members of a revision. `revision` 0 has no times and no rules.
    mutating func members(of revision: ComplianceRevision) {
        member("revision", Int64(revision.number))
        part("kyb", revision.kyb) { kyb, json in
            json.member("status", word: kyb.status)
            json.member("expiresAt", kyb.expiresAt)
            json.member("legalEntity", kyb.legalEntity)
            json.member("registrationNumber", kyb.registrationNumber)
            json.member("address", kyb.address)
            json.member("vaspId", kyb.vaspID)
            json.member("platformCategory", kyb.platformCategory)
            json.member("mcc", kyb.mcc)
        }
        member("rules", json: revision.rules ?? ComplianceRules().json)
        member("effectiveAt", revision.effectiveAt)
        member("createdAt", revision.createdAt)
        part("createdBy", revision.createdBy) { author, json in
            json.member("memberId", author.member)
            json.member("keyId", author.key)
        }
    }

    mutating func member(_ name: StaticString, _ violations: [ComplianceViolation]) {
        list(name, violations) { violation, json in
            json.beginObject()
            json.member("rule", word: violation.rule)
            json.member("field", violation.field)
            json.member("message", violation.message)
            json.endObject()
        }
    }
}
