import Postgres
import Testing

@Suite struct ParameterTests {
    /// Sends one value and gives its row back.
    private func echo(_ parameter: Parameter, as type: String) throws -> Rows {
        try SharedCluster.connect().query("select $1::\(type)", parameters: [parameter])
    }

    @Test func integersComeBackAtTheirEnds() throws {
        for value in [Int64.min, -1, 0, 1, .max] { #expect(try echo(.int64(value), as: "int8").int64(0, 0) == value) }
        for value in [Int32.min, -1, 0, 1, .max] { #expect(try echo(.int32(value), as: "int4").int32(0, 0) == value) }
        #expect(try SharedCluster.connect().query("select 7::int2, -8::int4").int64(0, 0) == 7)
    }

    @Test func nullIsNullInEveryType() throws {
        for type in ["int8", "text", "bytea", "uuid", "timestamptz", "jsonb", "bool", "uuid[]"] {
            let rows = try echo(.null, as: type)
            #expect(rows.isNull(0, 0))
        }
        #expect(try echo(.null, as: "int8").int64OrNil(0, 0) == nil)
        #expect(try echo(.null, as: "text").textOrNil(0, 0) == nil)
        #expect(try echo(.int64(3), as: "int8").int64OrNil(0, 0) == 3)
    }

    @Test func textBytesAndJSONComeBackByteForByte() throws {
        #expect(try echo(.bool(true), as: "bool").bool(0, 0))
        #expect(try !echo(.bool(false), as: "bool").bool(0, 0))
        for text in ["", "plain", "Kelvin \u{212A}", "a\u{0301}", "🦆'\\\"$1"] {
            #expect(try echo(.string(text), as: "text").text(0, 0) == Array(text.utf8))
            #expect(try echo(.text(Array(text.utf8)), as: "text").text(0, 0) == Array(text.utf8))
        }
        let odd: [UInt8] = [0, 1, 0, 255, 92, 39, 0]
        #expect(try echo(.bytes(odd), as: "bytea").bytes(0, 0) == odd)
        #expect(try echo(.bytes([]), as: "bytea").bytes(0, 0) == [])
        let json = Array(#"{"a": [1, 2.50, null]}"#.utf8)
        #expect(try echo(.jsonb(json), as: "jsonb").jsonb(0, 0) == json)
    }

    @Test func aMegabyteOfBytesComesBack() throws {
        let large = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        #expect(try echo(.bytes(large), as: "bytea").bytes(0, 0) == large)
        #expect(try echo(.bytesArray([large, nil, []]), as: "bytea[]").bytesArray(0, 0) == [large, nil, []])
    }

    @Test func aZeroByteInTextIsRefusedAndNotCut() throws {
        for parameter in [Parameter.text([97, 0, 98]), .jsonb(Array(#""a\u0000b""#.utf8))] {
            let type = if case .text = parameter { "text" } else { "jsonb" }
            let error = #expect(throws: PostgresError.self) { try echo(parameter, as: type) }
            #expect(["22021", "22P05"].contains(error?.sqlState?.description ?? ""))
        }
    }

    @Test func uuidsAndTimesComeBack() throws {
        let rows = try SharedCluster.connect().query(
            "select $1::uuid, $1::uuid::text, $2::timestamptz, extract(epoch from $2::timestamptz)::int8",
            parameters: [
                .uuid(high: 0x0192_a0b1_c2d3_7e4f, low: 0x8a9b_acbd_cedf_e0f1),
                .timestamp(microsecondsSince1970: 1_700_000_000_000_001),
            ])
        #expect(rows.uuid(0, 0) == (0x0192_a0b1_c2d3_7e4f, 0x8a9b_acbd_cedf_e0f1))
        #expect(rows.string(0, 1) == "0192a0b1-c2d3-7e4f-8a9b-acbdcedfe0f1")
        #expect(rows.timestamp(0, 2) == 1_700_000_000_000_001)
        #expect(rows.int64(0, 3) == 1_700_000_000)
        for extreme in [Int64.max, .min, 0, -1] {
            let back = try echo(.timestamp(microsecondsSince1970: extreme), as: "timestamptz").timestamp(0, 0)
            #expect(back == extreme)
        }
        #expect(try SharedCluster.connect().query("select 'infinity'::timestamptz").timestamp(0, 0) == .max)
    }

    @Test func arraysOfEveryTypeComeBackWithTheirNulls() throws {
        let ids: [UUIDBits?] = [UUIDBits(high: 1, low: .max), nil, UUIDBits(high: .max, low: 0)]
        let json: [[UInt8]?] = [Array("1".utf8), nil, Array(#"{"a": 1}"#.utf8)]
        #expect(try echo(.boolArray([true, nil, false]), as: "bool[]").boolArray(0, 0) == [true, nil, false])
        #expect(try echo(.int32Array([1, nil, -3]), as: "int4[]").int32Array(0, 0) == [1, nil, -3])
        #expect(try echo(.int64Array([.max, nil, .min]), as: "int8[]").int64Array(0, 0) == [.max, nil, .min])
        #expect(try echo(.stringArray(["a", nil, ""]), as: "text[]").stringArray(0, 0) == ["a", nil, ""])
        #expect(try echo(.textArray([[98], nil, []]), as: "text[]").textArray(0, 0) == [[98], nil, []])
        #expect(try echo(.bytesArray([[0], nil, []]), as: "bytea[]").bytesArray(0, 0) == [[0], nil, []])
        #expect(try echo(.uuidArray(ids), as: "uuid[]").uuidArray(0, 0) == ids)
        #expect(try echo(.timestampArray([1, nil, .max]), as: "timestamptz[]").timestampArray(0, 0) == [1, nil, .max])
        #expect(try echo(.jsonbArray(json), as: "jsonb[]").jsonbArray(0, 0) == json)
        #expect(try echo(.int64Array([]), as: "int8[]").int64Array(0, 0) == [])
        #expect(try echo(.stringArray([]), as: "text[]").stringArray(0, 0) == [])
    }

    @Test func anArrayUnnestsIntoRows() throws {
        let rows = try SharedCluster.connect().query(
            "select * from unnest($1::int8[], $2::text[])",
            parameters: [.int64Array([1, 2, 3]), .stringArray(["a", nil, "c"])])
        #expect(rows.indices.map { rows.int64($0, 0) } == [1, 2, 3])
        #expect(rows.indices.map { rows.stringOrNil($0, 1) } == ["a", nil, "c"])
        #expect(rows.affected == 3 && rows.columnCount == 2)
    }
}
