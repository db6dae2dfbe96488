import Domain
import HTTPClient
import HTTPServer
import JSON
import Store
import Upstream

/// What Mesh keeps of end users: their connected accounts and the wallets they verified.
enum AccountRoutes {
    static let all: [Route] = [
        Route(.delete, "/api/v1/account", bodyLimit: APILimits.accountBytes, .mesh(.readWrite, remove)),
        Route(.get, "/api/v1/wallets/verify", bodyLimit: 0, .mesh(.read, verifications)),
    ]

    /// Disconnects an account. Whoever holds its token may do so: the token is the proof, and stays out of the log.
    @Sendable private static func remove(_ call: Call, _ principal: Principal) async throws(MeshProblem) -> Response {
        let body = try await call.meshBody()
        let document = try MeshFields.document(body)
        let fields = MeshFields(document.root)
        guard let token = try fields.string("authToken", APILimits.authTokenCharacters) else {
            throw .missing("AuthToken")
        }
        guard let type = try fields.string("type", APILimits.brokerTypeCharacters) else { throw .missing("Type") }
        let upstream = try await call.upstream(of: principal)
        do {
            try await call.store.auditDisconnecting(
                principal.scope,
                facts: jsonObject { json in
                    json.member("type", type)
                    json.member("environment", word: principal.environment)
                })
        } catch {
            throw call.meshProblem(error)
        }
        let request = MeshCall(
            .delete, Array("/api/v1/account".utf8),
            body: jsonObject { json in
                json.member("authToken", token)
                json.member("type", type)
            }, answerBytes: APILimits.passedAnswerBytes, namesThing: true)
        do throws(UpstreamFailure) {
            return try await call.context.mesh.answer(request, of: upstream, trace: call.trace).response(call)
        } catch {
            throw call.meshProblem(error, upstream)
        }
    }

    /// The wallets one end user of this sub-client has verified: the user is named, so that nobody else's can be meant.
    @Sendable private static func verifications(
        _ call: Call, _ principal: Principal
    ) async throws(MeshProblem) -> Response {
        let query = MeshQuery(call)
        guard let user = try query.text("UserId", APILimits.userIDCharacters) else { throw .missing("UserId") }
        let address = try query.text("Address", APILimits.walletAddressCharacters)
        let upstream = try await call.upstream(of: principal)
        let theirs = NamespacedUser.id(of: user, in: principal.scope.subClient)
        let request = MeshCall(
            .get, MeshCall.path("/api/v1/wallets/verify", [("UserId", theirs), ("Address", address)]),
            answerBytes: APILimits.passedAnswerBytes)
        do throws(UpstreamFailure) {
            let answer = try await call.context.mesh.answer(request, of: upstream, trace: call.trace)
            guard let content = WalletVerifications.restored(answer.content, from: theirs, to: user) else {
                throw .failed(reason: "unreadableAnswer")
            }
            return MeshAnswer(content: content, errorHash: answer.errorHash, teamCode: answer.teamCode).response(call)
        } catch {
            throw call.meshProblem(error, upstream)
        }
    }
}

/// `content` of Mesh's `GET /wallets/verify`.
enum WalletVerifications {
    /// With the merchant's own user id in place of ours, everything else as it came. An entry of another user, which
    /// should not be there, is left out. Nil for what is no such content.
    static func restored(_ content: [UInt8], from theirs: [UInt8], to own: [UInt8]) -> [UInt8]? {
        guard let root = try? JSONDocument.parse(content).root, let entries = root["verifications"],
            entries.kind == .array || entries.isNull
        else { return nil }
        return jsonObject { json in
            json.key("verifications")
            json.beginArray()
            for entry in entries.elements where entry["userId"]?.string == theirs {
                json.beginObject()
                for member in entry.members {
                    json.key(member.key)
                    if member.key == "userId" { json.string(own) } else { json.raw(member.value.raw) }
                }
                json.endObject()
            }
            json.endArray()
        }
    }
}
