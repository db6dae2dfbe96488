package import Domain
package import HTTPClient
package import Runtime

/// What the stand-in is told: where it is reached and who may call it.
package struct SandboxConfiguration: Sendable {
    /// Scheme, host and port, without a slash at its end: what link tokens and payment links begin with.
    package let publicBaseURL: String
    package let clients: [SandboxClient]

    package init(publicBaseURL: String, clients: [SandboxClient]) {
        self.publicBaseURL = publicBaseURL.last == "/" ? String(publicBaseURL.dropLast()) : publicBaseURL
        self.clients = clients
    }
}

/// One Mesh account: the keys it calls with, and where its webhooks go.
package struct SandboxClient: Sendable {
    package let clientId: UUIDValue
    package let clientSecret: Secret
    /// The account's Account Management API key; without one that API refuses the account.
    package let adminClientSecret: Secret?
    /// Without one no webhook is ever owed, as with Mesh before an address is registered.
    package let webhook: SandboxWebhook?

    package init(
        clientId: UUIDValue, clientSecret: Secret, adminClientSecret: Secret? = nil, webhook: SandboxWebhook?
    ) {
        self.clientId = clientId
        self.clientSecret = clientSecret
        self.adminClientSecret = adminClientSecret
        self.webhook = webhook
    }
}

/// The one registered webhook address of an account, and the secret its posts are signed with (as UTF-8 text).
package struct SandboxWebhook: Sendable {
    package let url: TargetURL
    package let secret: Secret

    package init(url: TargetURL, secret: Secret) {
        self.url = url
        self.secret = secret
    }
}
