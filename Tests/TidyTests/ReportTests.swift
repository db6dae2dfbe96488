import Foundation
import Runtime
import Testing

/// What `deploy/test` tells last when Swift tests fail, of logs as the runner writes them.
@Suite struct ReportTests {
    private func report(_ log: String) throws -> [String] {
        let path = NSTemporaryDirectory() + "report-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try log.write(toFile: path, atomically: true, encoding: .utf8)
        let script = Repository.root.appendingPathComponent("deploy/test.d/failed-tests.awk").path
        let told = try ChildProcess.run(.init("awk", ["-f", script, path]))
        #expect(told.exit == .status(0))
        return String(decoding: told.output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func issuesAreToldWithTheirCommentsAndNothingElse() throws {
        let log = """
            ◇ Test run started.
            ◇ Test good() started.
            ◇ Test bad(_:) started.
            ◇ Test case passing 1 argument text → "a
            b" to bad(_:) started.
            ⚠︎ Test good() recorded a warning at A.swift:1:1: Issue recorded
            ↳ long
            \u{1b}[91m✘\u{1b}[0m Test bad(_:) recorded an issue with 1 argument text → "a
            b" at B.swift:2:3: Expectation failed: 1 == 2
            ↳ of the second
            ✔ Test good() passed after 0.1 seconds with 1 warning.
            ✘ Test bad(_:) with 2 test cases failed after 0.2 seconds with 1 issue.
            ✘ Suite S failed after 0.2 seconds with 1 issue.
            ✘ Test run with 2 tests in 1 suite failed after 0.2 seconds with 2 issues (including 1 warning).
            """
        #expect(
            try report(log) == [
                "✘ Test bad(_:) recorded an issue with 1 argument text → \"a",
                "b\" at B.swift:2:3: Expectation failed: 1 == 2", "↳ of the second",
                "✘ Test run with 2 tests in 1 suite failed after 0.2 seconds with 2 issues (including 1 warning).",
            ])
    }

    @Test func whatWasCutOffIsToldByWhatHadNotEnded() throws {
        let log = """
            ◇ Test done() started.
            ◇ Test skipped() started.
            ◇ Test hung() started.
            ✔ Test done() passed after 0.1 seconds.
            ➜ Test skipped() skipped.
            A/B.swift:7: Fatal error: Index out of range
            """
        #expect(try report(log) == ["not ended: hung()", "A/B.swift:7: Fatal error: Index out of range"])
    }

    @Test func howeverMuchFailsTheReportIsShort() throws {
        let issue = "✘ Test bad() recorded an issue at B.swift:2:3: Expectation failed\n" + "↳ more\n"
        let crash = "error: Exited with unexpected signal code 11\n"
        let hung = (0..<100).map { "◇ Test hung\($0)() started.\n" }.joined()
        let log = hung + String(repeating: issue, count: 1_000) + String(repeating: crash, count: 100)
        #expect((40...54).contains(try report(log).count))
    }
}
