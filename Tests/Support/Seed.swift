package import Domain
import Runtime
package import Store

/// One sub-client with an upstream, for tests that need something to happen to.
package struct Seed: Sendable {
    package let store: Store
    package let subClient: SubClientID
    package let upstream: UpstreamID

    package init(store: Store, subClient: SubClientID, upstream: UpstreamID) {
        self.store = store
        self.subClient = subClient
        self.upstream = upstream
    }

    /// `upstream` is made if none is given: there is one per environment.
    package static func make(_ store: Store, name: String = "Shop", upstream: UpstreamID? = nil) async throws -> Seed {
        let subClient = try await store.createSubClient(
            .system, NewSubClient(legalName: bytes(name), displayName: bytes(name), country: bytes("DE")))
        _ = try await store.activateSubClient(.system, subClient.id)
        if let upstream { return Seed(store: store, subClient: subClient.id, upstream: upstream) }
        let made = try await store.createUpstream(
            .system,
            NewUpstream(
                name: bytes("mesh"), environment: .sandbox, baseURL: bytes("http://127.0.0.1:1"),
                adminBaseURL: bytes("http://127.0.0.1:1"), clientID: store.identifiers.nextUUID(),
                clientSecret: Secret(bytes("secret")), adminClientSecret: Secret(bytes("admin")),
                webhookSecrets: [Secret(bytes("hook"))]))
        return Seed(store: store, subClient: subClient.id, upstream: made.id)
    }

    package var scope: TenantScope { PlatformScope.system.tenant(subClient, .sandbox) }

    package func endpoint(_ url: String = "http://127.0.0.1:9/hook", types: [String] = ["*"]) async throws -> EndpointID
    {
        try await store.createEndpoint(
            scope,
            NewEndpoint(
                url: Seed.bytes(url), eventTypes: types.map(Seed.bytes), payloadFormat: .mesh,
                secret: Seed.bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")), limit: 50
        ).endpoint.id
    }

    /// `perDayMaximum` has it counted towards the day's total.
    package func linkSession(
        transaction: String? = "order-1", user: String = "user-1", amount: String = "50.00",
        perDayMaximum: String? = nil, revision: Int32? = nil
    ) async throws -> LinkSessionID {
        let id = store.identifiers.next(LinkSessionID.self)
        try await store.createLinkSession(
            scope,
            NewLinkSession(
                id: id, environment: .sandbox, upstream: upstream, credential: store.identifiers.next(),
                transactionID: transaction.map(Seed.bytes), userID: Seed.bytes(user), transferType: .payment,
                amountInFiat: Seed.bytes(amount), hasTransfer: true, expiresAt: store.clock.now() + .seconds(600),
                complianceRevision: revision, perDayMaximum: perDayMaximum.flatMap { ExactDecimal($0) }))
        return id
    }

    /// A webhook about `linkSession` as the inbound path would hand it over.
    package func received(
        _ status: String, _ linkSession: LinkSessionID?, event: UUIDValue? = nil, transfer: UUIDValue? = nil,
        details: ReceivedEvent.Details = ReceivedEvent.Details(), user: String = "u"
    ) -> ReceivedEvent {
        let reported = ReportedStatus(upstreamText: status.utf8)
        return ReceivedEvent(
            id: store.identifiers.next(), transferID: store.identifiers.next(), upstream: upstream,
            upstreamEventID: event ?? store.identifiers.nextUUID(),
            upstreamTransferID: transfer ?? UUIDValue(high: 1, low: 1),
            reference: linkSession.map { TransactionReference(subClient: subClient, linkSession: $0) },
            unroutableReason: linkSession == nil ? "no transaction" : nil, status: reported,
            occurredAt: store.clock.now(), details: details,
            payload: Seed.bytes(
                #"{"EventId":"x","TransferStatus":"\#(status)","TransactionId":"t","UserId":"\#(user)"}"#))
    }

    /// The next revision: an approved business, in force at once, with no rules if none are given.
    @discardableResult
    package func compliance(
        rules: String = "{}", kyb: KYB = KYB(status: .approved), effectiveAt: Timestamp? = nil
    ) async throws -> ComplianceRevision {
        try await store.reviseCompliance(
            PlatformScope.system.tenant(subClient),
            NewComplianceRevision(rules: Seed.bytes(rules), kyb: kyb, effectiveAt: effectiveAt), version: nil)
    }

    package static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
