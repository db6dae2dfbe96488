import Domain
import JSON

/// Connections themselves: tokens that are exchanged or taken back, and wallets that were verified.
extension ManagedRoutes {
    /// `BrokerRefreshTokenRequest`. Either token will do for a refresh token, run out or not.
    func refresh(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let credential = try Credential(object, token: "refreshToken", type: "type")
        _ = try object.text("accessToken", units: SandboxLimits.authTokenUnits)
        _ = try object.text("mfaCode", units: SandboxLimits.freeTextUnits)
        _ = try object.bool("createNewRefreshToken")
        guard let token = AccessToken(text: credential.token) else { throw ManagedRefusal.malformedToken }
        guard let found = try await exchange.accounts.find(token, of: client) else { throw ManagedRefusal.refusedToken }
        guard credential.names(found.account.source) else { throw ManagedRefusal.otherType }
        let renewed = try await exchange.renew(found.account)
        let refreshToken = found.isByTokenId ? token : renewed.accessToken
        return ManagedRoutes.object { json in
            json.member("status", "succeeded")
            json.members(null: "errorMessage", "displayMessage")
            json.member("accessToken", renewed.accessToken.text)
            json.member("refreshToken", refreshToken.text)
            json.member("expiresInSeconds", integer: SandboxLimits.accessLife.components.seconds)
            json.member("refreshTokenExpiresInSeconds", integer: SandboxLimits.renewalLife.components.seconds)
            json.objects("brokerAccountTokens", [renewed]) { renewed, json in
                ManagedRoutes.write(renewed.account, &json)
                json.member("accessToken", renewed.accessToken.text)
                json.member("refreshToken", refreshToken.text)
            }
        }
    }

    private static func write(_ account: ConnectedAccount, _ json: inout JSONWriter) {
        json.key("account")
        json.beginObject()
        json.member("accountId", account.accountId)
        json.member("accountName", account.accountName)
        json.member("meshAccountId", account.id.text)
        json.member("frontAccountId", account.id.text)
        json.endObject()
    }

    /// `BrokerBaseRequest`. A connection that is gone already is told as a token that names none.
    func remove(_ object: MeshObject, _ client: UUIDValue) async throws -> [UInt8] {
        let credential = try Credential(object, token: "authToken", type: "type")
        guard let token = AccessToken(text: credential.token) else { throw ManagedRefusal.malformedToken }
        guard let found = try await exchange.accounts.find(token, of: client) else {
            throw ManagedRefusal.bad("Invalid token ID", errorType: "invalidIntegrationToken")
        }
        guard credential.names(found.account.source) else { throw ManagedRefusal.otherType }
        try await exchange.revoke(found.account)
        return Array("{}".utf8)
    }

    /// What a user's wallets signed in Link.
    func verifications(_ query: MeshQuery, _ client: UUIDValue) async throws -> [UInt8] {
        guard let userId = try query.text("UserId", units: SandboxLimits.userIdUnits) else {
            throw RequestFault.missing("UserId")
        }
        let address = try query.text("Address", units: SandboxLimits.addressUnits)
        let verifications = try await exchange.verifications.list(userId: userId, address: address, of: client)
        return ManagedRoutes.object { json in
            json.objects("verifications", verifications) { verification, json in
                json.member("userId", userId)
                json.member("address", verification.address)
                json.members(null: "xPubKey")
                json.member("networkType", verification.networkType)
                json.member("verificationMethod", "signedMessage")
                json.member("message", verification.message)
                json.member("signedMessageHash", verification.signedMessageHash)
                json.member("timestamp", integer: verification.verifiedAt.seconds)
            }
        }
    }
}
