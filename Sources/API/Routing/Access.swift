import Domain
import HTTPServer
import Store

/// Tells who calls, from the head alone: nothing of a body is read for a caller that is not known.
///
/// Every way to fail gives the same answer, so that nobody learns which part was wrong.
enum Access {
    /// The scope of an admin key. Throws 403 if its member's role does not allow `permission`.
    static func admin(_ call: Call, needs permission: Permission) async throws(Problem) -> PlatformScope {
        guard let token = bearer(call.head.headers) else { throw .unauthorized }
        let scope = try await call.store { store throws(StoreError) in try await store.authenticate(adminKey: token) }
        guard let scope else {
            call.noteWrongKey()
            throw .unauthorized
        }
        guard scope.allows(permission) else {
            throw Problem(.forbidden, "Your role does not allow this: it needs \(permission.rawValue).")
        }
        return scope.asked(by: call.requestID, from: call.callerAddress)
    }

    /// The sub-client of a credential, given as a bearer token or in Mesh's two headers, but not in both ways.
    static func tenant(_ call: Call, needs access: CredentialAccess) async throws(Problem) -> Principal {
        let headers = call.head.headers
        let token = bearer(headers)
        let pair = meshPair(headers)
        let principal: Principal?
        if let token, !hasMeshHeaders(headers) {
            principal = try await call.store { store throws(StoreError) in
                try await store.authenticate(clientSecret: token, clientID: nil)
            }
        } else if let pair, case .absent = headers.lookup("authorization") {
            principal = try await call.store { store throws(StoreError) in
                try await store.authenticate(clientSecret: pair.secret, clientID: pair.id)
            }
        } else {
            throw .unauthorized
        }
        do throws(Denial) {
            return try admit(principal, call, needs: access)
        } catch {
            switch error {
            case .wrongKey: throw .unauthorized
            case .address: throw .addressForbidden
            case .readOnly: throw .forbidden
            }
        }
    }

    /// The sub-client of a credential in Mesh's two headers.
    static func mesh(_ call: Call, needs access: CredentialAccess) async throws(MeshProblem) -> Principal {
        guard let pair = meshPair(call.head.headers) else { throw .unauthorized }
        let principal: Principal?
        do {
            principal = try await call.store.authenticate(clientSecret: pair.secret, clientID: pair.id)
        } catch {
            throw call.meshProblem(error)
        }
        do throws(Denial) {
            return try admit(principal, call, needs: access)
        } catch {
            switch error {
            case .wrongKey: throw .unauthorized
            case .address: throw .addressForbidden
            case .readOnly: throw .readOnly
            }
        }
    }

    /// Why a credential is not let in.
    private enum Denial: Error {
        case wrongKey, address, readOnly
    }

    /// Judges what a key was found to be, if it was any, and notes that it was used.
    private static func admit(
        _ principal: Principal?, _ call: Call, needs access: CredentialAccess
    ) throws(Denial) -> Principal {
        guard let principal else {
            call.noteWrongKey()
            throw .wrongKey
        }
        let address = call.callerAddress
        guard principal.admits(address) else { throw .address }
        call.store.noteUse(of: principal)
        if access == .readWrite, principal.access != .readWrite { throw .readOnly }
        return principal.asked(by: call.requestID, from: address)
    }

    // MARK: Headers

    /// What a request says its key is, well-formed or not; nil if it has none.
    static func key(_ headers: HeaderFields) -> [UInt8]? {
        bearer(headers) ?? headers["x-client-secret"].map { Array($0) }
    }

    /// The token of the one `Authorization: Bearer …` (RFC 6750 section 2.1; the scheme's case does not matter).
    private static func bearer(_ headers: HeaderFields) -> [UInt8]? {
        guard let value = headers["authorization"] else { return nil }
        let scheme = Array("bearer ".utf8)
        guard value.count > scheme.count, zip(value, scheme).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
        return Array(value.dropFirst(scheme.count).drop { $0 == UInt8(ascii: " ") })
    }

    private static func meshPair(_ headers: HeaderFields) -> (id: UUIDValue, secret: [UInt8])? {
        guard let id = headers["x-client-id"], let secret = headers["x-client-secret"],
            let uuid = UUIDValue(text: id)
        else { return nil }
        return (uuid, Array(secret))
    }

    private static func hasMeshHeaders(_ headers: HeaderFields) -> Bool {
        if case .absent = headers.lookup("x-client-id"), case .absent = headers.lookup("x-client-secret") {
            return false
        }
        return true
    }
}

extension Call {
    func meshProblem(_ error: StoreError) -> MeshProblem {
        // Said once in the log by `problem`; here in Mesh's words.
        switch problem(error).code {
        case .unavailable: .unavailable
        default: .internal
        }
    }
}
