import Crypto
import HTTPServer

/// One file of the pages in `page/`. The list of all is written at build time (Sources/Tooling).
struct PageFile: Sendable {
    let name: String
    let text: String

    static func named(_ name: String) -> PageFile {
        guard let file = all.first(where: { $0.name == name }) else { preconditionFailure("no page file \(name)") }
        return file
    }
}

/// `GET /link/assets/{name}`: the scripts and styles of the pages, as they are in the binary.
struct LinkAssets: Sendable {
    private struct Asset: Sendable {
        let contentType: StaticString
        let body: [UInt8]
        /// Strong: the digest of the body, in quotes.
        let tag: [UInt8]
    }

    private let assets: [[UInt8]: Asset]

    init(_ files: [PageFile] = PageFile.all) {
        var assets: [[UInt8]: Asset] = [:]
        for file in files {
            guard let type = LinkAssets.contentType(of: file.name) else { continue }
            let body = Array(file.text.utf8)
            let quote = [UInt8(ascii: "\"")]
            let tag = quote + Base64.encodeURLSafe(Array(Digest.sha256(body).prefix(18))) + quote
            assets[Array(file.name.utf8)] = Asset(contentType: type, body: body, tag: tag)
        }
        self.assets = assets
    }

    /// The shells are not among them: they have addresses and headers of their own.
    private static func contentType(of name: String) -> StaticString? {
        if name.hasSuffix(".js") { return "text/javascript; charset=utf-8" }
        if name.hasSuffix(".css") { return "text/css; charset=utf-8" }
        return nil
    }

    func answer(_ head: RequestHead) -> Response {
        let name = Array(head.path.split(separator: UInt8(ascii: "/")).last ?? [])
        guard let asset = assets[name] else { return Problem.notFound.response(requestId: head.requestId) }
        let isKnown = head.headers.all("if-none-match").contains { LinkAssets.matches($0, asset.tag) }
        var response =
            isKnown
            ? Response(status: 304) : Response(status: 200, contentType: asset.contentType, body: asset.body)
        response.headers.add("ETag", asset.tag)
        // Kept by the browser, and asked for each time: a new build shows at once.
        response.headers.add("Cache-Control", "no-cache")
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        response.headers.add("Cross-Origin-Resource-Policy", "same-origin")
        return response
    }

    /// Whether an `If-None-Match` (RFC 9110 section 13.1.2) names the tag; compared weakly, as that section says.
    private static func matches(_ field: ArraySlice<UInt8>, _ tag: [UInt8]) -> Bool {
        let blank = UInt8(ascii: " ")
        return field.split(separator: UInt8(ascii: ",")).contains { part in
            var part = part.drop { $0 == blank }
            while part.last == blank { part.removeLast() }
            if part.starts(with: "W/".utf8) { part = part.dropFirst(2) }
            return part.elementsEqual(tag) || part.elementsEqual("*".utf8)
        }
    }
}
