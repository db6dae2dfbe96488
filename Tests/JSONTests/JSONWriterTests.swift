import JSON
import Testing

/// Writing: commas, escapes, valid UTF-8 whatever comes in.
struct JSONWriterTests {
    private func written(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(reservingCapacity: 16)
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func commasStandBetweenAndNowhereElse() {
        let text = written { writer in
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.integer(1)
            writer.bool(true)
            writer.null()
            writer.string("x")
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.raw("1.50")
            writer.endArray()
            writer.key("b" as StaticString)
            writer.beginObject()
            writer.key(Array("c".utf8))
            writer.bool(false)
            writer.endObject()
            writer.key("d")
            writer.raw(Array("{ }".utf8))
            writer.endObject()
        }
        #expect(text == #"{"a":[1,true,null,"x",{},[],1.50],"b":{"c":false},"d":{ }}"#)
    }

    /// The state is not read off the last byte: strings may end in anything.
    @Test func stringsThatLookLikeStructureChangeNothing() {
        let text = written { writer in
            writer.beginArray()
            for each in ["[", "{", ":", ",", ""] { writer.string(each) }
            writer.endArray()
        }
        #expect(text == #"["[","{",":",",",""]"#)
    }

    @Test(arguments: [
        (0, "0"), (7, "7"), (-7, "-7"), (10, "10"), (1_234_567_890, "1234567890"),
        (Int64.max, "9223372036854775807"), (Int64.min, "-9223372036854775808"),
    ])
    func integersAreExact(_ value: Int64, _ text: String) {
        #expect(written { $0.integer(value) } == text)
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("\"\\/", #""\"\\/""#), ("\u{8}\u{C}\n\r\t", #""\b\f\n\r\t""#),
        ("\u{0}\u{1}\u{B}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u000b\\u001f\u{7F}\""), ("é€𝄞\u{2028}", "\"é€𝄞\u{2028}\""),
        ("a\"é\n", "\"a\\\"é\\n\""), ("\r\n", #""\r\n""#),
    ])
    func stringsAreEscapedAsFewAsMustBe(_ value: String, _ text: String) {
        #expect(written { $0.string(value) } == text)
        #expect(written { $0.string(Array(value.utf8)) } == text)
        #expect(written { $0.string(Array("<\(value)>".utf8).dropFirst().dropLast()) } == text)
    }

    @Test func namesAreEscapedToo() {
        let text = written { writer in
            writer.beginObject()
            writer.key("a\"b")
            writer.null()
            writer.key([0x63, 0xFF])
            writer.null()
            writer.endObject()
        }
        #expect(text == "{\"a\\\"b\":null,\"c\u{FFFD}\":null}")
    }

    @Test func namesOfADocumentKeepTheirSpelling() throws {
        let document = try JSONDocument.parse(Array(#"{ "\u0061" : 1 , "b":[ 2 ] }"#.utf8))
        let text = written { writer in
            writer.beginObject()
            for member in document.root.members {
                writer.key(member.key)
                writer.raw(member.value.raw)
            }
            writer.endObject()
        }
        #expect(text == #"{"\u0061":1,"b":[ 2 ]}"#)
    }

    /// The same replacement as `String(decoding:as:)` makes, for every sequence of two bytes and many longer ones.
    @Test func invalidBytesBecomeReplacementCharacters() {
        var samples: [[UInt8]] = []
        for first in UInt8.min...UInt8.max { for second in UInt8.min...UInt8.max { samples.append([first, second]) } }
        var source = SeededGenerator(seed: 3)
        let telling: [UInt8] = [
            0x22, 0x5C, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF,
            0xF0, 0xF3,
            0xF4, 0xF5, 0xFF,
        ]
        for _ in 0..<5_000 {
            samples.append(
                (0..<Int.random(in: 1...8, using: &source)).map { _ in telling.randomElement(using: &source) ?? 0 })
        }
        var wrong: [[UInt8]] = []
        for sample in samples {
            var (writer, expected) = (JSONWriter(), JSONWriter())
            writer.string(sample)
            expected.string(String(decoding: sample, as: UTF8.self))
            let isReadable = sample.contains(0) || (try? JSONDocument.parse(writer.bytes)) != nil
            if writer.bytes != expected.bytes || !isReadable { wrong.append(sample) }
        }
        #expect(wrong == [])
    }
}
