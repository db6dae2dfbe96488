import Domain
import HTTPServer
import JSON
import Store

/// `/admin/v1/sub-clients/import`: many sub-clients at once, a line each. Sent again it makes none twice, so an import
/// that broke off is resumed by repeating it.
enum ImportRoutes {
    static let all: [Route] = [
        Route(
            .post, "/admin/v1/sub-clients/import", bodyLimit: APILimits.importBytes,
            .admin(.manageSubClients, importSubClients))
    ]

    @Sendable private static func importSubClients(
        _ call: Call, _ scope: PlatformScope
    ) async throws(Problem) -> Response {
        guard MediaType.isLines(call.head.headers) else {
            throw Problem(.unsupportedMediaType, "The body must be application/x-ndjson.")
        }
        let lines = lines(of: try await call.bytes())
        guard APILimits.importLines.contains(lines.count) else {
            throw Problem(.invalid, "The body must have 1 to \(APILimits.importLines.upperBound) lines.")
        }
        let verdicts = lines.map { line in Verdict(line.text) }
        let new = verdicts.compactMap(\.subClient)
        let outcomes = try await call.store { store throws(StoreError) in
            try await store.importSubClients(scope, new)
        }
        var rest = outcomes[...]
        var answer: [UInt8] = []
        for (line, verdict) in zip(lines, verdicts) {
            switch verdict {
            case .sound:
                if let outcome = rest.popFirst() { answer += told(line.number, call, outcome) }
            case .unsound(let problem):
                answer += told(line.number, status: "failed", detail: problem.detail, errors: problem.errors)
            }
            answer.append(UInt8(ascii: "\n"))
        }
        return Response(status: 200, contentType: "application/x-ndjson", body: answer)
    }

    /// The lines that are not blank, with their numbers, which count from 1.
    static func lines(of body: [UInt8]) -> [(number: Int, text: ArraySlice<UInt8>)] {
        body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .map { ($0.offset + 1, $0.element) }
            .filter { line in !line.1.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d } }
    }

    /// What a line is by itself.
    private enum Verdict {
        case sound(NewSubClient)
        case unsound(Problem)

        init(_ line: ArraySlice<UInt8>) {
            do throws(Problem) {
                self = .sound(try ImportRoutes.read(line))
            } catch {
                self = .unsound(error)
            }
        }

        var subClient: NewSubClient? { if case .sound(let new) = self { new } else { nil } }
    }

    private static func read(_ line: ArraySlice<UInt8>) throws(Problem) -> NewSubClient {
        let value: JSONValue
        do {
            value = try JSONDocument.parse(Array(line)).root
        } catch {
            throw Problem(.invalid, "The line is \(error).")
        }
        guard value.kind == .object else { throw Problem(.invalid, "The line must be a JSON object.") }
        var fields = try Fields(value)
        let externalID = fields.required("externalId", .text(APILimits.externalIDCharacters))
        let new = SubClientRoutes.newSubClient(&fields, externalID: externalID)
        try fields.finish()
        return new
    }

    // MARK: Answers

    private static func told(_ line: Int, _ call: Call, _ outcome: ImportOutcome) -> [UInt8] {
        switch outcome {
        case .created(let id): told(line, status: "created", id: id)
        case .exists(let id): told(line, status: "exists", id: id)
        case .conflict(let id):
            told(line, status: "conflict", id: id, detail: "The sub-client with this externalId has other content.")
        case .failed(let error): told(line, status: "failed", detail: call.problem(error).detail)
        }
    }

    private static func told(
        _ line: Int, status: String, id: SubClientID? = nil, detail: String? = nil, errors: [Problem.FieldError] = []
    ) -> [UInt8] {
        jsonObject { json in
            json.member("line", Int64(line))
            json.member("status", status)
            if let id { json.member("id", id) }
            if let detail { json.member("detail", detail) }
            json.member("errors", errors)
        }
    }
}
