import Crypto
import Domain
import Runtime
import Store
import TestSupport

/// A sub-client with a row in every table that sub-clients have rows in.
struct FurnishedTenant: Sendable {
    let name: String
    let seed: Seed
    let endpoint: EndpointID
    let linkSession: LinkSessionID
    let credential: CredentialID
    let secret: CredentialSecretID
    let transfer: TransferID
    let event: EventID
    let delivery: DeliveryID
    /// Of an end user whom it does not have.
    let erasure: ErasureID
    /// Of all up to now, and ended.
    let recovery: RecoveryID
    /// A request whose answer is kept.
    let request: IdempotentRequest

    var scope: TenantScope { seed.scope }
    var subClient: SubClientID { seed.subClient }

    /// `upstream` is made if none is given.
    static func make(_ store: Store, _ name: String, upstream: UpstreamID? = nil) async throws -> FurnishedTenant {
        let seed = try await Seed.make(store, name: name, upstream: upstream)
        let request = IdempotentRequest(
            route: "POST /v1/webhook-endpoints", key: Seed.bytes("key"), digest: [UInt8](repeating: 1, count: 32))
        let endpoint = try await store.createEndpoint(
            seed.scope,
            NewEndpoint(
                url: Seed.bytes("http://127.0.0.1:9/\(name)"), eventTypes: [Seed.bytes("*")], payloadFormat: .mesh,
                headers: Seed.bytes(#"{"X-Shop":"\#(name)"}"#),
                secret: Seed.bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")),
            limit: 50, keeping: Keeping(request) { _ in Seed.bytes(name) }
        ).endpoint.id
        let credential = try await store.createCredential(
            .system, for: seed.subClient,
            NewCredential(environment: .sandbox, access: .readWrite, name: Seed.bytes(name)))
        var settings = BrandingSettings()
        settings.displayName = Seed.bytes(name)
        settings.style.primaryColor = Color(red: 1, green: 2, blue: 3)
        _ = try await store.putBranding(seed.scope, settings, version: nil)
        _ = try await store.putLogo(seed.scope, logo(name))
        try await seed.compliance(kyb: KYB(status: .approved, legalEntity: Seed.bytes(name)))
        let session = try await seed.linkSession(perDayMaximum: "100", revision: 1)
        let node = store.identifiers.nextUUID()
        let received = seed.received("Succeeded", session)
        let owed = try await store.accept(
            [received], lease: Lease(node: node, end: store.clock.now() + .seconds(60))
        ).at(0).deliveries.at(0)
        try await store.record(
            [
                FinishedAttempt(
                    delivery: owed, id: store.identifiers.next(), startedAt: store.clock.now(),
                    duration: .milliseconds(3), statusCode: 500, errorCode: "httpStatus",
                    responseBody: Seed.bytes(name), decision: .failed)
            ], node: node)
        // Which opens its lane.
        _ = try await store.setEndpoint(seed.scope, endpoint, enabled: false)
        _ = try await store.setEndpoint(seed.scope, endpoint, enabled: true)
        let transfers = try await store.transfers(seed.scope, PageRequest())
        let erasure = try await store.eraseEndUser(seed.scope, userID: Seed.bytes(name))
        let recovery = try await recovered(seed, endpoint)
        return try FurnishedTenant(
            name: name, seed: seed, endpoint: endpoint, linkSession: session, credential: credential.credential.id,
            secret: credential.secretID,
            transfer: transfers.items.at(0).id, event: owed.event.id, delivery: owed.id,
            erasure: erasure.id, recovery: recovery, request: request)
    }

    /// A recovery that was cancelled at once, and an attempt that was counted.
    private static func recovered(_ seed: Seed, _ endpoint: EndpointID) async throws -> RecoveryID {
        let now = seed.store.clock.now()
        let recovery = try await seed.store.beginRecovery(
            seed.scope, of: endpoint,
            NewRecovery(since: now - .seconds(60), until: now, onlyFailed: true, ratePerSecond: 1))
        _ = try await seed.store.cancelRecovery(seed.scope, recovery.id)
        seed.store.noteAttempt(
            seed.subClient, endpoint, statusCode: 500, errorCode: nil, duration: .milliseconds(3), at: now)
        try await seed.store.writeStatistics()
        try await seed.store.writeUsage()
        return recovery.id
    }

    /// The store takes any bytes.
    static func logo(_ name: String) -> NewLogo {
        let bytes = Seed.bytes("logo of \(name)")
        return NewLogo(digest: Digest.sha256(bytes), mediaType: .png, width: 16, height: 16, bytes: bytes)
    }
}
