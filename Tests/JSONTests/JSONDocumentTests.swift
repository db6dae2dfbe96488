import JSON
import Testing

/// The verdict on every case of the two tables, with reason and place.
struct JSONDocumentTests {
    @Test(arguments: RefusedCase.all) func refusedTextIsRefusedForItsReasonAtItsPlace(_ refused: RefusedCase) {
        let error = #expect(throws: JSONError.self) { try JSONDocument.parse(refused.bytes) }
        #expect(error?.code == refused.code)
        #expect(error?.offset == refused.offset)
    }

    @Test(arguments: AcceptedCase.all) func acceptedTextIsAccepted(_ accepted: AcceptedCase) throws {
        let document = try JSONDocument.parse(accepted.bytes)
        #expect(document.bytes == accepted.bytes)
    }

    @Test(arguments: AcceptedCase.all) func referenceAcceptsWhatIsAccepted(_ accepted: AcceptedCase) throws {
        let tree = try #require(ReferenceJSON.parse(accepted.bytes))
        #expect(try Tree(JSONDocument.parse(accepted.bytes).root) == tree)
    }

    @Test(arguments: RefusedCase.all) func referenceRefusesWhatIsRefused(_ refused: RefusedCase) {
        #expect(ReferenceJSON.parse(refused.bytes) == nil)
    }

    @Test func tablesAreLargeAndWithoutRepetition() {
        #expect(RefusedCase.all.count >= 150)
        #expect(AcceptedCase.all.count >= 80)
        #expect(Set(RefusedCase.all.map(\.bytes)).count == RefusedCase.all.count)
        #expect(Set(AcceptedCase.all.map(\.bytes)).count == AcceptedCase.all.count)
    }

    @Test func everyReasonButSizeHasACase() {
        let seen = Set(RefusedCase.all.map(\.code))
        let limits: Set<JSONError.Code> = [.tooLarge, .numberTooLong, .tooDeep, .tooManyMembers]
        #expect(seen.union(limits) == Set(JSONError.Code.allCases))
    }

    /// Whatever the encoding: a byte is either part of valid UTF-8 inside a string or a reason to refuse.
    @Test func everyPairOfBytesInAStringIsJudgedAsByTheStandardLibrary() {
        var misjudged: [[UInt8]] = []
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let text = [UInt8(ascii: "\""), first, second, UInt8(ascii: "\"")]
                let isAccepted = (try? JSONDocument.parse(text)) != nil
                if isAccepted != (ReferenceJSON.parse(text) != nil) { misjudged.append(text) }
            }
        }
        #expect(misjudged == [])
    }

    /// Every beginning of a document that is an object or array is refused at its end, not before and not beyond.
    @Test func everyPrefixOfADocumentIsRefusedAtItsEnd() {
        let text = #" {"a":[1.5e-3,-0,"é\u00e9\ud83d\ude00\n",true],"b":{"c":null,"d":false}} "#
        let bytes = Array(text.utf8)
        for length in 0..<bytes.count - 1 {
            let error = #expect(throws: JSONError.self) { try JSONDocument.parse(Array(bytes[..<length])) }
            let isInsideCharacter = error?.code == .invalidUTF8
            #expect(isInsideCharacter || error == JSONError.end(at: length), "prefix of \(length)")
        }
    }
}

extension JSONError {
    /// What a text that ends too early is refused with.
    static func end(at offset: Int) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONDocument.parse([UInt8](repeating: UInt8(ascii: " "), count: offset))
            return nil
        } catch {
            return error
        }
    }
}
