import JSON
import Testing

/// A text that is not acceptable, why, and where. Modelled on the categories of JSONTestSuite (`n_…`), and on those of
/// its `i_…` that this parser decides to refuse.
struct RefusedCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let code: JSONError.Code
    let offset: Int

    init(_ name: String, _ text: String, _ code: JSONError.Code, at offset: Int) {
        self.init(name, Array(text.utf8), code, at: offset)
    }

    init(_ name: String, _ bytes: [UInt8], _ code: JSONError.Code, at offset: Int) {
        (self.name, self.bytes, self.code, self.offset) = (name, bytes, code, offset)
    }

    /// A string in an array, made of raw bytes.
    init(_ name: String, inString bytes: [UInt8], _ code: JSONError.Code, at offset: Int) {
        self.init(name, Array("[\"".utf8) + bytes + Array("\"]".utf8), code, at: offset)
    }

    var testDescription: String { name }

    static let all = structures + arrays + objects + numbers + literals + strings + escapes + encodings + stricter

    static let structures: [RefusedCase] = [
        .init("empty", "", .unexpectedEnd, at: 0),
        .init("single space", " ", .unexpectedEnd, at: 1),
        .init("only white space", " \t\r\n", .unexpectedEnd, at: 4),
        .init("only a comma", ",", .unexpectedByte, at: 0),
        .init("only a colon", ":", .unexpectedByte, at: 0),
        .init("open array", "[", .unexpectedEnd, at: 1),
        .init("open object", "{", .unexpectedEnd, at: 1),
        .init("close array alone", "]", .unexpectedByte, at: 0),
        .init("close object alone", "}", .unexpectedByte, at: 0),
        .init("open array, open object", "[{", .unexpectedEnd, at: 2),
        .init("open object, open array", "{[", .unexpectedByte, at: 1),
        .init("open object, close array", "{]", .unexpectedByte, at: 1),
        .init("open array, close object", "[}", .unexpectedByte, at: 1),
        .init("open object, comma", "{,", .unexpectedByte, at: 1),
        .init("open array, comma", "[,", .unexpectedByte, at: 1),
        .init("open array, apostrophe", "['", .unexpectedByte, at: 1),
        .init("open array, string", "[\"a", .unexpectedEnd, at: 3),
        .init("open object, string with apostrophes", "{'a'", .unexpectedByte, at: 1),
        .init("open object, open string", "{\"a", .unexpectedEnd, at: 3),
        .init("two values", "1 2", .trailingBytes, at: 2),
        .init("two arrays", "[][]", .trailingBytes, at: 2),
        .init("array with a close too many", "[1]]", .trailingBytes, at: 3),
        .init("object with a close too many", "{}}", .trailingBytes, at: 2),
        .init("object followed by a comma", "{},", .trailingBytes, at: 2),
        .init("object, then a comment", "{\"a\":\"b\"}#", .trailingBytes, at: 9),
        .init("object, then a slash comment", "{\"a\":\"b\"}//", .trailingBytes, at: 9),
        .init("object, then a block comment", "{\"a\":\"b\"}/**/", .trailingBytes, at: 9),
        .init("comment inside", "{\"a\":/*comment*/\"b\"}", .unexpectedByte, at: 5),
        .init("comment first", "/**/1", .unexpectedByte, at: 0),
        .init("number, then garbage", "123\u{0}", .trailingBytes, at: 3),
        .init("string, then text", "\"\"x", .trailingBytes, at: 2),
        .init("string without quotes", "abc", .unexpectedByte, at: 0),
        .init("angle brackets", "<null>", .unexpectedByte, at: 0),
        .init("angle bracket dot", "<.>", .unexpectedByte, at: 0),
        .init("word joiner U+2060", [0xE2, 0x81, 0xA0], .unexpectedByte, at: 0),
        .init("no-break space", [0xC2, 0xA0, 0x31], .unexpectedByte, at: 0),
        .init("line separator U+2028 as white space", [0x5B, 0xE2, 0x80, 0xA8, 0x5D], .unexpectedByte, at: 1),
        .init("form feed as white space", [0x5B, 0x0C, 0x5D], .unexpectedByte, at: 1),
        .init("vertical tab as white space", [0x5B, 0x0B, 0x5D], .unexpectedByte, at: 1),
        .init("NUL as white space", [0x5B, 0x31, 0x00, 0x5D], .unexpectedByte, at: 2),
        .init("only NUL", [0x00], .unexpectedByte, at: 0),
        .init("record separator of RFC 7464", [0x1E, 0x31, 0x0A], .unexpectedByte, at: 0),
        .init("escaped line break outside", "[\\n]", .unexpectedByte, at: 1),
        .init("backslash first", "\\u0031", .unexpectedByte, at: 0),
        .init("semicolon for a comma", "[1;2]", .unexpectedByte, at: 2),
        .init("unfinished true at the end", "[true", .unexpectedEnd, at: 5),
        .init("array closed by a brace", "[1}", .unexpectedByte, at: 2),
        .init("object closed by a bracket", "{\"a\":1]", .unexpectedByte, at: 6),
        .init("crossed containers", "[{]}", .unexpectedByte, at: 2),
        .init("JSON in parentheses", "({})", .unexpectedByte, at: 0),
    ]

    static let arrays: [RefusedCase] = [
        .init("value without comma", "[1 true]", .unexpectedByte, at: 3),
        .init("string, then value", "[\"a\" 1]", .unexpectedByte, at: 5),
        .init("colon in an array", "[\"\": 1]", .unexpectedByte, at: 3),
        .init("comma after the close", "[\"\"],", .trailingBytes, at: 4),
        .init("comma and number", "[,1]", .unexpectedByte, at: 1),
        .init("double comma", "[1,,2]", .unexpectedByte, at: 3),
        .init("double comma at the end", "[\"x\",,]", .unexpectedByte, at: 5),
        .init("trailing comma", "[1,]", .unexpectedByte, at: 3),
        .init("trailing comma and white space", "[1, \n]", .unexpectedByte, at: 5),
        .init("two trailing commas", "[\"\",,]", .unexpectedByte, at: 4),
        .init("just a comma", "[,]", .unexpectedByte, at: 1),
        .init("just a minus", "[-]", .invalidNumber, at: 2),
        .init("not closed", "[\"\"", .unexpectedEnd, at: 3),
        .init("not closed after a comma", "[1,", .unexpectedEnd, at: 3),
        .init("not closed after a line break", "[1,\n1\n,1", .unexpectedEnd, at: 8),
        .init("inner array not separated", "[3[4]]", .unexpectedByte, at: 2),
        .init("inner object not closed", "[{}", .unexpectedEnd, at: 3),
        .init("a star inside", "[*]", .unexpectedByte, at: 1),
        .init("ellipsis", "[1...]", .invalidNumber, at: 3),
        .init("spread over inner arrays", "[[],[[]],", .unexpectedEnd, at: 9),
    ]

    static let objects: [RefusedCase] = [
        .init("bracket as a key", "{[: \"x\"}", .unexpectedByte, at: 1),
        .init("comma instead of a colon", "{\"x\", null}", .unexpectedByte, at: 4),
        .init("double colon", "{\"x\"::\"b\"}", .unexpectedByte, at: 5),
        .init("emoji as a key", [0x7B, 0xF0, 0x9F, 0x87, 0xA8, 0x7D], .unexpectedByte, at: 1),
        .init("garbage at the end", "{\"a\":\"a\" 123}", .unexpectedByte, at: 9),
        .init("key with apostrophes", "{'a':0}", .unexpectedByte, at: 1),
        .init("missing colon", "{\"a\" b}", .unexpectedByte, at: 5),
        .init("missing key", "{:\"b\"}", .unexpectedByte, at: 1),
        .init("missing value", "{\"a\":", .unexpectedEnd, at: 5),
        .init("missing value and brace", "{\"a\":}", .unexpectedByte, at: 5),
        .init("no colon at the end", "{\"a\"", .unexpectedEnd, at: 4),
        .init("no value after the comma", "{\"a\":1,", .unexpectedEnd, at: 7),
        .init("number as a key", "{1:1}", .unexpectedByte, at: 1),
        .init("huge number as a key", "{9999E9999:1}", .unexpectedByte, at: 1),
        .init("null as a key", "{null:null}", .unexpectedByte, at: 1),
        .init("object as a key", "{{}:1}", .unexpectedByte, at: 1),
        .init("key without quotes", "{a: \"b\"}", .unexpectedByte, at: 1),
        .init("several trailing commas", "{\"id\":0,,,,,}", .unexpectedByte, at: 8),
        .init("trailing comma", "{\"id\":0,}", .unexpectedByte, at: 8),
        .init("two commas in a row", "{\"a\":\"b\",,\"c\":\"d\"}", .unexpectedByte, at: 9),
        .init("leading comma", "{,\"a\":1}", .unexpectedByte, at: 1),
        .init("single string", "{\"foo\"}", .unexpectedByte, at: 6),
        .init("repeated null between commas", "{null,null}", .unexpectedByte, at: 1),
        .init("members without comma", "{\"a\":1 \"b\":2}", .unexpectedByte, at: 7),
        .init("equals for a colon", "{\"a\"=1}", .unexpectedByte, at: 4),
        .init("arrow for a colon", "{\"a\"=>1}", .unexpectedByte, at: 4),
        .init("inner object not closed", "{\"a\":{\"b\":1}", .unexpectedEnd, at: 12),
    ]

    static let numbers: [RefusedCase] = [
        .init("plus", "+1", .unexpectedByte, at: 0),
        .init("plus in an array", "[+1]", .unexpectedByte, at: 1),
        .init("plus infinity", "[+Inf]", .unexpectedByte, at: 1),
        .init("double plus", "[++1234]", .unexpectedByte, at: 1),
        .init("minus alone", "-", .unexpectedEnd, at: 1),
        .init("double minus", "[--2]", .invalidNumber, at: 2),
        .init("minus and space", "[- 1]", .invalidNumber, at: 2),
        .init("minus and letter", "[-foo]", .invalidNumber, at: 2),
        .init("minus infinity", "[-Infinity]", .invalidNumber, at: 2),
        .init("minus NaN", "[-NaN]", .invalidNumber, at: 2),
        .init("infinity", "[Infinity]", .unexpectedByte, at: 1),
        .init("short infinity", "[Inf]", .unexpectedByte, at: 1),
        .init("NaN", "[NaN]", .unexpectedByte, at: 1),
        .init("lower case nan", "[nan]", .unexpectedByte, at: 2),
        .init("leading zero", "[012]", .unexpectedByte, at: 2),
        .init("leading zero alone", "012", .trailingBytes, at: 1),
        .init("minus and leading zero", "[-012]", .unexpectedByte, at: 3),
        .init("two zeros", "[00]", .unexpectedByte, at: 2),
        .init("minus and two zeros", "[-00]", .unexpectedByte, at: 3),
        .init("double zero with fraction", "[00.5]", .unexpectedByte, at: 2),
        .init("starts with a point", "[.123]", .unexpectedByte, at: 1),
        .init("starts with minus and point", "[-.123]", .invalidNumber, at: 2),
        .init("ends with a point", "[1.]", .invalidNumber, at: 3),
        .init("zero and point", "[0.]", .invalidNumber, at: 3),
        .init("ends with a point, end of text", "1.", .unexpectedEnd, at: 2),
        .init("point and exponent", "[0.e1]", .invalidNumber, at: 3),
        .init("point, plus", "[1.+1]", .invalidNumber, at: 3),
        .init("two points", "[1.2.3]", .unexpectedByte, at: 4),
        .init("exponent without digits", "[1e]", .invalidNumber, at: 3),
        .init("exponent without digits, end of text", "1e", .unexpectedEnd, at: 2),
        .init("exponent and plus", "[1e+]", .invalidNumber, at: 4),
        .init("exponent and minus", "[1E-]", .invalidNumber, at: 4),
        .init("exponent plus minus", "[1.0e+-2]", .invalidNumber, at: 6),
        .init("double exponent", "[1ee2]", .invalidNumber, at: 3),
        .init("exponent with a fraction", "[1e1.5]", .unexpectedByte, at: 4),
        .init("exponent alone", "[e10]", .unexpectedByte, at: 1),
        .init("zero exponent without digits", "[0e]", .invalidNumber, at: 3),
        .init("zero, capital exponent, plus", "[0E+]", .invalidNumber, at: 4),
        .init("hexadecimal", "[0x1F]", .unexpectedByte, at: 2),
        .init("octal", "[0o17]", .unexpectedByte, at: 2),
        .init("binary", "[0b11]", .unexpectedByte, at: 2),
        .init("hexadecimal without prefix", "[1F]", .unexpectedByte, at: 2),
        .init("underscores", "[1_000]", .unexpectedByte, at: 2),
        .init("thousands separated by spaces", "[1 000.0]", .unexpectedByte, at: 3),
        .init("decimal comma", "1,5", .trailingBytes, at: 1),
        .init("expression", "[1+2]", .unexpectedByte, at: 2),
        .init("letter behind", "[123a]", .unexpectedByte, at: 4),
        .init("float suffix", "[1.5f]", .unexpectedByte, at: 4),
        .init("big integer suffix", "[1n]", .unexpectedByte, at: 2),
        .init("full-width one", [0x5B, 0xEF, 0xBC, 0x91, 0x5D], .unexpectedByte, at: 1),
        .init("Arabic digit behind", [0x5B, 0x31, 0xD9, 0xA1, 0x5D], .unexpectedByte, at: 2),
        .init("Unicode minus", [0x5B, 0xE2, 0x88, 0x92, 0x31, 0x5D], .unexpectedByte, at: 1),
        .init("invalid UTF-8 in a number", [0x5B, 0x31, 0xE5, 0x5D], .unexpectedByte, at: 2),
        .init("invalid UTF-8 in an exponent", [0x5B, 0x31, 0x65, 0x31, 0xE5, 0x5D], .unexpectedByte, at: 4),
        .init("fraction of letters", "[0.a]", .invalidNumber, at: 3),
        .init("slash between", "[1/2]", .unexpectedByte, at: 2),
    ]

    static let literals: [RefusedCase] = [
        .init("capital true", "[True]", .unexpectedByte, at: 1),
        .init("all capitals", "[TRUE]", .unexpectedByte, at: 1),
        .init("capital null", "[Null]", .unexpectedByte, at: 1),
        .init("half of null", "[nul]", .unexpectedByte, at: 4),
        .init("half of true", "[tru]", .unexpectedByte, at: 4),
        .init("half of false", "[fals]", .unexpectedByte, at: 5),
        .init("half of null, end of text", "nul", .unexpectedEnd, at: 3),
        .init("wrong letter in true", "[trUe]", .unexpectedByte, at: 3),
        .init("letter too many", "[truee]", .unexpectedByte, at: 5),
        .init("nullptr", "[nullptr]", .unexpectedByte, at: 5),
        .init("undefined", "[undefined]", .unexpectedByte, at: 1),
        .init("none", "[None]", .unexpectedByte, at: 1),
        .init("two literals", "[true false]", .unexpectedByte, at: 6),
        .init("yes", "[yes]", .unexpectedByte, at: 1),
        .init("NUL in a literal", [0x6E, 0x75, 0x00, 0x6C], .unexpectedByte, at: 2),
    ]
}
