import Domain
import HTTPClient
import JSON
import Runtime

/// The side of Subgate in `subgate listen`: who the key is, and its events. Loop-bound.
struct ListenSource: Sendable {
    /// Which events, and how their bodies are written.
    struct Question: Sendable {
        /// As `types` takes them.
        let types: String
        let format: PayloadFormat
    }

    struct Event: Sendable {
        let id: [UInt8]
        let type: String
        let body: [UInt8]
    }

    struct Page: Sendable {
        let events: [Event]
        let cursor: String
    }

    enum Failure: Error, Sendable {
        /// Asking again would not help.
        case refused(String)
        /// It may help; after the pause, if Subgate named one.
        case lost(String, pause: Duration? = nil)
        /// The cursor is of no use any more.
        case cursorIsOver
    }

    /// Seconds for which Subgate holds the question when there is nothing new.
    private static let wait = 25
    private static let answerBytes = 16 << 20

    let client: HTTPClient
    /// Without a slash at its end.
    let base: String
    let key: String
    let question: Question

    /// The sub-client's name, and whether the key is for the sandbox.
    func whoAmI() async throws(Failure) -> (name: String, isSandbox: Bool) {
        let me = try await get("/v1/me", within: .seconds(15))
        return (me["displayName"]?.text ?? "?", me["environment"]?.text == "sandbox")
    }

    /// Without a cursor no events, but one to go on from.
    func events(after cursor: String?) async throws(Failure) -> Page {
        var path = "/v1/events/stream?payloadFormat=\(question.format.rawValue)&types=\(question.types)"
        if let cursor { path += "&wait=\(ListenSource.wait)&after=\(cursor)" }
        let answer = try await get(path, within: .seconds(ListenSource.wait + 15), cursor: cursor)
        guard let next = answer["nextCursor"]?.text, let data = answer["data"] else {
            throw .refused("\(base) does not answer as Subgate does")
        }
        let events = data.elements.compactMap { one -> Event? in
            guard let id = one["id"]?.string, let type = one["type"]?.text, let body = one["body"]?.string else {
                return nil
            }
            return Event(id: id, type: type, body: body)
        }
        return Page(events: events, cursor: next)
    }

    private func get(
        _ path: String, within limit: Duration, cursor: String? = nil
    ) async throws(Failure) -> JSONValue {
        let response = try await send(path, within: limit)
        switch response.status {
        case 200: break
        case 400 where cursor != nil: throw .cursorIsOver
        case 401, 403:
            throw .refused("Subgate refuses the key (\(response.status)): \(ListenSource.detail(of: response))")
        case 404: throw .refused("there is no Subgate with an event stream at \(base) (404)")
        case 429, 500...:
            throw .lost("Subgate answers \(response.status)", pause: ListenSource.pause(in: response))
        default: throw .refused("\(base) does not answer as Subgate does (\(response.status))")
        }
        // A body without its end, as when the service stops.
        if response.isIncomplete { throw .lost("the answer broke off") }
        guard !response.bodyWasCut, let document = try? JSONDocument.parse(response.body) else {
            throw .refused("\(base) does not answer as Subgate does")
        }
        return document.root
    }

    private func send(_ path: String, within limit: Duration) async throws(Failure) -> IncomingResponse {
        let url: TargetURL
        do {
            url = try TargetURL(Array((base + path).utf8), options: .development)
        } catch {
            throw .refused("\(base) is no URL that can be called (\(error))")
        }
        do {
            return try await client.send(
                OutgoingRequest(
                    method: .get, url: url,
                    headers: [
                        (name: "authorization", value: Array("Bearer \(key)".utf8)),
                        (name: "user-agent", value: Array("Subgate-Listen".utf8)),
                    ], totalTimeout: limit, responseLimit: ListenSource.answerBytes, policy: .allowPrivate,
                    partition: 0, resendsOnStaleConnection: true))
        } catch {
            throw .lost("\(ListenWords.of(error, url))")
        }
    }

    /// What a problem says of itself; a proxy's page says nothing.
    private static func detail(of response: IncomingResponse) -> String {
        let problem = try? JSONDocument.parse(response.body).root
        return problem?["detail"]?.text ?? "no reason given"
    }

    /// `Retry-After` in seconds, a minute at most.
    private static func pause(in response: IncomingResponse) -> Duration? {
        guard let text = response.headers["retry-after"], text.count <= 4,
            let seconds = Int(String(decoding: text, as: UTF8.self)), seconds > 0
        else { return nil }
        return .seconds(min(seconds, 60))
    }
}

/// Failures of a call, for a person.
enum ListenWords {
    static func of(_ error: ClientError, _ url: TargetURL) -> String {
        let place = "\(url.hostText):\(url.port)"
        return switch error {
        case .connectFailed: "connection refused: nothing answers at \(place)"
        case .connectTimeout: "no connection to \(place) in time"
        case .dnsFailed, .dnsTimeout: "the name \(url.hostText) is not known"
        case .timeout: "no answer from \(place) in time"
        case .connectionReset: "\(place) closed the connection without an answer"
        case .badResponse: "\(place) does not speak HTTP/1.1"
        case .tlsFailed: "no secure connection to \(place) (\(error.code))"
        default: "\(place) cannot be called (\(error.code))"
        }
    }
}
