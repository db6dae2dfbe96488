import Domain
import JSON
import Store

/// One HTTP request made for a delivery, as its owner and the PSP see it.
enum AttemptAnswer {
    enum Outcome: String, CaseIterable {
        case succeeded, failed
    }

    @Sendable static func write(_ attempt: Attempt, _ json: inout JSONWriter) {
        let isSuccess = attempt.statusCode.map { (200..<300).contains($0) } ?? false
        let exchange = attempt.exchange.flatMap { try? JSONDocument.parse($0).root }
        json.member("id", attempt.id)
        json.member("number", attempt.number)
        json.member("startedAt", attempt.startedAt)
        json.member("durationMs", attempt.duration.milliseconds)
        json.member("outcome", word: isSuccess ? Outcome.succeeded : .failed)
        json.member("statusCode", attempt.statusCode)
        json.member("errorCode", attempt.errorCode)
        // What is not UTF-8 is replaced by the writer.
        json.member("responseBody", attempt.responseBody ?? [])
        write("requestHeaders", exchange?["requestHeaders"], &json)
        write("responseHeaders", exchange?["responseHeaders"], &json)
        json.member("headersWereCut", exchange?["headersWereCut"]?.bool ?? false)
        json.key("timings")
        json.beginObject()
        for (name, source) in timings {
            json.key(name)
            if let part = exchange?["timings"]?[source]?.integer {
                json.integer((part + 500) / 1_000)
            } else {
                json.null()
            }
        }
        json.member("totalMs", attempt.duration.milliseconds)
        json.endObject()
        json.member("nodeId", attempt.node)
    }

    private static let timings: [(name: StaticString, source: StaticString)] = [
        ("dnsMs", "dnsUs"), ("connectMs", "connectUs"), ("tlsMs", "tlsUs"), ("firstByteMs", "firstByteUs"),
    ]

    /// Pairs of names and values, as objects.
    private static func write(_ name: StaticString, _ pairs: JSONValue?, _ json: inout JSONWriter) {
        json.key(name)
        json.beginArray()
        for pair in pairs?.elements.map({ $0 }) ?? [] {
            let parts = pair.elements.compactMap(\.string)
            guard parts.count == 2 else { continue }
            json.beginObject()
            json.member("name", parts[0])
            json.member("value", parts[1])
            json.endObject()
        }
        json.endArray()
    }
}
