import Domain
import Foundation
import Testing

@testable import Delivery
@testable import Sandbox

/// README.md names only what exists, and every module.
enum DocsRule {
    /// Targets of `[text](target)` that are paths, without their fragments.
    static func links(in text: String) -> [String] {
        captures(#"\]\(([^)\s]+)\)"#, text)
            .filter { !$0.contains("://") && !$0.hasPrefix("#") && !$0.hasPrefix("mailto:") }
            .map { String($0.prefix { $0 != "#" }) }
    }

    /// Commands of the repository such as `deploy/run`.
    static func commands(in text: String) -> [String] {
        captures(#"(?<![\w/.-])((?:deploy|\.ci)/[\w.-]*\w)"#, text)
    }

    static func check(readme: SourceFile, exists: (String) -> Bool, modules: [String]) -> [Complaint] {
        let missing = (links(in: readme.text) + commands(in: readme.text)).filter { !exists($0) }
        let unnamed = modules.filter { captures(#"\b("# + $0 + #")\b"#, readme.text).isEmpty }
        return missing.map { Complaint(file: readme.path, line: 1, message: "names \($0), which does not exist") }
            + unnamed.map { Complaint(file: readme.path, line: 1, message: "does not name the module \($0)") }
    }

    /// The settings that Swift source declares: `Option("name", …)`.
    static func options(in source: String) -> [String] { captures(#"\bOption\(\s*"([a-z-]+)""#, source) }

    static func captures(_ pattern: String, _ text: String) -> [String] {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        let whole = NSRange(text.startIndex..., in: text)
        return expression.matches(in: text, range: whole).compactMap { match in
            Range(match.range(at: 1), in: text).map { String(text[$0]) }
        }
    }
}

@Suite struct DocsTests {
    @Test func theReadmeNamesWhatExistsAndEveryModule() throws {
        let modules = try Repository.names(in: "Sources").filter { !$0.hasPrefix(".") }
        let readme = try Repository.read("README.md")
        #expect(DocsRule.check(readme: readme, exists: Repository.exists, modules: modules) == [])
        #expect(DocsRule.commands(in: readme.text).contains("deploy/run"))
        #expect(DocsRule.commands(in: readme.text).contains("deploy/test"))
    }

    @Test func theReadmeNamesEveryOptionOfServe() throws {
        let options = DocsRule.options(in: try Repository.read("Sources/subgate/ServeOptions.swift").text)
        let readme = try Repository.read("README.md").text
        #expect(options.contains("database-url"))
        #expect(options.filter { !readme.contains("`--\($0)`") && !readme.contains("`--\($0) ") } == [])
    }

    /// With one connection for reads and two for writes a loop, as `serve` has unless it is told otherwise.
    @Test func theReadmeSaysHowManyConnectionsANodeMakes() throws {
        let source = try Repository.read("Sources/subgate/DatabaseDoor.swift").text
        let fixed = try #require(DocsRule.captures(#"fixedPerLoop = (\d+)"#, source).first.flatMap { Int($0) })
        let own = try #require(DocsRule.captures(#"ownConnections = (\d+)"#, source).first.flatMap { Int($0) })
        let formula = "`loops × (write + read connections + \(fixed)) + \(own)` connections"
        let text = "\(formula), \(2 * (1 + 2 + fixed) + own) on two cores"
        #expect(try Repository.read("README.md").text.contains(text))
    }

    @Test func theReadmeNamesEveryMagicValueAndEveryCode() throws {
        let rows = try Repository.read("README.md").lines.filter { $0.hasPrefix("| 13.") }
        for value in MagicValue.all {
            let row = rows.filter { $0.hasPrefix("| 13.\(value.number < 10 ? "0" : "")\(value.number) |") }
            #expect(row.count == 1, "13.\(value.number)")
            let code = value.transfer?.previewFailure?.rawValue ?? value.transfer?.executeFailure?.rawValue
            if let code { #expect(row.first?.hasSuffix("`\(code)` |") == true, "\(code)") }
        }
        #expect(rows.count == MagicValue.all.count)
    }

    @Test func aMissingLinkCommandAndModuleAreFound() {
        let text = "[a](gone.md#part) [b](https://a.example) run `deploy/none`. Modules: Store\n"
        let readme = SourceFile(path: "README.md", text: text)
        let found = DocsRule.check(readme: readme, exists: { _ in false }, modules: ["Store", "API"])
        #expect(
            found.map(\.message) == [
                "names gone.md, which does not exist", "names deploy/none, which does not exist",
                "does not name the module API",
            ])
    }
}

@Suite struct RoleTableTests {
    /// The README's table of roles is the one in code.
    @Test func theReadmeShowsWhatEachRoleMay() throws {
        let lines = try Repository.read("README.md").lines
        for (permission, roles) in Role.table {
            let cells = Role.allCases.map { roles.contains($0) ? "✓" : "–" }.joined(separator: " | ")
            #expect(lines.contains { $0 == "| `\(permission.rawValue)` | \(cells) |" }, "\(permission)")
        }
    }
}

/// The README's page for merchants promises what the code does.
@Suite struct MerchantDocsTests {
    /// Without line ends, as sentences go over them.
    private func page() throws -> String {
        let text = try Repository.read("README.md").text
        let start = try #require(text.range(of: "\n## Webhooks for merchants\n"))
        let rest = text[start.upperBound...]
        let end = rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex
        return rest[..<end].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private func shown(_ delay: Duration) -> String {
        let seconds = delay.components.seconds
        return switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3_600: "\(seconds / 60) min"
        default: "\(seconds / 3_600) h"
        }
    }

    @Test func theScheduleIsTheStandardOne() throws {
        let schedule = RetrySchedule.standard
        let times = schedule.delays.map(shown).joined(separator: ", ")
        let seconds = schedule.delays.reduce(0) { $0 + $1.components.seconds }
        #expect(schedule.delays.count + 1 == 10)
        let hours = String(format: "%.1f", Double(seconds) / 3_600)
        let last = try #require(schedule.delays.last).components.seconds
        let jitter = try #require(schedule.delay(afterFailures: schedule.delays.count, random: 0)).components.seconds
        let percent = (last - jitter) * 100 / last
        #expect(
            try page().contains(
                "Again after \(times), each up to \(percent) % sooner or later: ten attempts over \(hours) hours."))
    }

    @Test func theTimesOfAnAttemptAreTheCodes() throws {
        let (total, connect) = (shown(Delivery.Limits.attemptTimeout), shown(Delivery.Limits.connectTimeout))
        #expect(try page().contains("With any 2xx within \(total)."))
        #expect(try page().contains("no connection within \(connect), none in \(total) in all"))
    }

    @Test func theEndOfPatienceIsTheCodes() throws {
        let days = HealthPolicy().disableAfter.components.seconds / 86_400
        let words = [1: "a day", 2: "two days", 3: "three days", 5: "five days", 7: "seven days"]
        let patience = try #require(words[Int(days)])
        #expect(HealthPolicy().disableAfter == .seconds(days * 86_400))
        #expect(try page().contains("An endpoint without any success for \(patience) is disabled"))
        let readme = try Repository.read("README.md").text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(readme.contains("is paused and probed, and after \(patience) disabled"))
        let longest = try #require(words[Int(RetryAfter.longest.components.seconds / 86_400)])
        #expect(RetryAfter.longest.components.seconds % 86_400 == 0)
        #expect(try page().contains("delays the next attempt as long as you ask, up to \(longest)."))
    }

    /// The table of answers and what follows.
    @Test func whatFollowsFromAnAnswerIsTheCodes() throws {
        let slowing = (100...599).filter { AttemptOutcome.answered(status: $0, retryAfter: nil).slowsDown }
        let listed = slowing.map(String.init).joined(separator: ", ")
        #expect(try page().contains("| \(listed) | the endpoint as a whole is slowed down"))
        let gone = (100...599).filter { AttemptOutcome.answered(status: $0, retryAfter: nil).isGone }
        #expect(try page().contains("| \(gone.map(String.init).joined(separator: ", ")) | the endpoint is disabled"))
        let taken = (100...599).filter { AttemptOutcome.answered(status: $0, retryAfter: nil).isSuccess }
        #expect(taken == Array(200...299))
        let schedule = DeliveryMachine(schedule: .standard)
        for status in (100...599) where !(200...299).contains(status) {
            let decision = schedule.decide(
                .answered(status: status, retryAfter: nil), failuresBefore: 0, random: 0)
            if gone.contains(status) {
                #expect(decision == .endpointGone)
            } else if case .retry = decision {
                continue
            } else {
                Issue.record("\(status) is not tried again")
            }
        }
    }

    /// All reasons that an attempt may have on record.
    @Test func everyReasonIsExplained() throws {
        let source = try Repository.read("Sources/HTTPClient/ClientError.swift").text
        let codes = DocsRule.captures(#"\bcase \.[a-zA-Z]+[^:\n]*: "([a-zA-Z]+)""#, source)
        #expect(codes.contains("dnsFailed") && codes.contains("tlsExpired") && codes.count > 15)
        // Shown as `addressRefused`; or nothing was sent, and so there is no attempt.
        let hidden = ["invalidRequest", "urlRefused", "tooManyTransfers"]
        let page = try page()
        let attempt = try Repository.read("Sources/Delivery/Attempt.swift").text
        #expect(attempt.contains(#""addressRefused""#) && attempt.contains(#""httpStatus""#))
        for code in codes + ["httpStatus", "addressRefused"] where !hidden.contains(code) {
            #expect(page.contains("`\(code)`"), "\(code)")
        }
    }

    @Test func everyOptionOfListenIsNamed() throws {
        let options = DocsRule.options(in: try Repository.read("Sources/subgate/ListenCommand.swift").text)
        let page = try page()
        #expect(options.contains("forward"))
        #expect(options.filter { !page.contains("`--\($0) ") } == [])
    }
}
