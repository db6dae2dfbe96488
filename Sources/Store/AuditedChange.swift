package import Domain
import Postgres
import Runtime
import SQL

/// What was done, as an audit entry says it.
package enum AuditAction: String, Sendable, CaseIterable {
    case subClientCreated = "subClient.created"
    case subClientUpdated = "subClient.updated"
    case subClientActivated = "subClient.activated"
    case subClientSuspended = "subClient.suspended"
    case subClientClosed = "subClient.closed"
    case credentialCreated = "credential.created"
    case credentialRotated = "credential.rotated"
    case credentialRevoked = "credential.revoked"
    case credentialSecretRevoked = "credential.secretRevoked"
    case memberCreated = "member.created"
    case memberUpdated = "member.updated"
    case memberDeleted = "member.deleted"
    case adminKeyCreated = "adminKey.created"
    case adminKeyRotated = "adminKey.rotated"
    case adminKeyRevoked = "adminKey.revoked"
    case upstreamCreated = "upstream.created"
    case upstreamUpdated = "upstream.updated"
    case upstreamDeleted = "upstream.deleted"
    case endpointCreated = "endpoint.created"
    case endpointUpdated = "endpoint.updated"
    case endpointDeleted = "endpoint.deleted"
    case endpointEnabled = "endpoint.enabled"
    case endpointDisabled = "endpoint.disabled"
    case endpointSecretRotated = "endpoint.secretRotated"
    case endpointSecretsRevoked = "endpoint.secretsRevoked"
    /// Its target is the delivery.
    case endpointTested = "endpoint.tested"
    case deliveryRetried = "delivery.retried"
    case brandingUpdated = "branding.updated"
    case logoReplaced = "branding.logoReplaced"
    case logoDeleted = "branding.logoDeleted"
    case complianceRevised = "compliance.revised"
    case registrationRetried = "registration.retried"
    case subClientErased = "subClient.erased"
    case endUserErased = "endUser.erased"
    case quarantineAssigned = "quarantine.assigned"
    case eventReplayed = "event.replayed"
    case recoveryStarted = "recovery.started"
    case recoveryCancelled = "recovery.cancelled"
    /// Its target is the sub-client: the account is the upstream's. Written before the upstream is asked.
    case accountDisconnecting = "account.disconnecting"
    /// Of all sub-clients: by a node that found its database restored, or by an operator.
    case deliveriesHeld = "deliveries.held"
    case deliveriesReleased = "deliveries.released"
    case consoleSignedIn = "console.signedIn"
    case consoleSignedOut = "console.signedOut"
    /// Nobody's: its target is an id of the attempt's own.
    case consoleRefused = "console.refused"
}

/// What a change was made to. The raw value names the SQL function `audit_…` that shows it without its secrets.
package enum AuditNoun: String, Sendable, CaseIterable {
    case subClient = "sub_client"
    case credential
    case member
    case adminKey = "admin_key"
    case upstream
    case endpoint
    case delivery
    case quarantine
    case branding
    case logo
    /// A sub-client's latest revision; known by the sub-client's id.
    case compliance
    /// Its id is the upstream's.
    case registration
    case erasure
    case event
    case recovery
    /// There is one: its id is nil.
    case deliveryGate = "delivery_gate"
    case consoleSession = "console_session"
}

extension AuditNoun {
    /// The identifier that the API knows it by.
    package func text(of id: UUIDValue) -> [UInt8] {
        switch self {
        case .subClient: SubClientID(id).text
        case .credential: CredentialID(id).text
        case .member: MemberID(id).text
        case .adminKey: AdminKeyID(id).text
        case .upstream: UpstreamID(id).text
        case .endpoint: EndpointID(id).text
        case .delivery: DeliveryID(id).text
        case .quarantine: QuarantineID(id).text
        // One per sub-client: known by the sub-client's.
        case .branding, .logo, .compliance: SubClientID(id).text
        case .registration: UpstreamID(id).text
        case .erasure: ErasureID(id).text
        case .event: EventID(id).text
        case .recovery: RecoveryID(id).text
        case .deliveryGate: Array("deliveries".utf8)
        case .consoleSession: ConsoleSessionID(id).text
        }
    }
}

