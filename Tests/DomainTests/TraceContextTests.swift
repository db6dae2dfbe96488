import Domain
import Testing

@Suite struct TraceContextTests {
    private static let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func read(_ text: String) -> TraceContext? { TraceContext(traceparent: Array(text.utf8)[...]) }

    @Test func aHeaderIsReadAndWritten() throws {
        let context = try #require(read(TraceContextTests.good))
        #expect(context.trace == UUIDValue(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736))
        #expect(context.span == 0x00f0_67aa_0ba9_02b7)
        #expect(context.flags == 1)
        #expect(String(decoding: context.traceparent, as: UTF8.self) == TraceContextTests.good)
        #expect(String(decoding: context.traceText, as: UTF8.self) == "4bf92f3577b34da6a3ce929d0e0e4736")
    }

    /// What may be taken although it is not what we write.
    @Test(arguments: [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03",
        "00-00000000000000000000000000000001-0000000000000001-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like",
        "fe-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
    ])
    func taken(_ text: String) throws {
        let context = try #require(read(text))
        #expect(String(decoding: context.traceparent, as: UTF8.self) == "00" + text.dropFirst(2).prefix(53))
    }

    @Test(arguments: [
        "", "00", "-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        "00-4bf92f3577b34da6a3ce929d0e0e47360-0f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        "004bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b701",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b\u{ff17}-01",
    ])
    func refused(_ text: String) { #expect(read(text) == nil) }

    /// Every byte but the digits' own alternatives makes it another one, or none.
    @Test func noByteIsIgnored() throws {
        let bytes = Array(TraceContextTests.good.utf8)
        let context = read(TraceContextTests.good)
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max where byte != bytes[index] {
                var changed = bytes
                changed[index] = byte
                guard let found = TraceContext(traceparent: changed[...]) else { continue }
                // The version, and flags that have no meaning.
                #expect(found != context || index < 2 || index >= 53, "byte \(index) is \(byte)")
            }
        }
    }

    @Test func aTraceGoesOnInASpanOfOurs() throws {
        let taken = try #require(read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"))
        let next = String(decoding: taken.continued(in: 7).traceparent, as: UTF8.self)
        #expect(next == "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-00")
    }

    @Test func flagsWithoutMeaningGoNoFurther() throws {
        let taken = try #require(read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff"))
        #expect(String(decoding: taken.traceparent, as: UTF8.self).hasSuffix("-03"))
    }

    @Test func whatWeMakeCanBeRead() {
        for context in [
            TraceContext(trace: UUIDValue(high: 0, low: 0), span: 0),
            TraceContext(trace: UUIDValue(high: .max, low: .max), span: .max),
            TraceContext(trace: UUIDValue(high: 1, low: 0), span: 1 << 63),
        ] {
            #expect(TraceContext(traceparent: context.traceparent[...]) == context)
            #expect(context.flags == 1)
        }
    }
}
