import Domain
import HTTPServer
import JSON
import Runtime
import Store

/// One request on its way through its route.
struct Call: Sendable {
    let context: APIContext
    let route: Route
    let head: RequestHead
    let requestBody: RequestBody
    /// The path's parts where the pattern has names, in order.
    let parameters: [ArraySlice<UInt8>]
    /// The caller's, if it named one, with a span of ours.
    let trace: TraceContext

    var store: Store { context.store }
    var requestID: [UInt8] { head.requestId }
    /// Who calls: the other end of the connection or, if that is a trusted proxy, whom it names. Nil for nobody.
    var callerAddress: IPAddress? {
        context.configuration.trustedProxies.caller(
            peer: IPAddress(head.peer), forwardedFor: head.headers.all("x-forwarded-for"))
    }

    /// What every line about this request begins with.
    var mark: [Log.Field] { [(.requestId, .bytes(requestID)), (.traceId, .bytes(trace.traceText))] }

    /// Tells that something is in another state now, on which more than this request depends.
    func tell(_ kind: StaticString, is state: String, _ fields: [Log.Field]) {
        context.log.info("state changed", mark + [(.kind, .text("\(kind)")), (.state, .text(state))] + fields)
    }

    // MARK: Body

    /// The whole body and its JSON. Throws 415, 413 and 400.
    func json() async throws(Problem) -> (bytes: [UInt8], value: JSONValue) {
        guard MediaType.isJSON(head.headers, alsoSuffixes: false) else {
            throw Problem(.unsupportedMediaType, "The body must be application/json.")
        }
        let bytes = try await bytes()
        do {
            return (bytes, try JSONDocument.parse(bytes).root)
        } catch {
            throw Problem(.invalid, "The body is \(error).")
        }
    }

    /// The whole body. Throws 413.
    func bytes() async throws(Problem) -> [UInt8] {
        do {
            return try await requestBody.collect(upTo: route.bodyLimit)
        } catch .tooLarge {
            throw Problem(.tooLarge, "The body has more than \(route.bodyLimit) bytes.")
        } catch {
            // Nobody reads this answer: the connection is lost.
            throw Problem(.invalid, "The body did not arrive.")
        }
    }

    // MARK: Store

    /// Runs `work` on the store and says its failures in the API's words.
    func store<Value>(_ work: (Store) async throws(StoreError) -> Value) async throws(Problem) -> Value {
        do {
            return try await work(context.store)
        } catch {
            throw problem(error)
        }
    }

    func problem(_ error: StoreError) -> Problem {
        switch error {
        case .notFound: return .notFound
        case .roleBeyondOwn:
            return Problem(
                .forbidden, "That role allows what yours does not: you may not give it, nor change who has it.")
        case .endpointSecretRepeated:
            return .invalid(field: "secret", "must not be one that signs for this endpoint already")
        case .conflict(let constraint): return Problem(.conflict, Call.explanation(ofConstraint: constraint))
        case .stale: return Problem(.preconditionFailed, "It has changed since the version in If-Match.")
        case .unavailable: return .unavailable
        case .outcomeUnknown: return .outcomeUnknown
        case .unexpected(let sqlState):
            context.log.error(
                "a statement failed that should not",
                mark + [(.route, .text(route.name)), (.sqlState, .text(sqlState))])
            return .internal
        case .undecipherable:
            context.log.error(
                "a sealed value does not open with the keys we have",
                mark + [(.route, .text(route.name))])
            return .internal
        }
    }

    /// What a caller can do about a conflict, by the name of the rule that was broken.
    static func explanation(ofConstraint constraint: String) -> String {
        switch constraint {
        case "sub_client_external_id_key": "Another sub-client has this externalId."
        case "sub_client_closed": "The sub-client is closed."
        case "sub_client_not_closed": "Only a closed sub-client is erased."
        case "sub_client_erased": "The sub-client is erased."
        case "credential_not_allowed":
            "A closed sub-client gets no credentials; one for production needs it active and its business approved."
        case "credential_ended": "The credential is revoked or expired."
        case "credential_secret_limit":
            "The credential has as many secrets that work as it may have: end one of them first."
        case "upstream_environment_key": "This environment has an upstream already."
        case "upstream_in_use": "Link sessions were minted at this upstream, so its events will still come."
        case "registration_removed": "The sub-client is closed and the upstream has it no more."
        case "endpoint_limit": "There are as many endpoints in this environment as there may be."
        case "endpoint_secret_limit":
            "The endpoint has as many secrets that sign as it may have: end the previous ones first."
        case "recovery_running": "One recovery of this endpoint runs already: wait for its end, or cancel it."
        case "delivery_not_retryable": "The delivery is being attempted."
        case "member_email_key": "Another member has this email."
        case "last_owner": "The team needs an owner: make another one first."
        default: "It is not in a state that allows this, or a value is taken."
        }
    }
}

/// The media types of request bodies (RFC 9110 section 8.3.1).
enum MediaType {
    /// The type of the one Content-Type, in small letters, without its parameters.
    private static func type(_ headers: HeaderFields) -> [UInt8]? {
        guard let value = headers["content-type"] else { return nil }
        let type = value.prefix { $0 != UInt8(ascii: ";") }
        return type.reversed().drop { $0 == 0x20 || $0 == 0x09 }.reversed().map { byte in
            byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
        }
    }

    /// Whether it is `application/x-ndjson`: JSON, a value a line.
    static func isLines(_ headers: HeaderFields) -> Bool { type(headers) == Array("application/x-ndjson".utf8) }

    /// Whether it is what a form of HTML sends.
    static func isForm(_ headers: HeaderFields) -> Bool {
        type(headers) == Array("application/x-www-form-urlencoded".utf8)
    }

    /// Whether the one Content-Type is `application/json`, in any case and with any parameters; with `alsoSuffixes`
    /// also `text/json` and `application/…+json`, as Mesh accepts.
    static func isJSON(_ headers: HeaderFields, alsoSuffixes: Bool) -> Bool {
        guard let trimmed = type(headers) else { return false }
        if trimmed == Array("application/json".utf8) { return true }
        guard alsoSuffixes else { return false }
        return trimmed == Array("text/json".utf8)
            || trimmed.starts(with: Array("application/".utf8)) && trimmed.suffix(5) == Array("+json".utf8)[...]
    }
}
