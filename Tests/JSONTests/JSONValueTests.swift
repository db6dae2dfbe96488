import JSON
import Testing

/// Reading values out of a document.
struct JSONValueTests {
    private func root(_ text: String, limits: JSONLimits = .standard) throws -> JSONValue {
        try JSONDocument.parse(Array(text.utf8), limits: limits).root
    }

    private func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func everyKindIsToldApart() throws {
        let value = try root(#" {"o":{},"a":[],"s":"","n":0,"t":true,"f":false,"z":null} "#)
        #expect(value.members.map(\.value.kind) == [.object, .array, .string, .number, .bool, .bool, .null])
        #expect(value["t"]?.bool == true && value["f"]?.bool == false && value["z"]?.isNull == true)
        #expect(value["z"]?.bool == nil && value["s"]?.number == nil && value["n"]?.string == nil)
        #expect(value["o"]?.text == nil && value["a"]?.integer == nil && value["t"]?.isNull == false)
    }

    @Test func rawIsTheExactBytesWithoutWhiteSpaceAround() throws {
        let value = try root("\n{ \"a\" : [ 1.50 , \"\\u0041\" ] , \"b\":{ \"c\" :null } }\t")
        #expect(Array(value["a"]?.raw ?? []) == utf8("[ 1.50 , \"\\u0041\" ]"))
        #expect(Array(value["b"]?.raw ?? []) == utf8("{ \"c\" :null }"))
        #expect(value.raw.first == UInt8(ascii: "{") && value.raw.last == UInt8(ascii: "}"))
        #expect(value.offset == 1 && value["a"]?.offset == 9)
    }

    @Test func membersAreFoundByTheirExactBytes() throws {
        let value = try root(#"{"a":1,"\u0062":2,"A":3,"":4,"ab":5,"é":6,"\ud83d\ude00":7,"c\n":8}"#)
        #expect(value["a"]?.integer == 1 && value["b"]?.integer == 2 && value["A"]?.integer == 3)
        #expect(value[""]?.integer == 4 && value["ab"]?.integer == 5 && value["é"]?.integer == 6)
        #expect(value["😀"]?.integer == 7 && value["c\n"]?.integer == 8)
        #expect(value["B"] == nil && value["abc"] == nil && value["c"] == nil && value["e\u{301}"] == nil)
    }

    @Test func constantNamesOfTheOtherTypeWorkToo() throws {
        let name: StaticString = "SourceAccountProvider"
        let value = try root(#"{"sourceAccountProvider":1,"SourceAccountProvider":2}"#)
        #expect(value[name]?.integer == 2)
        #expect(value.member(ignoringASCIICase: name)?.integer == 1)
        #expect(value.members.filter { $0.key == name }.count == 1)
    }

    /// To `String` these pairs are equal.
    @Test func canonicallyEquivalentNamesAreDifferentNames() throws {
        let value = try root("{\"\u{212A}\":1,\"e\u{301}\":2,\"\u{37E}\":3}")
        #expect("\u{212A}" == "K" && "e\u{301}" == "é" && "\u{37E}" == ";")
        #expect(value["K"] == nil && value["é"] == nil && value[";"] == nil)
        #expect(value.member(ignoringASCIICase: "k") == nil)
        #expect(value["\u{212A}"]?.integer == 1)
    }

    @Test func namesAreFoundWithoutCaseWhenAsked() throws {
        let value = try root(#"{"UserID":1,"TO\u0041DDRESSES":2,"É":3,"a@":4}"#, limits: .ignoringKeyCase)
        #expect(value.member(ignoringASCIICase: "userId")?.integer == 1)
        #expect(value.member(ignoringASCIICase: "toAddresses")?.integer == 2)
        #expect(value.member(ignoringASCIICase: "é") == nil && value.member(ignoringASCIICase: "É")?.integer == 3)
        #expect(value.member(ignoringASCIICase: "a`") == nil && value.member(ignoringASCIICase: "A@")?.integer == 4)
    }

    @Test func nothingIsFoundInWhatIsNoObject() throws {
        for text in ["[\"a\",1]", "\"a\"", "1", "null", "{}"] {
            let value = try root(text)
            #expect(value["a"] == nil && value.member(ignoringASCIICase: "a") == nil)
            #expect(Array(value.members).isEmpty)
        }
        #expect(try Array(root("{\"a\":1}").elements).isEmpty)
    }

    @Test func membersInsideOthersAreNotTheObjectsOwn() throws {
        let value = try root(#"{"x":{"a":1,"y":{"a":2}},"z":[{"a":3}]}"#)
        #expect(value["a"] == nil && value["y"] == nil)
        #expect(value["x"]?["a"]?.integer == 1 && value["x"]?["y"]?["a"]?.integer == 2)
        #expect(value["z"]?.elements.map { $0["a"]?.integer } == [3])
    }

    @Test func membersAndElementsComeInOrder() throws {
        let value = try root(#"{"z":[3,[1,2],{"q":0},1],"a":{},"m":[]}"#)
        #expect(value.members.map(\.key.text) == ["z", "a", "m"])
        #expect(
            value["z"]?.elements.map { String(decoding: $0.raw, as: UTF8.self) } == ["3", "[1,2]", "{\"q\":0}", "1"])
        #expect(value["m"]?.elements.map(\.kind) == [])
    }

    @Test func escapesAreResolved() throws {
        let value = try root(#"["\"\\\/\b\f\n\r\t","\u0041\u00e9\u20AC\ud834\uDD1E\uffff","a\u0001b","plain é€𝄞"]"#)
        let strings = value.elements.map(\.string)
        #expect(strings[0] == [0x22, 0x5C, 0x2F, 0x08, 0x0C, 0x0A, 0x0D, 0x09])
        #expect(strings[1] == utf8("Aé€𝄞\u{FFFF}"))
        #expect(strings[2] == [0x61, 0x01, 0x62])
        #expect(strings[3] == utf8("plain é€𝄞"))
        #expect(value.elements.map(\.text)[1] == "Aé€𝄞\u{FFFF}")
    }

    @Test func everyScalarComesBackFromItsEscapeAndFromItself() throws {
        var source = SeededGenerator(seed: 7)
        var values: [UInt32] = [1, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF]
        values += (0..<500).map { _ in UInt32.random(in: 1...0x10FFFF, using: &source) }
        for scalar in values.compactMap(Unicode.Scalar.init) {
            let character = String(Character(scalar))
            let escapes = character.utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            #expect(try root("\"\(escapes.joined())\"").string == utf8(character))
            if scalar.value >= 0x20, scalar != "\"", scalar != "\\" {
                #expect(try root("\"\(character)\"").string == utf8(character))
            }
        }
    }

    @Test func namesCanBeSwitchedOver() throws {
        var seen: [Int] = []
        for member in try root(#"{"url":1,"\u0075rl2":2,"other":3}"#).members {
            switch member.key {
            case "url": seen.append(1)
            case "url2": seen.append(2)
            default: seen.append(0)
            }
        }
        #expect(seen == [1, 2, 0])
        #expect(try root(#"{"x":1}"#).members.map { $0.key != "y" } == [true])
    }

    @Test func valuesOutliveTheirDocument() throws {
        func inner() throws -> JSONValue? { try root(#"{"a":["kept"]}"#)["a"]?.elements.first { _ in true } }
        #expect(try inner()?.text == "kept")
    }
}
