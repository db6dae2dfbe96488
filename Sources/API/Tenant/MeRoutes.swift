import HTTPServer
import Store

/// `/v1/me`: who the caller is.
enum MeRoutes {
    static let all: [Route] = [.tenant(.get, "/v1/me", get)]

    @Sendable private static func get(_ call: Call, _ principal: Principal) async throws(Problem) -> Response {
        .json(
            200,
            jsonObject { json in
                json.member("subClientId", principal.scope.subClient)
                json.member("displayName", principal.displayName)
                json.member("status", word: principal.subClientStatus)
                json.member("environment", word: principal.environment)
                json.member("access", word: principal.access)
                json.member("clientId", principal.clientID)
                json.member("credentialId", principal.credential)
            })
    }
}
