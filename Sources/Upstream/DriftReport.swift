package import Domain
import JSON
package import Store

/// One thing in which an upstream and we are not of one mind.
package struct DriftFinding: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The upstream lacks a sub-client that it is to have.
        case missing
        /// The upstream has what is no sub-client of ours.
        case unknown
        /// Like `unknown`, but under both names of one of ours.
        case duplicate
        /// Fields differ.
        case different
    }

    /// A field of the upstream's API: its JSON as we want it, and as it is.
    package struct Field: Sendable {
        package let name: String
        package let wanted: [UInt8]
        package let found: [UInt8]
    }

    package let kind: Kind
    /// Ours; nil for what is not.
    package let subClient: SubClientID?
    /// The upstream's id; nil for what was never registered.
    package let upstreamSubClientID: UUIDValue?
    /// As we want it, or for what is not ours as it is.
    package let legalName: [UInt8]
    package let displayName: [UInt8]
    package let fields: [Field]
}

/// What an upstream has, compared with what it is to have.
package struct DriftReport: Sendable {
    package let findings: [DriftFinding]
    /// Sub-clients that the upstream is to have.
    package let wantedCount: Int
    /// Sub-clients that it has.
    package let foundCount: Int

    package init(
        wanted: [WantedRegistration], found: [RegisteredSubClient], environment: Environment
    ) {
        var entries: [UUIDValue: RegisteredSubClient] = [:]
        for entry in found { entries[entry.id] = entry }
        var findings: [DriftFinding] = []
        var bound: Set<UUIDValue> = []
        var names: [Names: SubClientID] = [:]
        var wantedCount = 0
        for registration in wanted {
            guard let wanted = registration.wanted else { continue }
            wantedCount += 1
            names[Names(legal: wanted.legalName, display: wanted.displayName)] = registration.subClient
            let entry = registration.upstreamSubClientID.flatMap { entries[$0] }
            if let entry { bound.insert(entry.id) }
            let fields = entry.map { DriftReport.fields(wanted, $0, environment) }
            if fields?.isEmpty == true { continue }
            findings.append(
                DriftFinding(
                    kind: entry == nil ? .missing : .different, subClient: registration.subClient,
                    upstreamSubClientID: registration.upstreamSubClientID, legalName: wanted.legalName,
                    displayName: wanted.displayName, fields: fields ?? []))
        }
        for entry in found where !bound.contains(entry.id) {
            let double = names[Names(legal: entry.info.legalName, display: entry.info.displayName)]
            findings.append(
                DriftFinding(
                    kind: double == nil ? .unknown : .duplicate, subClient: double, upstreamSubClientID: entry.id,
                    legalName: entry.info.legalName, displayName: entry.info.displayName, fields: []))
        }
        self.findings = findings
        self.wantedCount = wantedCount
        foundCount = found.count
    }

    private struct Names: Hashable {
        let legal: [UInt8]
        let display: [UInt8]
    }

    private static func fields(
        _ wanted: WantedSubClient, _ entry: RegisteredSubClient, _ environment: Environment
    ) -> [DriftFinding.Field] {
        let info = SubClientInfo(wanted, in: environment)
        var fields = SubClientInfo.differences(info, entry.info).map { name in
            DriftFinding.Field(name: name, wanted: info.json(of: name), found: entry.info.json(of: name))
        }
        let hasLogo = wanted.logoDigest != nil
        if hasLogo != entry.hasLogo {
            fields.append(
                DriftFinding.Field(name: "hasLogo", wanted: json(hasLogo), found: json(entry.hasLogo)))
        }
        return fields
    }

    private static func json(_ value: Bool) -> [UInt8] { Array((value ? "true" : "false").utf8) }
}

extension SubClientInfo {
    /// The value of one field, as the upstream's API has it.
    fileprivate func json(of name: String) -> [UInt8] {
        let root = try? JSONDocument.parse(json).root
        return root?[name].map { Array($0.raw) } ?? Array("null".utf8)
    }
}
