import JSON
import Testing

/// Replacing members while every other byte stays.
struct JSONReplacementTests {
    private func replaced(
        _ text: String, _ replacements: [(key: StaticString, value: [UInt8])], insertingAbsent: Bool = false
    ) throws -> String {
        let document = try JSONDocument.parse(Array(text.utf8))
        return String(
            decoding: document.replacingMembers(replacements, insertingAbsent: insertingAbsent), as: UTF8.self)
    }

    private let one = Array("\"one\"".utf8)
    private let two = Array("[2]".utf8)

    @Test func valuesChangeAndNothingElse() throws {
        let text = "\n{ \"Id\" : \"x\" , \"Amount\":1.10,\t\"UserId\":null, \"n\":{\"Id\":0} } \n"
        let expected = "\n{ \"Id\" : \"one\" , \"Amount\":1.10,\t\"UserId\":[2], \"n\":{\"Id\":0} } \n"
        #expect(try replaced(text, [("UserId", two), ("Id", one)]) == expected)
    }

    @Test func wholeContainersCanGiveWay() throws {
        #expect(try replaced(#"{"a":{"b":[1,2]},"c":[{}]}"#, [("a", one), ("c", two)]) == #"{"a":"one","c":[2]}"#)
    }

    @Test func nothingIsInsertedUnlessAskedFor() throws {
        #expect(try replaced(#"{"a":1}"#, [("b", one)]) == #"{"a":1}"#)
        #expect(try replaced(#"{"a":1}"#, []) == #"{"a":1}"#)
    }

    @Test func absentMembersComeLastWhenAskedFor() throws {
        #expect(
            try replaced(#"{ "a":1 }"#, [("b", one), ("c", two)], insertingAbsent: true)
                == #"{ "a":1,"b":"one","c":[2] }"#)
        #expect(try replaced("{}", [("b", one)], insertingAbsent: true) == #"{"b":"one"}"#)
        #expect(try replaced(" { } ", [("b", one), ("c", two)], insertingAbsent: true) == #" {"b":"one","c":[2] } "#)
        #expect(try replaced(#"{"a":1}"#, [("b", two), ("a", one)], insertingAbsent: true) == #"{"a":"one","b":[2]}"#)
        #expect(try replaced(#"{"a":1}"#, [("a", one)], insertingAbsent: true) == #"{"a":"one"}"#)
    }

    @Test func ofTwoReplacementsWithOneNameTheFirstCounts() throws {
        #expect(try replaced(#"{"a":1}"#, [("a", one), ("a", two)]) == #"{"a":"one"}"#)
        #expect(try replaced("{}", [("a", one), ("a", two)], insertingAbsent: true) == #"{"a":"one"}"#)
    }

    @Test func namesAreComparedAfterUnescapingAndKeepTheirSpelling() throws {
        #expect(try replaced(#"{"\u0049d":0,"id":1,"ID":2}"#, [("Id", one)]) == #"{"\u0049d":"one","id":1,"ID":2}"#)
    }

    @Test func onlyTheRootObjectIsTouched() throws {
        for text in ["[{\"Id\":1}]", "\"Id\"", "1", "null", "{\"x\":{\"Id\":1}}", "{\"x\":\"Id\"}"] {
            #expect(try replaced(text, [("Id", one)]) == text)
        }
        for text in ["[]", "\"Id\"", "1", " null "] {
            #expect(try replaced(text, [("Id", one)], insertingAbsent: true) == text)
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>) func randomDocumentsChangeInTheirReplacedValuesOnly(_ seed: UInt64) throws
    {
        var source = RandomDocument(seed: seed &+ 9_000)
        let names: [StaticString] = ["TransactionId", "UserId", "Id", "SentTimestamp"]
        for _ in 0..<150 {
            guard case .object(var members) = source.object(members: source.below(8), depth: 2) else { continue }
            for name in names where !source.chance(3) {
                let key = Array(name.description.utf8)
                guard !members.contains(where: { $0.key == key }) else { continue }
                members.insert(.init(key: key, value: source.tree(depth: 3)), at: source.below(members.count + 1))
            }
            let text = source.spelling(of: .object(members))
            let document = try JSONDocument.parse(text)
            var replacements: [(key: StaticString, value: [UInt8])] = []
            var expectedTree = members
            // Built by cutting the text at the values' places, not by walking a tape.
            var expected = text
            for name in names.shuffled(using: &source.random) where !source.chance(4) {
                let tree = source.tree(depth: 3)
                var writer = JSONWriter()
                tree.write(to: &writer)
                replacements.append((name, writer.bytes))
                if let index = members.firstIndex(where: { $0.key == Array(name.description.utf8) }) {
                    expectedTree[index].value = tree
                }
            }
            for member in Array(document.root.members).reversed() {
                guard let match = replacements.first(where: { member.key == $0.key }) else { continue }
                let range = member.value.offset..<member.value.offset + member.value.raw.count
                expected.replaceSubrange(range, with: match.value)
            }
            let result = document.replacingMembers(replacements)
            #expect(result == expected)
            #expect(try Tree(JSONDocument.parse(result).root) == .object(expectedTree))
            for replacement in replacements
            where !members.contains(where: { $0.key == Array(replacement.key.description.utf8) }) {
                guard let tree = ReferenceJSON.parse(replacement.value) else { continue }
                expectedTree.append(.init(key: Array(replacement.key.description.utf8), value: tree))
            }
            let inserted = document.replacingMembers(replacements, insertingAbsent: true)
            #expect(ReferenceJSON.parse(inserted) == .object(expectedTree))
        }
    }
}
