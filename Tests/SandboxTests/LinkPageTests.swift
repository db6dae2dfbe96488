import Domain
import HTTPClient
import JSON
import Testing

@testable import Sandbox

/// The pages' files and shells over HTTP, and who may frame them.
@Suite struct LinkPageTests {
    @Test func servesTheFilesOfThePageWithATagEach() async throws {
        try await Harness.run { harness in
            for file in PageFile.all where !file.name.hasSuffix(".html") {
                let path = "/link/assets/\(file.name)"
                let answer = try await harness.call(.get, path, headers: [:])
                #expect(answer.status == 200 && answer.text == file.text)
                let type = file.name.hasSuffix(".js") ? "text/javascript" : "text/css"
                #expect(answer.headers["content-type"] == "\(type); charset=utf-8")
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                let tag = try #require(answer.headers["etag"])
                #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.utf8.count > 20)
                for match in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
                    let again = try await harness.call(.get, path, headers: ["If-None-Match": match])
                    #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == tag)
                }
                let other = try await harness.call(.get, path, headers: ["If-None-Match": "\"x\""])
                #expect(other.status == 200)
                #expect(try await harness.call(.head, path, headers: [:]).body.isEmpty)
            }
            #expect(PageFile.all.map(\.name).contains("link.js"))
            for name in ["link.html", "none.js", "link.js%3Cscript%3E"] {
                let answer = try await harness.call(.get, "/link/assets/\(name)", headers: [:])
                #expect(answer.status == 404)
                #expect(!answer.text.contains("script"))
            }
            #expect(try await harness.call(.post, "/link/assets/link.js").status == 405)
        }
    }

    /// What a page loads is there, and is ours: a shell names its files, and a module or a style sheet others.
    @Test func pagesLoadOnlyFilesThatAreServed() throws {
        let names = Set(PageFile.all.map(\.name))
        for file in PageFile.all {
            let isShell = file.name.hasSuffix(".html")
            let starts = isShell ? ["=\"/link/assets/"] : ["from \"./", "import \"./", "import(\"./", "@import \"./"]
            var loaded: [String] = []
            for start in starts {
                for part in file.text.split(separator: start).dropFirst() {
                    loaded.append(String(part.prefix { $0 != "\"" }))
                }
            }
            #expect(Set(loaded).subtracting(names) == [], "\(file.name)")
            if isShell { #expect(!loaded.isEmpty) }
            for outside in ["src=\"http", "href=\"http", "url(http", "from \"http", "fetch(\"http"] {
                #expect(!file.text.contains(outside), "\(file.name)")
            }
        }
    }

    @Test func servesShellsThatSayNothingOfTheirAddress() async throws {
        try await Harness.run { harness in
            for path in [
                "/paylink?linkToken=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
                "/b2b-iframe/\(Harness.clientId)/broker-connect?auth_code=x&th=%3Cscript%3Ealert(1)",
                "/b2b-iframe/alert(1)/broker-connect",
            ] {
                let answer = try await harness.call(.get, path, headers: [:])
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["referrer-policy"] == "no-referrer")
                #expect(answer.headers["cache-control"] == "no-store")
                let policy = try #require(answer.headers["content-security-policy"])
                #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
                #expect(!policy.contains("unsafe"))
                #expect(!answer.text.contains("alert"))
                #expect(try await harness.call(.head, path, headers: [:]).body.isEmpty)
            }
            let page = PageFile.named("link.html").text
            #expect(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="))
        }
    }

    @Test func onlyAllowedPagesMayFrameATokensPage() async throws {
        try await Harness.run { harness in
            let client = Harness.clientId
            let accounts = AccountStore(database: harness.database)
            let any = try await frameAncestors(harness, try await harness.linkURL())
            #expect(any == "*")
            try await accounts.setCallbackUrls([Array("https://psp.example:8443/x".utf8)], of: client)
            let account = try await frameAncestors(harness, try await harness.linkURL())
            #expect(account == "'self' https://psp.example:8443")
            // Also where the address has no token that is known.
            let unknown = try await frameAncestors(harness, "/b2b-iframe/\(client)/broker-connect?auth_code=x")
            #expect(unknown == account)
            let id = UUIDValue(high: 5, low: 5)
            let info = RegisteredClientInfo(
                businessLegalName: Array("Shop".utf8), displayName: Array("Shop".utf8),
                callbackUrls: ["https://*.Example.net/", "http://localhost:3000", "https://a.b; script-src *"].map {
                    Array($0.utf8)
                }, catalog: nil)
            _ = try await accounts.insert(info, id: id, of: client)
            let url = try await harness.linkURL(#"{"userId":"u","subClientId":"\#(id)"}"#)
            #expect(try await frameAncestors(harness, url) == "'self' https://*.example.net http://localhost:3000")
            let pay = try await frameAncestors(harness, "/paylink")
            #expect(pay == "'none'")
        }
    }

    private func frameAncestors(_ harness: Harness, _ path: String) async throws -> String? {
        let answer = try await harness.call(.get, path, headers: [:])
        let policy = answer.headers["content-security-policy"] ?? ""
        return policy.components(after: "frame-ancestors ")
    }

    @Test(arguments: [
        ("https://shop.example", "https://shop.example", true),
        ("https://shop.example/a?b", "https://SHOP.example", true),
        ("https://shop.example:443", "https://shop.example", true),
        ("https://shop.example", "http://shop.example", false),
        ("https://shop.example", "https://shop.example:444", false),
        ("http://localhost:*", "http://localhost:99", true),
        ("https://*.example.net/", "https://a.example.net", true),
        ("https://*.example.net", "https://example.net", false),
        ("https://*.example.net", "https://a.b.example.net", true),
        ("https://*.example.net", "https://xexample.net", false),
        ("https://*", "https://anything.example", true), ("https://shop.example", "null", false),
        ("https://shop.example@evil.example", "https://evil.example", false),
        ("ftp://a.example", "ftp://a.example", false),
        ("https://a.example:99999", "https://a.example:99999", false), ("https://[::1]", "https://[::1]", false),
    ])
    func comparesOrigins(listed: String, origin: String, isAllowed: Bool) {
        let origins = AllowedOrigins(callbackUrls: [Array(listed.utf8)])
        #expect(origins.allows(Array(origin.utf8), own: nil) == isAllowed)
    }

    @Test func anEmptyListAllowsAllAndTheOwnOriginIsAlwaysAllowed() {
        #expect(AllowedOrigins(callbackUrls: []).allows(Array("null".utf8), own: nil))
        let origins = AllowedOrigins(callbackUrls: [Array("https://shop.example".utf8)])
        let own = WebOrigin(url: "http://127.0.0.1:8083".utf8)
        #expect(origins.allows(Array("http://127.0.0.1:8083".utf8), own: own))
        #expect(!origins.allows(Array("http://127.0.0.1:8084".utf8), own: own))
    }
}

extension String {
    /// What follows the first `start`.
    fileprivate func components(after start: String) -> String? {
        guard let range = firstRange(of: start) else { return nil }
        return String(self[range.upperBound...])
    }
}

extension Harness {
    /// The path and query of a new token's page.
    func linkURL(_ body: String = #"{"userId":"u"}"#) async throws -> String {
        let text = try await mint(body).json?["content"]?["linkToken"]?.string ?? []
        let code = LinkToken(text: text)?.authCode ?? []
        return "/b2b-iframe/\(Harness.clientId)/broker-connect?auth_code=\(String(decoding: code, as: UTF8.self))"
    }
}
