import Testing

@testable import HTTPServer

@Suite struct RequestTargetTests {
    private func head(_ target: String, _ method: String = "GET") -> Transcript.Head? {
        parse(withLine("\(method) \(target) HTTP/1.1")).heads.first
    }

    @Test(arguments: [
        "/", "/a", "/a/", "/a/b", "/a;b=c", "/%41", "/%7Ea", "/a.b", "/...", "/.a", "/a.", "/..a", "/!$&'()*+,;=:@-._~",
        "/%C3%A9", "/%F0%9F%98%80", "/%25", "/a%20b",
    ])
    func aPathWithOneMeaningIsKeptAsSent(_ path: String) {
        #expect(head(path)?.path == path)
    }

    @Test(arguments: [
        "//", "//a", "/a//b", "/a//", "/.", "/..", "/./", "/../", "/a/.", "/a/..", "/a/./b", "/a/../b", "/%2e",
        "/%2E%2e",
        "/.%2e/", "/a/%2e%2e/b",
    ])
    func emptyAndDotSegmentsAre400(_ path: String) {
        #expect(verdict(withLine("GET \(path) HTTP/1.1")) == .badRequest)
    }

    @Test(arguments: [
        "/%2f", "/a%2Fb", "/%5c", "/%5C..", "/%00", "/a%00b", "/%0d%0a", "/%7f", "/%1f", "/%", "/%4", "/%g1", "/%1g",
        "/%u0041", "/%%41", "/a%", "/%+1", "/% 1",
    ])
    func encodedSlashesControlsAndBrokenEncodingsAre400(_ path: String) {
        #expect(verdict(withLine("GET \(path) HTTP/1.1")) == .badRequest)
    }

    @Test(arguments: [
        "/%c0%af", "/%c0%ae", "/%e0%80%af", "/%ed%a0%80", "/%ff", "/%80", "/%C3", "/%C3/%A9", "/%C3a", "/%f4%90%80%80",
        "/%f8%88%80%80%80", "/%f0%80%80%af",
    ])
    func encodedBytesThatAreNotUTF8Are400(_ path: String) {
        #expect(verdict(withLine("GET \(path) HTTP/1.1")) == .badRequest)
    }

    @Test(arguments: [
        "/a#b", "#", "/?a#b", "/\u{e9}", "/a\u{7f}", "/\"", "/<a>", "/a\\b", "\\", "/^", "/`", "/{a}", "/a|b", "/[a]",
        "/?\"", "/?<", "/?\\", "/?\u{212A}", "/?%", "/?%0", "/?%zz", "/?a=%00", "a", "a/b", "?a", "host:80", "a:80/b",
        "ftp://a/", "http:/a", "http:a", "file:///etc", "javascript:1", "*", "*a", "/a\0",
    ])
    func everythingElseIs400(_ target: String) {
        #expect(verdict(withLine("GET \(target) HTTP/1.1")) == .badRequest)
    }

    @Test func theQueryIsWhatFollowsTheFirstQuestionMark() {
        #expect(head("/a?b=c")?.query == "b=c")
        #expect(head("/a?")?.query == "")
        #expect(head("/a")?.query == nil)
        #expect(head("/a?b?c=/../%2F&d[]=e")?.query == "b?c=/../%2F&d[]=e")
        #expect(head("/a?b")?.path == "/a")
    }

    @Test func theAuthorityOfAnAbsoluteFormBeatsHost() {
        let seen = head("http://b.example:81/c?d")
        #expect(seen?.host == "b.example:81")
        #expect(seen?.path == "/c")
        #expect(seen?.query == "d")
        #expect(head("HTTPS://b/c")?.host == "b")
        #expect(head("http://[::1]:80/c")?.host == "[::1]:80")
        #expect(head("http://b?c")?.query == "c")
    }

    @Test(arguments: [
        "http://", "http:///a", "http://u@b/", "http://b:x/", "http://b:65536/", "http://b c/", "http://[a/",
    ])
    func anAbsoluteFormWithoutASoundAuthorityIs400(_ target: String) {
        #expect(verdict(withLine("GET \(target) HTTP/1.1")) == .badRequest)
    }

    @Test func anAbsoluteFormStillNeedsHost() {
        #expect(verdict("GET http://a/ HTTP/1.1\r\n\r\n") == .badRequest)
    }

    @Test func theAsteriskIsForOptionsOnly() {
        #expect(head("*", "OPTIONS")?.isAsterisk == true)
        #expect(head("http://b", "OPTIONS")?.isAsterisk == true)
        #expect(head("http://b/", "OPTIONS")?.isAsterisk == false)
        #expect(verdict(withLine("POST * HTTP/1.1")) == .badRequest)
    }

    @Test func queryItemsAreDecodedAndRepetitionIsSeen() {
        let items = QueryItems(Array("a=1&b=x%20y+z&c&=d&&a=2&e%3D=%26=%25".utf8)[...])
        #expect(items.all.count == 6)
        guard case .repeated = items.lookup("a") else { Issue.record("a is there twice"); return }
        guard case .once(let b) = items.lookup("b") else { Issue.record("b is there once"); return }
        #expect(b == Array("x y z".utf8))
        guard case .once(let c) = items.lookup("c") else { Issue.record("c is there once"); return }
        #expect(c.isEmpty)
        guard case .absent = items.lookup("d") else { Issue.record("d is a value"); return }
        guard case .once(let e) = items.lookup("e=") else { Issue.record("e= is there once"); return }
        #expect(e == Array("&=%".utf8))
    }
}
