import Testing

/// A text that is acceptable. Modelled on the categories of JSONTestSuite (`y_…`), and on those of its `i_…` that this
/// parser decides to accept.
struct AcceptedCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]

    init(_ name: String, _ text: String) { (self.name, bytes) = (name, Array(text.utf8)) }
    init(_ name: String, inString bytes: [UInt8]) {
        (self.name, self.bytes) = (name, Array("[\"".utf8) + bytes + Array("\"]".utf8))
    }

    var testDescription: String { name }

    static let all = structures + objects + numbers + strings + characters + left

    static let structures: [AcceptedCase] = [
        .init("empty array", "[]"),
        .init("empty object", "{}"),
        .init("lonely string", "\"asd\""),
        .init("lonely empty string", "\"\""),
        .init("lonely integer", "42"),
        .init("lonely negative", "-0.1"),
        .init("lonely null", "null"),
        .init("lonely true", "true"),
        .init("lonely false", "false"),
        .init("white space around", " \t\r\n[] \t\r\n"),
        .init("white space inside an empty array", "[ \n\t\r ]"),
        .init("white space inside an empty object", "{ \n\t\r }"),
        .init("line feed at the end", "[\"a\"]\n"),
        .init("white space around everything", " { \"a\" : [ 1 , 2 ] , \"b\" : { } } "),
        .init("arrays with spaces", "[[]   ]"),
        .init("array ending in a line break", "[\"a\"\n]"),
        .init("array of an empty string", "[\"\"]"),
        .init("array of false", "[false]"),
        .init("mixed array", "[null, 1, \"1\", {}, [], true, -0.5e-7]"),
        .init("several nulls", "[1,null,null,null,2]"),
        .init("array after a space", " [1]"),
        .init("array before a space", "[2] "),
        .init("repeated values", "[1,1,1,\"a\",\"a\"]"),
        .init("empty containers inside", "[[],{},[[]],[{}],{\"a\":[]},{\"a\":{}}]"),
        .init("no white space", "{\"a\":[1,{\"b\":null},\"c\"],\"d\":true}"),
    ]

    static let objects: [AcceptedCase] = [
        .init("one member", "{\"a\":\"b\"}"),
        .init("two members", "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
        .init("empty key", "{\"\":0}"),
        .init("basic, with line breaks", "{\n\"a\": \"b\"\n}"),
        .init("escaped NUL's neighbour", "{\"foo\\u0001bar\": 42}"),
        .init("long keys", "{\"min\": -1.0e+28, \"max\": 1.0e+28, \"\(String(repeating: "x", count: 300))\":0}"),
        .init("keys of escapes", "{\"\\u0061\":1,\"\\u0062\":2,\"\\\\\":3,\"\\\"\":4}"),
        .init("Cyrillic escapes", "{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\"}"),
        .init("keys that differ in case", "{\"a\":1,\"A\":2}"),
        .init("keys that differ in white space", "{\"a\":1,\"a \":2,\" a\":3}"),
        .init("keys that differ by the Kelvin sign", "{\"K\":1,\"\u{212A}\":2,\"k\":3}"),
        .init("keys that differ in composition", "{\"\u{E9}\":1,\"e\u{301}\":2}"),
        .init("a key that is a prefix", "{\"ab\":1,\"a\":2,\"abc\":3}"),
        .init("an escaped key that is a prefix", "{\"ab\":1,\"\\u0061\":2,\"\\u0061bc\":3}"),
        .init("same key at different depths", "{\"a\":{\"a\":{\"a\":1}}}"),
        .init("same key in siblings", "[{\"a\":1},{\"a\":1}]"),
        .init("same key beside and inside", "{\"x\":{\"a\":1},\"a\":{\"x\":1}}"),
        .init("prototype names", "{\"__proto__\":1,\"constructor\":2,\"toString\":3}"),
        .init("key looks like a number", "{\"1\":1,\"1.0\":2}"),
    ]

    static let numbers: [AcceptedCase] = [
        .init("zero", "[0]"),
        .init("minus zero", "[-0]"),
        .init("minus zero with fraction", "[-0.0]"),
        .init("zero to the one", "[0e+1]"),
        .init("zero exponent", "[0e1]"),
        .init("integer after a space", "[ 4]"),
        .init("negative integer", "[-123]"),
        .init("simple integer", "[123]"),
        .init("simple real", "[123.456789]"),
        .init("real with capital exponent", "[1E22]"),
        .init("real with capital exponent and minus", "[1E-2]"),
        .init("real with capital exponent and plus", "[1E+2]"),
        .init("real with exponent", "[123e45]"),
        .init("real with fraction and exponent", "[123.456e78]"),
        .init("negative exponent", "[1e-2]"),
        .init("positive exponent", "[1e+2]"),
        .init("exponent with leading zeros", "[1e0002]"),
        .init("fraction with trailing zeros", "[1.5000]"),
        .init("close to zero", "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
        .init("beyond 2^53", "[9007199254740993]"),
        .init("largest 64-bit", "[9223372036854775807]"),
        .init("one beyond 64 bits", "[9223372036854775808]"),
        .init("smallest 64-bit", "[-9223372036854775808]"),
        .init("unsigned 64-bit", "[18446744073709551615]"),
        .init("256-bit", "[115792089237316195423570985008687907853269984665640564039457584007913129639935]"),
        .init("wei as ether", "[0.004786046226555188]"),
    ]

    static let strings: [AcceptedCase] = [
        .init("all short escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
        .init("escaped backslash, then n", "[\"\\\\n\"]"),
        .init("escaped backslash, then u", "[\"\\\\u0000\"]"),
        .init("two escaped backslashes at the end", "[\"\\\\\\\\\"]"),
        .init("escaped quote", "[\"\\\"\"]"),
        .init("lower case digits", "[\"\\u00e9\\uabcd\"]"),
        .init("upper case digits", "[\"\\u00E9\\uABCD\"]"),
        .init("mixed case digits", "[\"\\uaBcD\"]"),
        .init("escaped control", "[\"\\u0012\\u001f\\u007f\"]"),
        .init("accepted pair", "[\"\\uD801\\udc37\"]"),
        .init("accepted pairs", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
        .init("last pair", "[\"\\uDBFF\\uDFFF\"]"),
        .init("around the surrogates", "[\"\\uD7FF\\uE000\"]"),
        .init("escaped noncharacter", "[\"\\uFFFF\\uFDD0\\uDBFF\\uDFFE\"]"),
        .init("escaped mark", "[\"\\uFEFF\"]"),
        .init("escaped line separators", "[\"\\u2028\\u2029\"]"),
        .init("comment-like text", "[\"a/*b*/c/*d//e\"]"),
        .init("apostrophes", "[\"it's\"]"),
        .init("brackets inside", "[\"]}{[,:\"]"),
        .init("delete character", "[\"\u{7F}\"]"),
        .init("only spaces", "[\"   \"]"),
        .init("question mark and friends", "[\"?!%&$#@\"]"),
    ]

    static let characters: [AcceptedCase] = [
        .init("two bytes, first", inString: [0xC2, 0x80]),
        .init("two bytes, last", inString: [0xDF, 0xBF]),
        .init("three bytes, first", inString: [0xE0, 0xA0, 0x80]),
        .init("three bytes, before the surrogates", inString: [0xED, 0x9F, 0xBF]),
        .init("three bytes, after the surrogates", inString: [0xEE, 0x80, 0x80]),
        .init("three bytes, last", inString: [0xEF, 0xBF, 0xBF]),
        .init("four bytes, first", inString: [0xF0, 0x90, 0x80, 0x80]),
        .init("four bytes, middle", inString: [0xF1, 0x80, 0x80, 0x80, 0xF3, 0xBF, 0xBF, 0xBF]),
        .init("four bytes, last", inString: [0xF4, 0x8F, 0xBF, 0xBF]),
        .init("mark inside a string", inString: [0xEF, 0xBB, 0xBF]),
        .init("line separators", inString: [0xE2, 0x80, 0xA8, 0xE2, 0x80, 0xA9]),
        .init("replacement character", inString: [0xEF, 0xBF, 0xBD]),
        .init("euro, pi, clef", "[\"€ππ𝄞\"]"),
        .init("right-to-left and joiners", "[\"\u{202E}\u{200D}\u{2060}\"]"),
    ]

    /// Where RFC 8259 lets a parser set limits: these we accept.
    static let left: [AcceptedCase] = [
        .init(
            "exponent that no double holds", "[1e400,-1e400,123.456e-789,0.4e00669999999999999999999999969999999006]"),
        .init("integer that no 64 bits hold", "[-237462374673276894279832749832423479823246327846]"),
        .init("64 arrays inside one another", String(repeating: "[", count: 64) + String(repeating: "]", count: 64)),
        .init("number of 128 bytes", "[" + String(repeating: "9", count: 128) + "]"),
        .init("long string", "[\"" + String(repeating: "x", count: 100_000) + "\"]"),
    ]
}
