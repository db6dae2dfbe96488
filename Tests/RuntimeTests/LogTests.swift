import Domain
import Foundation
@testable import Runtime
import Synchronization
import Testing

struct LogTests {
    /// A log whose lines are kept.
    private final class Kept: @unchecked Sendable {
        private let lock = Lock()
        private var stored: [[UInt8]] = []
        var lines: [[UInt8]] { lock.withLock { stored } }
        func add(_ line: [UInt8]) { lock.withLock { stored.append(line) } }
    }

    private func logged(_ format: LogFormat = .json, _ body: (Log) -> Void) -> [[UInt8]] {
        let kept = Kept()
        body(Log(format: format, clock: .stopped(at: Timestamp(microseconds: 1_500_000)), output: { kept.add($0) }))
        return kept.lines
    }

    /// The line as a strict parser sees it.
    private func object(_ line: [UInt8]) throws -> [String: Any] {
        #expect(line.last == UInt8(ascii: "\n") && line.filter { $0 == UInt8(ascii: "\n") }.count == 1)
        #expect(line.count <= RuntimeLimits.logLineBytes)
        return try #require(JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    private func text(_ line: [UInt8]) -> String { String(decoding: line, as: UTF8.self) }

    @Test func aLineHasTimeLevelMessageAndFieldsInOrder() {
        let lines = logged { log in
            log.with([(.requestId, "r1")]).info(
                "request served",
                [
                    (.status, 200), (.durationMs, .duration(.microseconds(1_250))), (.leader, true),
                    (.retryAt, .time(Timestamp(seconds: 0))), (.error, .secret(Secret([1, 2, 3]))),
                    (.path, .bytes(Array("/v1/me".utf8))),
                ])
        }
        #expect(
            lines.map(text) == [
                "{\"time\":\"1970-01-01T00:00:01.500000Z\",\"level\":\"info\",\"message\":\"request served\","
                    + "\"requestId\":\"r1\",\"status\":200,\"durationMs\":1.250,\"leader\":true,"
                    + "\"retryAt\":\"1970-01-01T00:00:00.000000Z\",\"error\":\"***\",\"path\":\"/v1/me\"}\n"
            ])
    }

