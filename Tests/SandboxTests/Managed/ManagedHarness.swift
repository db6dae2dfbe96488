import Domain
import HTTPClient
import JSON
import Testing

@testable import Sandbox

extension Harness {
    /// Connects a test user at an exchange, as Link does.
    func connect(
        _ user: String = "Mesh", at integration: String = "Coinbase", userId: String = "user-7",
        of client: UUIDValue = Harness.clientId
    ) async throws -> Connection {
        let signIn = try SignIn.exchange(
            Exchanged.source(integration).integration.id, user: Exchanged.bytes(user),
            password: Exchanged.bytes("Pass123"))
        return try await sandbox.exchange.connect(signIn, userId: Exchanged.bytes(userId), of: client)
    }

    func connectWallet(_ name: String, _ networkType: String) async throws -> Connection {
        let signIn = try SignIn.wallet(Exchanged.source(name).integration.id, networkType: networkType)
        return try await sandbox.exchange.connect(signIn, userId: Exchanged.bytes("user-7"), of: Harness.clientId)
    }

    /// A managed call that is answered 200, and its content.
    func managed(
        _ path: String, _ body: String, method: OutgoingRequest.Method = .post
    ) async throws -> JSONValue {
        let answer = try await call(method, "/api/v1/" + path, body, headers: Harness.keyHeaders)
        #expect(answer.status == 200, "\(path): \(answer.text)")
        return try #require(answer.json?["content"], "\(path): \(answer.text)")
    }

    /// `fromAuthToken` and `fromType` of a connection, to begin a body with.
    static func from(_ connection: Connection) -> String {
        let type = connection.account.source.integration.type
        return #"{"fromAuthToken":"\#(text(connection.accessToken))","fromType":"\#(type)","#
    }

    static func auth(_ connection: Connection) -> String {
        let type = connection.account.source.integration.type
        return #"{"authToken":"\#(text(connection.accessToken))","type":"\#(type)""#
    }

    static func text(_ token: AccessToken) -> String { String(decoding: token.text, as: UTF8.self) }

    static let previewMembers =
        #""networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC","#
        + #""toAddress":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0","amount":50}"#

    func balance(_ symbol: String, of connection: Connection) async throws -> String? {
        let content = try await managed("holdings/get", Harness.auth(connection) + "}")
        let position = content["cryptocurrencyPositions"]?.elements.first { $0["symbol"]?.text == symbol }
        return position?["amount"].map { String(decoding: $0.raw, as: UTF8.self) }
    }
}

extension JSONValue {
    /// A number or anything else as it is spelled.
    func spelled(_ name: String) -> String? { self[name].map { String(decoding: $0.raw, as: UTF8.self) } }
}
