import Crypto
import Domain
import HTTPServer
import JSON
import Store

/// `GET /logos/{subClientId}/{digest}`: logos for whoever shows them. What is behind an address never changes.
enum HostedLogoRoutes {
    static let all: [Route] = [Route(.get, "/logos/{subClientId}/{digest}", bodyLimit: 0, .open(get))]

    @Sendable private static func get(_ call: Call) async throws(Problem) -> Response {
        let subClient: SubClientID = try call.identifier(0)
        let text = Array(call.parameters[1])
        // One spelling for each digest: the lower-case one.
        guard let digest = Hex.decode(text), digest.count == 32, Hex.encode(digest) == text else { throw .notFound }
        let logo = try await call.store { _ throws(StoreError) in
            try await call.context.logos.logo(subClient, digest)
        }
        return .logo(logo, for: call, cacheControl: "public, max-age=31536000, immutable")
    }
}

/// Where a logo is served, and what is told of it.
enum LogoAddress {
    static func url(_ call: Call, _ subClient: SubClientID, _ digest: [UInt8]) -> [UInt8] {
        Array(call.context.configuration.publicURL.utf8) + Array("/logos/".utf8) + subClient.text
            + [UInt8(ascii: "/")] + Hex.encode(digest)
    }

    static func write(_ logo: LogoFacts, _ call: Call, _ subClient: SubClientID, _ json: inout JSONWriter) {
        json.beginObject()
        json.member("url", url(call, subClient, logo.digest))
        json.member("mediaType", word: logo.mediaType)
        json.member("width", Int64(logo.width))
        json.member("height", Int64(logo.height))
        json.member("bytes", Int64(logo.byteCount))
        json.member("sha256", Hex.encode(logo.digest))
        json.member("updatedAt", logo.updatedAt)
        json.endObject()
    }
}

extension Response {
    /// The bytes of a logo, or 304 if the caller has them. Somebody else made them: nothing but an image may be seen in
    /// them, and no page that shows them can be reached by them.
    static func logo(_ logo: Logo, for call: Call, cacheControl: StaticString) -> Response {
        let isKnown = call.hasCopy(tagged: Hex.encode(logo.digest))
        var response: Response
        switch logo.mediaType {
        case _ where isKnown: response = Response(status: 304)
        case .png: response = Response(status: 200, contentType: "image/png", body: logo.bytes)
        case .jpeg: response = Response(status: 200, contentType: "image/jpeg", body: logo.bytes)
        }
        response.headers.add("Cache-Control", cacheControl)
        response.headers.add("X-Content-Type-Options", "nosniff")
        response.headers.add("Content-Security-Policy", "default-src 'none'; sandbox")
        response.headers.add("Cross-Origin-Resource-Policy", "cross-origin")
        return response.tagged(digest: logo.digest)
    }

    /// With the digest as a strong `ETag`.
    func tagged(digest: [UInt8]) -> Response {
        var response = self
        let quote = [UInt8(ascii: "\"")]
        response.headers.add("ETag", quote + Hex.encode(digest) + quote)
        return response
    }
}

extension Call {
    /// Whether `If-None-Match` names the tag, weakly or strongly, or any (RFC 9110 section 13.1.2).
    func hasCopy(tagged tag: [UInt8]) -> Bool {
        let quote = [UInt8(ascii: "\"")]
        let strong = quote + tag + quote
        return head.headers.all("if-none-match").contains { value in
            value.split(separator: UInt8(ascii: ",")).contains { item in
                let text = item.filter { $0 != 0x20 && $0 != 0x09 }
                return text == strong || text == Array("W/".utf8) + strong || text == Array("*".utf8)
            }
        }
    }
}