    @Test func prettyLinesAreForPeople() {
        let lines = logged(.pretty) { log in
            log.warn("slow", [(.path, "/v1/me"), (.reason, "two \"words\"\u{1b}[31m"), (.count, 3), (.peer, "")])
        }
        #expect(
            lines.map(text) == [
                "00:00:01.500 WARN  slow path=/v1/me reason=\"two \\\"words\\\"\\u001b[31m\" count=3 peer=\"\"\n"
            ])
    }

    @Test func whatGoesOnIsToldOnceAMinute() throws {
        let kept = Kept()
        let time = Atomic<UInt64>(0)
        let clock = Clock(
            now: { Timestamp(seconds: 0) }, monotonic: { time.load(ordering: .relaxed) * 1_000_000_000 })
        let log = Log(format: .pretty, clock: clock, output: { kept.add($0) })
        for second in stride(from: UInt64(0), through: 130, by: 5) {
            time.store(second, ordering: .relaxed)
            log.remind(of: "database", second % 2 == 0 ? "work waits" : "other work waits", [(.error, "away")])
        }
        log.remind(of: "disk", "full")
        let rest = kept.lines.map { text($0).dropFirst("00:00:00.000 WARN  ".count) }
        #expect(
            rest == [
                "work waits error=away\n", "work waits error=away dropped=11\n", "work waits error=away dropped=11\n",
                "full\n",
            ])
    }

    @Test func levelsBelowTheCurrentOneAreNotWrittenNorTheirFieldsMade() {
        var made = 0
        let lines = logged { log in
            func fields() -> [Log.Field] {
                made += 1
                return []
            }
            log.debug("no", fields())
            log.level = .debug
            log.with([(.loop, 1)]).debug("yes", fields())
            log.level = .error
            log.warn("no", fields())
            log.error("yes", fields())
        }
        #expect(lines.count == 2)
        #expect(made == 2)
        #expect(LogLevel(name: Array("warn".utf8)) == .warn)
        #expect(LogLevel(name: Array("WARN".utf8)) == nil)
    }

    /// Every single byte, and text that breaks lines, terminals and parsers.
    @Test func anyBytesGiveOneValidLine() throws {
        for byte in UInt8.min...UInt8.max {
            for line in logged(.json, { $0.info("m", [(.path, .bytes([0x61, byte, 0x62])), (.count, 1)]) }) {
                let fields = try object(line)
                #expect(fields["count"] as? Int == 1)
                if byte < 0x80 {
                    #expect((fields["path"] as? String)?.utf8.elementsEqual([0x61, byte, 0x62]) == true)
                } else {
                    #expect(fields["path"] as? String == "a\u{fffd}b")
                }
                #expect(!line.dropLast().contains { $0 < 0x20 || $0 == 0x7f })
            }
        }
        let hostile = "\",\"level\":\"error\"}\r\n{\"x\":\"\u{2028}\u{202e}\u{9b}31m\u{0}\u{1F600}é"
        let line = try #require(logged { $0.info("m", [(.path, .text(hostile))]) }.first)
        #expect(try object(line)["path"] as? String == hostile)
        #expect(text(line).contains("\\u2028\\u202e\\u009b31m\\u0000\u{1F600}é"))
    }

    @Test func randomBytesGiveOneValidLine() throws {
        let random = RandomSource.seeded(7)
        for _ in 0..<20_000 {
            let count = Int(random.next() % 40)
            let bytes = (0..<count).map { _ -> UInt8 in
                let value = random.next()
                return value & 3 == 0
                    ? [0xe2, 0xed, 0xf0, 0xf4, 0xc0, 0x80, 0x5c, 0x22][Int(value >> 8 & 7)] : UInt8(value >> 8 & 255)
            }
            let line = try #require(logged { $0.info("m", [(.path, .bytes(bytes)), (.count, 1)]) }.first)
            let expected = String(decoding: bytes, as: UTF8.self).filter { $0 != "\u{fffd}" }
            let path = try #require(try object(line)["path"] as? String)
            #expect(path.filter { $0 != "\u{fffd}" } == expected)
        }
    }

    @Test func longValuesAreCutAndTheLineSaysSo() throws {
        for filler in [[UInt8(ascii: "x")], [0x01], Array("é".utf8), Array("\u{1F600}".utf8), [0xff], [0x22]] {
            let long = [UInt8](repeatElement(filler, count: 20_000).joined())
            let one = try #require(logged { $0.info("m", [(.path, .bytes(long)), (.count, 1)]) }.first)
            let fields = try object(one)
            #expect(fields["cut"] as? Bool == true)
            #expect(fields["count"] as? Int == 1, "a long value leaves room for the others")
            #expect(one.count > 2_000)
            let many = try #require(
                logged { log in
                    log.info("m", (0..<50).map { _ in (.path, .bytes(long)) } + [(.count, 1)])
                }.first)
            #expect(text(many).hasSuffix(",\"cut\":true}\n"))
            #expect(try object(many)["level"] as? String == "info")
            let pretty = try #require(
                logged(.pretty) { log in
                    log.info("m", (0..<50).map { _ in (.path, .bytes(long)) })
                }.first)
            #expect(pretty.count <= RuntimeLimits.logLineBytes)
        }
        let whole = try #require(logged { $0.info("m", [(.path, .text(String(repeating: "x", count: 2_048)))]) }.first)
        #expect(try object(whole)["cut"] == nil)
    }

    @Test func everyKeyHasItsOwnNameAndNoneOfTheLinesOwn() {
        let names = LogKey.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        #expect(Set(names).isDisjoint(with: ["time", "level", "message", "cut"]))
    }

    @Test func aPipeThatNobodyReadsDropsLinesAndDoesNotBlock() {
        Signals.ignoreBrokenPipe()
        var ends: [Int32] = [0, 0]
        unsafe #expect(pipe(&ends) == 0)
        let output = StandardError(descriptor: ends[1])
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1_023) + [UInt8(ascii: "\n")]
        for _ in 0..<1_000 { output.write(line) }
        #expect(output.droppedLines > 0 && output.droppedLines < 1_000)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let received = unsafe read(ends[0], &buffer, buffer.count)
        #expect(received == (1_000 - output.droppedLines) * line.count, "lines are written whole")
        let before = output.droppedLines
        output.write(line)
        #expect(output.droppedLines == before, "a reader that returns is written to again")
        close(ends[0])
        close(ends[1])
        output.write(line)
        #expect(output.droppedLines == before + 1)
    }
}
