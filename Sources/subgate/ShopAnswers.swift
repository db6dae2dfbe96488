import Domain
import HTTPServer
import JSON

/// The answers of the demo shop.
struct ShopAnswers: Sendable {
    /// The one origin that the page may frame: the sandbox's.
    let linkOrigin: String

    /// A file of the page. It names the files it may load and the origin it may frame; nothing else is reached.
    func file(_ file: PageFile, _ request: Request) -> Response {
        let etag = file.etag
        var response: Response
        if let known = request.head.headers["if-none-match"], known.elementsEqual(etag.utf8) {
            response = Response(status: 304)
        } else {
            response = Response(
                status: 200, contentType: ShopAnswers.contentType(file.name), body: Array(file.text.utf8))
        }
        response.headers.add("ETag", etag.utf8)
        response.headers.add("Cache-Control", "no-cache")
        return protected(response)
    }

    private static func contentType(_ name: String) -> StaticString {
        if name.hasSuffix(".html") { return "text/html; charset=utf-8" }
        if name.hasSuffix(".css") { return "text/css; charset=utf-8" }
        return "text/javascript; charset=utf-8"
    }

    func json(_ status: Int, _ write: (inout JSONWriter) -> Void) -> Response {
        var json = JSONWriter()
        write(&json)
        var response = Response(status: status, contentType: "application/json", body: json.bytes)
        response.headers.add("Cache-Control", "no-store")
        return protected(response)
    }

    /// RFC 9457, with the field that is to blame.
    func problem(_ status: Int, _ detail: String, field: String? = nil) -> Response {
        var json = JSONWriter()
        json.beginObject()
        json.key("status")
        json.integer(Int64(status))
        json.members([("detail", detail)])
        if let field {
            json.key("errors")
            json.beginArray()
            json.beginObject()
            json.members([("field", field), ("message", detail)])
            json.endObject()
            json.endArray()
        }
        json.endObject()
        var response = Response(status: status, contentType: "application/problem+json", body: json.bytes)
        response.headers.add("Cache-Control", "no-store")
        return protected(response)
    }

    /// Server-sent events (HTML, section 9.2): an order as it is now, or only the news that there is none. The answer
    /// ends, and the browser asks again after `pause`, telling the last id it saw.
    func events(_ order: ShopOrder, isNew: Bool, pause: Duration) -> Response {
        var text = "retry: \(pause.milliseconds)\n"
        if isNew {
            var json = JSONWriter()
            order.write(&json)
            text += "id: \(order.version)\nevent: order\ndata: \(String(decoding: json.bytes, as: UTF8.self))\n"
        } else {
            text += ": nothing new\n"
        }
        var response = Response(status: 200, contentType: "text/event-stream", body: Array((text + "\n").utf8))
        response.headers.add("Cache-Control", "no-store")
        return protected(response)
    }

    func methods(_ allowed: StaticString) -> Response {
        var response = problem(405, "This path is for other methods.")
        response.headers.add("Allow", allowed)
        return response
    }

    private func protected(_ response: Response) -> Response {
        var response = response
        let policy =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            + "frame-src \(linkOrigin); base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        response.headers.add("Content-Security-Policy", policy.utf8)
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("Referrer-Policy", "no-referrer")
        response.headers.add("Cross-Origin-Resource-Policy", "same-origin")
        return response
    }
}
