import HTTPServer
import JSON
import Runtime

/// Health and metrics, on a listener of their own.
enum OpsRoutes {
    static let all: [Route] = [
        Route(.get, "/livez", bodyLimit: 0, .ops(live)),
        Route(.get, "/readyz", bodyLimit: 0, .ops(ready)),
        Route(.get, "/metrics", bodyLimit: 0, .ops(metrics)),
        Route(.get, "/version", bodyLimit: 0, .ops(version)),
    ]

    /// Never looks at anything else: a database that is away must not make an orchestrator restart the process.
    @Sendable private static func live(_ call: Call) async throws(Problem) -> Response {
        .json(200, jsonObject { $0.member("status", "ok") })
    }

    @Sendable private static func ready(_ call: Call) async throws(Problem) -> Response {
        let readiness = call.context.readiness()
        let body = jsonObject { json in
            json.member("status", word: readiness.status)
            json.key("parts")
            json.beginArray()
            for part in readiness.parts {
                json.beginObject()
                json.member("name", part.name)
                json.member("ready", part.reason == nil)
                json.member("reason", part.reason.map { Array($0.utf8) })
                json.endObject()
            }
            json.endArray()
        }
        return .json(readiness.status == .ready ? 200 : 503, body)
    }

    @Sendable private static func metrics(_ call: Call) async throws(Problem) -> Response {
        Response(status: 200, contentType: Metrics.contentType, body: call.context.metrics.render())
    }

    @Sendable private static func version(_ call: Call) async throws(Problem) -> Response {
        .json(
            200,
            jsonObject { json in
                json.member("name", "subgate")
                json.member("version", call.context.configuration.version)
            })
    }
}
