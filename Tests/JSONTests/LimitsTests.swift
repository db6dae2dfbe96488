import JSON
import Testing

/// Each limit: what reaches it is accepted, what passes it refused, and refusing is cheap.
struct LimitsTests {
    private func error(_ bytes: [UInt8], _ limits: JSONLimits = .standard) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONDocument.parse(bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private func error(_ text: String, _ limits: JSONLimits = .standard) -> JSONError? {
        error(Array(text.utf8), limits)
    }

    private func expect(_ error: JSONError?, _ code: JSONError.Code, at offset: Int) {
        #expect(error?.code == code)
        #expect(error?.offset == offset)
    }

    @Test func documentOfTheLimitInBytesIsAcceptedAndOneByteMoreIsNot() {
        #expect(JSONLimits.standard.documentBytes == 64 << 20)
        #expect(error("[1,2,3]", JSONLimits(documentBytes: 7)) == nil)
        expect(error("[1,2,3] ", JSONLimits(documentBytes: 7)), .tooLarge, at: 7)
    }

    @Test func offsetsNeverLeaveTheirThirtyTwoBits() {
        #expect(JSONLimits(documentBytes: .max).documentBytes < UInt32.max)
    }

    @Test func depthOfSixtyFourIsAcceptedAndOneMoreIsNot() {
        func arrays(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func objects(_ depth: Int) -> String {
            String(repeating: "{\"a\":", count: depth) + "0" + String(repeating: "}", count: depth)
        }
        #expect(error(arrays(64)) == nil)
        expect(error(arrays(65)), .tooDeep, at: 64)
        #expect(error(objects(64)) == nil)
        expect(error(objects(65)), .tooDeep, at: 64 * 5)
        #expect(error("[" + arrays(63) + "," + objects(63) + "]") == nil)
        expect(error("[" + arrays(63) + "," + objects(64) + "]"), .tooDeep, at: 1 + 126 + 1 + 63 * 5)
    }

    @Test func millionOpenContainersAreRefusedAtTheSixtyFifth() {
        expect(error([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)), .tooDeep, at: 64)
    }

    @Test func membersAndElementsCountTogetherOverTheWholeDocument() {
        let limits = JSONLimits(members: 5)
        #expect(error("[1,{\"a\":[2],\"b\":0}]", limits) == nil)
        expect(error("[1,{\"a\":[2],\"b\":0},3]", limits), .tooManyMembers, at: 19)
        expect(error("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6}", limits), .tooManyMembers, at: 31)
        #expect(error("[[],[],[],[],{}]", limits) == nil)
    }

    @Test func standardNumberOfMembersIsAcceptedAndOneMoreIsNot() {
        let zeros = [[UInt8]](repeating: [UInt8(ascii: "0")], count: 65_536).joined(separator: [UInt8(ascii: ",")])
        #expect(error([UInt8(ascii: "[")] + zeros + [UInt8(ascii: "]")]) == nil)
        expect(error([UInt8(ascii: "[")] + zeros + Array(",0]".utf8)), .tooManyMembers, at: 2 * 65_536 + 1)
    }

    @Test func numberOfTheLimitInBytesIsAcceptedAndOneByteMoreIsNot() {
        let nines = String(repeating: "9", count: 120)
        #expect(error("[-\(nines).1e+12]") == nil)
        #expect(error("[-\(nines)99.1e+1]") == nil)
        expect(error("[-\(nines).1e+1234]"), .numberTooLong, at: 1)
        expect(error(String(repeating: "1", count: 129)), .numberTooLong, at: 0)
        #expect(error(String(repeating: "1", count: 128)) == nil)
    }

    @Test func numberTooLongIsRefusedWhereverTheLimitFalls() {
        for shape in ["1", "1.5", "1.55", "1e5", "1e+5", "-1.5e-5", "0.5", "0e1", "-0"] {
            for length in 1..<shape.utf8.count {
                let error = error(shape, JSONLimits(numberBytes: length))
                #expect(error?.code == .numberTooLong, "\(shape) cut at \(length)")
            }
            #expect(error(shape, JSONLimits(numberBytes: shape.utf8.count)) == nil)
        }
    }

    @Test func numberOfAMillionDigitsIsRefusedWithoutReadingIt() {
        let error = error([UInt8](repeating: UInt8(ascii: "7"), count: 1_000_000))
        #expect(error?.code == .numberTooLong)
        #expect((error?.offset ?? .max) <= 129)
    }

    /// Names of one length with one beginning and one end, so that only hashing can tell them apart quickly: by pairs
    /// these would be two thousand million comparisons.
    @Test(.timeLimit(.minutes(10))) func duplicateAmongSixtyThousandKeysIsFoundInLinearTime() {
        func text(_ count: Int, last: String) -> [UInt8] {
            let keys = (0..<count).map { "\"key\(1_000_000 + $0)end\":0" }
            return Array("{\(keys.joined(separator: ",")),\"\(last)\":0}".utf8)
        }
        #expect(error(text(60_000, last: "other")) == nil)
        let doubled = text(60_000, last: "key1000000end")
        expect(error(doubled), .duplicateKey, at: doubled.count - 18)
        let escaped = text(60_000, last: "\\u006bey1059999end")
        expect(error(escaped), .duplicateKey, at: escaped.count - 23)
    }

    /// On both sides of the size at which pairs give way to a table.
    @Test(arguments: [2, 3, 23, 24, 25, 26, 64, 100]) func duplicateIsFoundAtEveryPlaceOfObjectsOfEverySize(_ size: Int)
    {
        for place in 0..<size - 1 {
            var keys = (0..<size).map { "k\($0)" }
            keys[size - 1] = keys[place]
            let text = "{" + keys.map { "\"\($0)\":[{}]" }.joined(separator: ",") + "}"
            let start = text.utf8.count - keys[place].utf8.count - 8
            expect(error(text), .duplicateKey, at: start)
        }
    }

    /// Long names that look alike leave the pairs for the table in the middle of an object.
    @Test(arguments: [2, 3, 5, 9, 24]) func duplicateIsFoundAmongLongNamesThatLookAlike(_ size: Int) {
        let long = String(repeating: "x", count: 300)
        for place in 0..<size - 1 {
            for spelling in ["k", "\\u006b"] {
                let keys = (0..<size - 1).map { "k\(long)\($0 + 10)z" } + ["\(spelling)\(long)\(place + 10)z"]
                let text = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
                expect(error(text), .duplicateKey, at: text.utf8.count - keys[size - 1].utf8.count - 5)
                #expect(error(text.replacing("\(place + 10)z\":0}", with: "99z\":0}")) == nil)
            }
        }
    }

    @Test func keysThatDifferInCaseOnlyAreDuplicatesIfAskedFor() {
        let large = (0..<30).map { "\"k\($0)\":0," }.joined()
        for filler in ["", large] {
            #expect(error("{\(filler)\"userId\":1,\"UserID\":2}") == nil)
            let offset = filler.utf8.count + 12
            expect(error("{\(filler)\"userId\":1,\"UserID\":2}", .ignoringKeyCase), .duplicateKey, at: offset)
            expect(
                error("{\(filler)\"userId\":1,\"\\u0055ser\\u0049D\":2}", .ignoringKeyCase), .duplicateKey, at: offset)
            #expect(error("{\(filler)\"É\":1,\"é\":2,\"@\":3,\"`\":4,\"[\":5,\"{\":6}", .ignoringKeyCase) == nil)
            #expect(error("{\(filler)\"x\":1,\"\u{212A}\":2,\"y\":3}", .ignoringKeyCase) == nil)
        }
    }
}
