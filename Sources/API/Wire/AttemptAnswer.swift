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
        json.member("id", attempt.id)
        json.member("number", attempt.number)
        json.member("startedAt", attempt.startedAt)
        json.member("durationMs", attempt.duration.milliseconds)
        json.member("outcome", word: isSuccess ? Outcome.succeeded : .failed)
        json.member("statusCode", attempt.statusCode)
        json.member("errorCode", attempt.errorCode)
        // What is not UTF-8 is replaced by the writer.
        json.member("responseBody", attempt.responseBody ?? [])
        json.key("timings")
        json.beginObject()
        for part in ["dnsMs", "connectMs", "tlsMs", "firstByteMs"] { json.member(part, nil as Int32?) }
        json.member("totalMs", attempt.duration.milliseconds)
        json.endObject()
    }
}
