import HTTPClient
import JSON
import Runtime

/// Makes the demonstration through the public contract: an upstream (the sandbox), a sub-client with a key, an endpoint
/// (the receiver). What exists is used again; addresses that changed with the port are brought up to date.
struct DevProvisioning: Sendable {
    let admin: AdminClient
    let publicURL: String
    let sandboxURL: String
    /// Nil when private targets are denied: then there is no endpoint that could be reached.
    let receiverURL: String?
    let save: @Sendable (DevState) throws -> Void

    /// Takes one step after the other and saves after each, so that a start that was broken off goes on where it was.
    func run(_ initial: DevState) async throws -> DevState {
        var state = initial
        try await upstream(&state)
        try await subClient(&state)
        if let receiverURL { try await endpoint(&state, receiverURL) }
        return state
    }

    private func upstream(_ state: inout DevState) async throws {
        let body: [(String, AdminClient.Member)] = [
            ("baseUrl", .text(sandboxURL)), ("clientId", .text(state.upstreamClientID)),
            ("clientSecret", .text(state.upstreamClientSecret)), ("webhookSecrets", .list([state.webhookSecret])),
            ("adminBaseUrl", .text(sandboxURL)), ("adminClientSecret", .text(state.upstreamAdminSecret)),
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
        let tenant = AdminClient(client: admin.client, baseURL: publicURL, key: state.clientSecret ?? "")
        if let id = state.endpointID {
            _ = try await tenant.call(
                .patch, "/v1/webhook-endpoints/\(id)", AdminClient.object([("url", .text(url))]))
            return
        }
        let made = try await tenant.call(
            .post, "/v1/webhook-endpoints",
            AdminClient.object([
                ("url", .text(url)), ("eventTypes", .list(["*"])), ("payloadFormat", .text("mesh")),
                ("description", .text("The demo receiver of subgate dev")),
            ]))
        state.endpointID = try text(made, "id")
        state.endpointSecret = try text(made, "secret")
        try save(state)
    }

    private func text(_ value: JSONValue, _ name: String) throws -> String {
        guard let text = value[name]?.text else { throw StartFailure("the API answered without \(name)") }
        return text
    }
}
