import Runtime
import Testing

@testable import API

@Suite struct RefusalLogTests {
    @Test func theFirstOfASecondHaveTheirLinesAndTheOthersAreCounted() async {
        let loop = EventLoop()
        loop.start()
        let (lines, output) = AsyncStream<String>.makeStream()
        let log = Log(output: { output.yield(String(decoding: $0, as: UTF8.self)) })
        let refusals = RefusalLog(loop: loop, log: log)
        let told = await loop.run {
            let busy = (0..<15).map { _ in refusals.mayTell(.busy) }
            return busy + [refusals.mayTell(.webhooksBusy)]
        }
        #expect(told == Array(repeating: true, count: 10) + Array(repeating: false, count: 6))
        var found = lines.makeAsyncIterator()
        let first = await found.next() ?? ""
        #expect(first.contains(#""requests refused","reason":"busy","count":5}"#), "\(first)")
        let second = await found.next() ?? ""
        #expect(second.contains(#""reason":"webhooksBusy","count":1}"#), "\(second)")
        let later = await loop.run { refusals.mayTell(.busy) }
        #expect(later, "another second has lines of its own")
        await Task.detached { loop.stop() }.value
    }
}
