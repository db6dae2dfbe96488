import Crypto
import Domain
import HTTPClient
import HTTPServer
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct LogoRoutesTests {
    private struct Desk: Sendable {
        let fixture: APIFixture
        let merchant: Merchant
        var path: String { "/admin/v1/sub-clients/\(merchant.subClient)/branding/logo" }

        func put(_ bytes: [UInt8], _ type: String = "image/png") async throws -> APIFixture.Answer {
            try await fixture.send(
                .put, path, on: "admin", headers: [fixture.bearer(fixture.adminKey)], bytes: bytes, contentType: type)
        }

        func get(_ headers: [APIFixture.Header] = []) async throws -> APIFixture.Answer {
            try await fixture.call(.get, path, on: "admin", headers: headers + [fixture.bearer(fixture.adminKey)])
        }
    }

    private static func with(_ body: @escaping @Sendable (Desk) async throws -> Void) async throws {
        try await APIFixture.with { fixture in
            try await body(Desk(fixture: fixture, merchant: try await fixture.merchant()))
        }
    }

    /// The path of an address on the public listener.
    private static func publicPath(_ answer: APIFixture.Answer) throws -> String {
        let url = try #require(try answer.string("url"))
        #expect(url.hasPrefix("https://pay.example.com/logos/"))
        return String(url.dropFirst("https://pay.example.com".count))
    }

    @Test func aLogoIsPutServedToEveryoneAndDeleted() async throws {
        try await Self.with { desk in
            #expect(try await desk.get().status == 404)
            for (bytes, type) in [
                (PNGMaker().bytes(), "image/png"), (SampleJPEG.baseline.bytes, "image/jpeg"),
                (SampleJPEG.progressive.bytes, "IMAGE/JPG; q=1"),
            ] {
                let put = try await desk.put(bytes, type)
                #expect(put.status == 200)
                let kept = type == "image/png" ? "image/png" : "image/jpeg"
                #expect(try put.string("mediaType") == kept)
                #expect(try put.json["width"]?.integer == 32 && put.json["height"]?.integer == 24)
                #expect(try put.json["bytes"]?.integer == Int64(bytes.count))
                let digest = String(decoding: Hex.encode(Digest.sha256(bytes)), as: UTF8.self)
                #expect(try put.string("sha256") == digest && put.headers["etag"] == "\"\(digest)\"")

                let own = try await desk.get()
                #expect(own.body == bytes && own.headers["content-type"] == kept)
                #expect(own.headers["cache-control"] == "private, no-cache")
                let path = try Self.publicPath(put)
                // Twice: from the database, and from memory.
                for _ in 0..<2 {
                    let served = try await desk.fixture.call(.get, path, on: "public")
                    #expect(served.status == 200 && served.body == bytes && served.headers["content-type"] == kept)
                    #expect(served.headers["x-content-type-options"] == "nosniff")
                    #expect(served.headers["content-security-policy"] == "default-src 'none'; sandbox")
                    #expect(served.headers["cross-origin-resource-policy"] == "cross-origin")
                    #expect(served.headers["cache-control"] == "public, max-age=31536000, immutable")
                    #expect(served.headers["etag"] == "\"\(digest)\"")
                }
                let branding = try await desk.merchant.call(.get, "/v1/branding")
                #expect(try branding.json["logo"]?["url"]?.text == put.string("url"))
            }
            #expect(try await desk.fixture.admin(.delete, String(desk.path.dropFirst(9))).status == 204)
            #expect(try await desk.get().status == 404)
            #expect(try await desk.merchant.call(.get, "/v1/branding").json["logo"]?.isNull == true)
        }
    }

    @Test func whoHasItIsToldSo() async throws {
        try await Self.with { desk in
            let put = try await desk.put(PNGMaker().bytes())
            let (path, tag) = (try Self.publicPath(put), try #require(put.headers["etag"]))
            for value in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                let header: [APIFixture.Header] = [("If-None-Match", Array(value.utf8))]
                let known = try await desk.fixture.call(.get, path, on: "public", headers: header)
                #expect(known.status == 304 && known.body.isEmpty && known.headers["etag"] == tag, "\(value)")
                #expect(known.headers["cache-control"] == "public, max-age=31536000, immutable")
                #expect(try await desk.get(header).status == 304)
            }
            for value in ["\"x\"", String(tag.dropFirst()), "x"] {
                let header: [APIFixture.Header] = [("If-None-Match", Array(value.utf8))]
                #expect(try await desk.fixture.call(.get, path, on: "public", headers: header).status == 200)
            }
            let head = try await desk.fixture.call(.head, path, on: "public")
            #expect(head.status == 200 && head.body.isEmpty && head.headers["etag"] == tag)
            #expect(head.headers["content-length"] == "\(PNGMaker().bytes().count)")
        }
    }

    @Test func otherAddressesHoldNothing() async throws {
        try await Self.with { desk in
            let put = try await desk.put(PNGMaker().bytes())
            let path = try Self.publicPath(put)
            let other = try await desk.fixture.merchant()
            let digest = String(path.suffix(64))
            for wrong in [
                "/logos/\(other.subClient)/\(digest)", "/logos/x/\(digest)", path + "0", String(path.dropLast()),
                String(path.dropLast(64)) + String(repeating: "0", count: 64),
                String(path.dropLast(64)) + digest.uppercased() + "",
            ] where wrong != path {
                #expect(try await desk.fixture.call(.get, wrong, on: "public").status == 404, "\(wrong)")
            }
            #expect(try await desk.fixture.call(.post, path, on: "public").status == 405)
        }
    }

    @Test func whatIsNoLogoIsRefused() async throws {
        let svg = Array("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".utf8)
        var trailing = PNGMaker()
        trailing.after = Array("<html><script>alert(1)</script></html>".utf8)
        var hidden = PNGMaker()
        hidden.before = PNGMaker.chunk("tEXt", Array("a\0<script>".utf8))
        var lying = PNGMaker()
        lying.claimedWidth = 64
        let jpeg = SampleJPEG.baseline.bytes
        let cases: [([UInt8], String, Int)] = [
            (svg, "image/svg+xml", 415), (svg, "image/png", 415), (Array("GIF89a".utf8), "image/gif", 415),
            (jpeg, "image/png", 415), (PNGMaker().bytes(), "image/jpeg", 415), (jpeg, "application/json", 415),
            ([], "image/png", 415), (trailing.bytes(), "image/png", 400), (hidden.bytes(), "image/png", 400),
            (lying.bytes(), "image/png", 400), (jpeg + Array("PK\u{3}\u{4}".utf8), "image/jpeg", 400),
            (jpeg.dropLast(9), "image/jpeg", 400), (PNGMaker(width: 8, height: 8).bytes(), "image/png", 400),
            (PNGMaker(width: 5000, height: 16).blank(), "image/png", 400),
        ]
        try await Self.with { desk in
            for (bytes, type, status) in cases {
                let answer = try await desk.put(bytes, type)
                #expect(answer.status == status, "\(type), \(bytes.count) bytes")
                if status == 400 {
                    #expect(try answer.json["errors"]!.elements.map { $0["field"]!.text! } == ["body"])
                }
            }
            #expect(try await desk.get().status == 404)
            _ = try await desk.fixture.admin(.delete, "/sub-clients/\(desk.merchant.subClient)")
            #expect(try await desk.put(PNGMaker().bytes()).status == 409)
        }
    }

    @Test func aLogoOfFiveMegabytesFitsAndALargerOneDoesNot() async throws {
        try await Self.with { desk in
            let large = PNGMaker(width: 1320, height: 1320).bytes()
            #expect(large.count > 5_000_000)
            let put = try await desk.put(large)
            #expect(put.status == 200)
            let path = try Self.publicPath(put)
            #expect(try await desk.fixture.call(.get, path, on: "public").body == large)
            // A body that says it is too large is refused before it is read, so its sender may see only the end.
            let larger = PNGMaker(width: 1900, height: 1900).bytes()
            #expect(larger.count > 10_000_000)
            do {
                #expect(try await desk.put(larger).status == 413)
            } catch let error as ClientError {
                Issue.record("no answer: \(error)")
            }
            #expect(try await desk.get().body == large)
        }
    }
}

/// Numbers that tasks of one loop gather.
struct LoopList: Sendable {
    private let state: LoopState<[Int]>
    init(_ loop: EventLoop) { state = LoopState(loop, []) }
    func append(_ number: Int) { state.withValue { $0.append(number) } }
    var all: [Int] { state.withValue { $0 } }
}