extension AuditNoun {
    /// The id in an identifier's text, of whichever noun it is.
    package static func id(in text: [UInt8]) -> UUIDValue? {
        guard let underscore = text.firstIndex(of: UInt8(ascii: "_")) else { return nil }
        // All identifiers spell their digits alike, so one kind's parser reads every kind's.
        let id = MemberID(text: MemberKind.prefix + text[(underscore + 1)...])?.uuid
        return id.flatMap { id in allCases.contains { $0.text(of: id) == text } ? id : nil }
    }
}

/// A change that is to be told in the audit chain.
struct AuditedChange {
    let action: AuditAction
    let noun: AuditNoun
    /// The noun's own id; the sub-client's for what a sub-client has one of.
    let id: UUIDValue
    let subClient: SubClientID?

    init(_ action: AuditAction, of noun: AuditNoun, _ id: UUIDValue, subClient: SubClientID? = nil) {
        self.action = action
        self.noun = noun
        self.id = id
        self.subClient = subClient
    }
}

extension Store {
    /// Runs `queries` as one commit together with the audit entry of what they changed, and returns their rows.
    ///
    /// All such commits of all nodes stand in line for one lock: the chain has one end. They have a lane of their own,
    /// whose transactions take that lock before anything else.
    func audited(
        _ scope: PlatformScope, _ change: AuditedChange, _ queries: [Query]
    ) async throws(StoreError) -> [Rows] {
        let rows = try await run(scope, enclosed(queries, change, scope.actor), on: .serial)
        forgetPrincipals()
        return Array(rows.dropFirst().dropLast())
    }

    func audited(
        _ scope: TenantScope, _ change: AuditedChange, _ queries: [Query]
    ) async throws(StoreError) -> [Rows] {
        let rows = try await run(scope, enclosed(queries, change, scope.actor), on: .serial)
        forgetPrincipals()
        return Array(rows.dropFirst().dropLast())
    }

    /// Tells what a sub-client is about to change elsewhere, in a commit before it does: what cannot be told is not
    /// done. `facts` is a JSON object.
    package func auditDisconnecting(_ scope: TenantScope, facts: [UInt8]) async throws(StoreError) {
        let change = AuditedChange(
            .accountDisconnecting, of: .subClient, scope.subClient.uuid, subClient: scope.subClient)
        _ = try await run(scope, .auditNote, entry(change, scope.actor) + [.text(facts)], on: .serial)
    }

    /// Tells of something that changed no rows of ours. `facts` is a JSON object.
    func auditNote(_ change: AuditedChange, _ actor: Actor, facts: [UInt8]) -> Query {
        Query(.auditNote, entry(change, actor) + [.text(facts)])
    }

    private func enclosed(_ queries: [Query], _ change: AuditedChange, _ actor: Actor) -> [Query] {
        let place: [Parameter] = [.string(change.noun.rawValue), .id(change.subClient), .uuid(change.id)]
        return [Query(.auditOpen, place)] + queries + [Query(.auditClose, entry(change, actor))]
    }

    /// What an entry says besides the values.
    private func entry(_ change: AuditedChange, _ actor: Actor) -> [Parameter] {
        [
            .id(identifiers.next(AuditEntryID.self)), .time(clock.now()), .string(actor.typeName), .uuid(actor.id),
            .id(actor.key), .text(actor.requestID.isEmpty ? nil : actor.requestID), .string(actor.address?.description),
            .string(change.action.rawValue),
            .string(change.noun.rawValue), .id(change.subClient), .uuid(change.id),
        ]
    }
}

extension Actor {
    var typeName: String {
        switch identity {
        case .system: "system"
        case .member: "member"
        case .credential: "credential"
        }
    }

    var id: UUIDValue? {
        switch identity {
        case .system: nil
        case .member(let member, _): member.uuid
        case .credential(let credential): credential.uuid
        }
    }

    var key: AdminKeyID? { if case .member(_, let key) = identity { key } else { nil } }
}
