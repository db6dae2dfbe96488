import Foundation
import Testing

/// Text that must not stand in the repository, and what to use instead.
struct Ban {
    /// Where a text is looked for.
    enum Place {
        /// Swift in Sources and db, without comments and string literals.
        case code
        /// Swift in Tests, without comments and string literals.
        case tests
        /// Every text file, as it is.
        case everywhere
    }

    var text: String
    var instead: String
    var place = Place.code
    /// Path prefixes where it may stand.
    var except: [String] = []

    /// The modules that wrap one outside thing each.
    static let wrapping = ["Runtime", "TLS", "Postgres", "HTTPServer", "HTTPClient", "Crypto", "Image"].map {
        "Sources/\($0)/"
    }
    /// The program reads its environment and key files itself.
    static let systemCalls = ["Sources/subgate/"]
    static let tooling = "Sources/Tooling/"

    static let table: [Ban] = [
        Ban(text: "import Foundation", instead: "bytes, Glibc and our own modules", except: [tooling]),
        Ban(text: "import Dispatch", instead: "EventLoop"),
        Ban(text: "DispatchQueue(label", instead: "EventLoop"),
        Ban(text: "DispatchQueue.main", instead: "EventLoop"),
        Ban(text: "DispatchQueue.global", instead: "EventLoop"),
        Ban(text: "Date()", instead: "a Timestamp passed in"),
        Ban(text: "ContinuousClock()", instead: "EventLoop.monotonicNanoseconds, or a time passed in"),
        Ban(text: "UUID()", instead: "an id passed in"),
        Ban(text: ".random(", instead: "randomness passed in", except: ["Sources/Crypto/", "Sources/Runtime/"]),
        Ban(text: "Task.detached", instead: "EventLoop.spawn"),
        Ban(text: "Task {", instead: "EventLoop.spawn", except: ["Sources/Runtime/"]),
        Ban(text: "Task(", instead: "EventLoop.spawn", except: ["Sources/Runtime/"]),
        Ban(text: "print(", instead: "the log", except: ["Sources/subgate/", tooling]),
        Ban(text: "fatalError(", instead: "a typed error; precondition for a programmer's mistake"),
        Ban(text: "try!", instead: "a typed error"),
        Ban(text: "as!", instead: "as?"),
        Ban(text: "public ", instead: "package"),
        Ban(text: "open class", instead: "package final class"),
        Ban(text: "@unchecked Sendable", instead: "a value, or a type of a wrapping module", except: wrapping),
        Ban(text: "unsafe ", instead: "a wrapping module", except: wrapping + systemCalls),
        Ban(text: "nonisolated(unsafe)", instead: "a value, or Lock", except: wrapping),
        Ban(text: "@preconcurrency", instead: "a Sendable type", except: wrapping),
        Ban(text: ".disabled(", instead: "a test that passes, or none", place: .tests),
        Ban(text: "withKnownIssue", instead: "a test that passes, or none", place: .tests),
        Ban(text: "usleep(", instead: "a signal to wait for", place: .tests),
        Ban(text: "Thread.sleep", instead: "a signal to wait for", place: .tests),
        Ban(
            text: "Task.sleep", instead: "a signal to wait for", place: .tests,
            except: ["Tests/EndToEndTests/", "Tests/Support/"]),
        Ban(text: "TODO", instead: "the work itself, or nothing", place: .everywhere),
        Ban(text: "FIXME", instead: "the work itself, or nothing", place: .everywhere),
        Ban(text: "/work/", instead: "a path from the repository's root", place: .everywhere),
        Ban(text: "/root/", instead: "a path from the repository's root", place: .everywhere),
        Ban(text: "/home/", instead: "a path from the repository's root", place: .everywhere),
        Ban(text: "/opt/swift", instead: "what the PATH finds", place: .everywhere),
    ]

    static func check(_ file: SourceFile, _ bans: [Ban] = table) -> [Complaint] {
        let isTest = file.path.hasPrefix("Tests/")
        let code = file.path.hasSuffix(".swift") ? SwiftText(file.text).codeLines : []
        return bans.flatMap { ban -> [Complaint] in
            // Few files hold any of them; a text is looked through faster than its lines.
            guard file.text.contains(ban.text), !ban.except.contains(where: file.path.hasPrefix) else { return [] }
            let lines: [Substring] =
                switch ban.place {
                case .code: isTest ? [] : code
                case .tests: isTest ? code : []
                case .everywhere: file.lines
                }
            return lines.enumerated().compactMap { index, line in
                guard contains(line, ban.text) else { return nil }
                return Complaint(file: file.path, line: index + 1, message: "`\(ban.text)`: use \(ban.instead)")
            }
        }
    }

    /// Whether the text stands in the line and does not begin in the middle of a longer word.
    static func contains(_ line: Substring, _ text: String) -> Bool {
        var rest = line
        while let found = rest.range(of: text) {
            let before = found.lowerBound > line.startIndex ? line[line.index(before: found.lowerBound)] : " "
            let startsWord = text.first.map { $0.isLetter || $0 == "_" } ?? false
            if !startsWord || !(before.isLetter || before.isNumber || before == "_") { return true }
            rest = line[found.upperBound...]
        }
        return false
    }
}

@Suite struct BanTests {
    /// This folder holds the forbidden texts themselves.
    @Test func nothingForbiddenStandsInTheRepository() throws {
        let endings = Repository.codeEndings + [".txt", ".modulemap", ".md", ".yaml"]
        let files = try Repository.files(in: ["Sources", "Tests", "db", "deploy"], endings: endings)
        let tops = try ["Package.swift", "openapi.yaml", "README.md"].map(Repository.read)
        #expect(files.count > 30)
        let found = (files + tops).filter { !$0.path.hasPrefix("Tests/TidyTests/") }.flatMap { Ban.check($0) }
        #expect(found == [])
    }

    @Test func everyBanIsFound() {
        for ban in Ban.table {
            let folder = ban.place == .tests ? "Tests/APITests" : "Sources/API"
            let file = SourceFile(path: "\(folder)/A.swift", text: "let a = 1\n\(ban.text) x\n")
            #expect(Ban.check(file, [ban]).map(\.line) == [2], "\(ban.text)")
            for place in ban.except {
                #expect(Ban.check(SourceFile(path: "\(place)A.swift", text: file.text), [ban]) == [], "\(ban.text)")
            }
        }
    }

    @Test func commentsLiteralsAndLongerWordsAreNoCode() {
        let text = "// print(a)\nlet a = \"print(a)\"\nblueprint(a)\nlet publicKey = a\n"
        #expect(Ban.check(SourceFile(path: "Sources/API/A.swift", text: text)) == [])
    }
}
