import Domain
import Testing

@testable import API

@Suite struct QueryParametersTests {
    private func blamed(_ query: String) -> [String] {
        var parameters = QueryParameters(Array(query.utf8)[...])
        _ = parameters.page()
        _ = parameters.word("status", as: SubClientStatus.self)
        _ = parameters.text("text", 1...5)
        do {
            try parameters.finish()
            return []
        } catch {
            return error.errors.map(\.field)
        }
    }

    @Test func aPageIsAskedForStrictly() {
        #expect(blamed("") == [])
        #expect(blamed("limit=100&cursor=AAAAAAAAAAAAAAAAAAAAAA") == [])
        for limit in ["0", "101", "1000", "-1", "+5", "05", "5.0", "", "%31%30%30%30", "٣"] {
            #expect(blamed("limit=\(limit)") == ["limit"], "\(limit)")
        }
        for cursor in ["", "x", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAA"] {
            #expect(blamed("cursor=\(cursor)") == ["cursor"], "\(cursor)")
        }
    }

    @Test func eachParameterIsKnownAndGivenOnce() {
        #expect(blamed("limit=5&limit=5") == ["limit"])
        #expect(blamed("Limit=5") == ["Limit"])
        #expect(blamed("status=active&text=a+b") == [])
        #expect(blamed("status=Active") == ["status"])
        #expect(blamed("text=") == ["text"])
        #expect(blamed("text=%00") == ["text"])
        #expect(blamed("text=%FF") == ["text"])
        #expect(blamed("a%20b=1") == ["(a name)"])
    }
}
