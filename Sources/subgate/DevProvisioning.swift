import Domain
import HTTPClient
import JSON
import Runtime

/// Makes the demonstration through the public contract: an upstream (the sandbox), a sub-client with a key and its
/// branding, an endpoint (the shop's). What exists is used again; addresses that changed with the port are brought up
/// to date. Loop-bound.
struct DevProvisioning: Sendable {
    /// How long the start waits for the sub-client to be known upstream: Link asks there who may show it.
    private static let registrationPatience: Duration = .seconds(15)

    let admin: AdminClient
    let demo: DemoAddresses
    /// False when private targets are denied: then there is no endpoint that could be reached.
    let hasReceiver: Bool
    let loop: EventLoop
    let save: @Sendable (DevState) throws -> Void

    /// The first step, before the sandbox is open. Each step is saved once it is done, so that a start that was broken
    /// off goes on where it was.
    func upstream(_ initial: DevState) async throws -> DevState {
        var state = initial
        try await upstream(&state)
        return state
    }

    /// The other steps, with the sandbox open: a new sub-client is registered there.
    func merchant(_ initial: DevState) async throws -> DevState {
        var state = initial
        try await subClient(&state)
        try await branding(&state)
        if hasReceiver { try await endpoint(&state, demo.receiver + "/webhooks") }
        try await registration(state)
        return state
    }

    private func upstream(_ state: inout DevState) async throws {
        let body: [(String, AdminClient.Member)] = [
            ("baseUrl", .text(demo.sandbox)), ("clientId", .text(state.upstreamClientID)),
            ("clientSecret", .text(state.upstreamClientSecret)), ("webhookSecrets", .list([state.webhookSecret])),
            ("adminBaseUrl", .text(demo.sandbox)), ("adminClientSecret", .text(state.upstreamAdminSecret)),
        ]
        // A secret that was just made must not be forgotten: the upstream keeps it.
        try save(state)
        if let id = state.upstreamID {
            _ = try await admin.call(.patch, "/admin/v1/upstreams/\(id)", AdminClient.object(body))
            return
        }
        let made = try await admin.call(
            .post, "/admin/v1/upstreams",
            AdminClient.object([("name", .text("Sandbox")), ("environment", .text("sandbox"))] + body))
        state.upstreamID = try text(made, "id")
        try save(state)
    }

    private func subClient(_ state: inout DevState) async throws {
        if state.subClientID == nil {
            let made = try await admin.call(
                .post, "/admin/v1/sub-clients",
                AdminClient.object([
                    ("legalName", .text("Demo Shop GmbH")), ("displayName", .text("Demo Shop")),
                    ("country", .text("DE")),
                ]))
            state.subClientID = try text(made, "id")
            try save(state)
        }
        guard state.clientSecret == nil, let id = state.subClientID else { return }
        _ = try await admin.call(.post, "/admin/v1/sub-clients/\(id)/activate")
        let made = try await admin.call(
            .post, "/admin/v1/sub-clients/\(id)/credentials",
            AdminClient.object([
                ("environment", .text("sandbox")), ("access", .text("readWrite")), ("name", .text("demo")),
            ]))
        state.clientID = try text(made, "clientId")
        state.clientSecret = try text(made, "clientSecret")
        try save(state)
    }

    private func endpoint(_ state: inout DevState, _ url: String) async throws {
        let tenant = AdminClient(client: admin.client, baseURL: demo.publicURL, key: state.clientSecret ?? "")
        if let id = state.endpointID {
            _ = try await tenant.call(
                .patch, "/v1/webhook-endpoints/\(id)", AdminClient.object([("url", .text(url))]))
            return
        }
        let made = try await tenant.call(
            .post, "/v1/webhook-endpoints",
            AdminClient.object([
                ("url", .text(url)), ("eventTypes", .list(["*"])), ("payloadFormat", .text("mesh")),
                ("description", .text("The demo shop of subgate dev")),
            ]))
        state.endpointID = try text(made, "id")
        state.endpointSecret = try text(made, "secret")
        try save(state)
    }

    /// Waits until the upstream knows the sub-client as it is now. A start does not fail for it: it is tried again.
    private func registration(_ state: DevState) async throws {
        guard let id = state.subClientID else { return }
        let deadline = EventLoop.monotonicNanoseconds + UInt64(Self.registrationPatience.milliseconds) * 1_000_000
        while EventLoop.monotonicNanoseconds < deadline {
            let list = try await admin.call(.get, "/admin/v1/sub-clients/\(id)/registrations")
            let ours = list["data"]?.elements.first { $0["upstreamId"]?.text == state.upstreamID }
            if let state = ours?["state"]?.text, state != "pending" { return }
            await loop.sleep(for: .milliseconds(100))
        }
    }

    private func text(_ value: JSONValue, _ name: String) throws -> String {
        guard let text = value[name]?.text else { throw StartFailure("the API answered without \(name)") }
        return text
    }
}
