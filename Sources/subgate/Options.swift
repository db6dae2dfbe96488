import Glibc

/// One setting: a flag on the command line, a variable in the environment, or a default, in that order.
struct Option: Sendable {
    /// `--name`; the variable is SUBGATE_NAME.
    let name: String
    /// What `--help` shows for the value; nil for a switch.
    let value: String?
    let fallback: String?
    let help: String

    init(_ name: String, _ value: String?, default fallback: String? = nil, _ help: String) {
        self.name = name
        self.value = value
        self.fallback = fallback
        self.help = help
    }

    var variable: String { "SUBGATE_" + name.uppercased().replacing("-", with: "_") }
}

extension String {
    func replacing(_ old: Character, with new: Character) -> String { String(map { $0 == old ? new : $0 }) }
}

/// A setting that cannot be used: one clear line, which never shows the value.
struct OptionError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The settings of one command.
struct Options: Sendable {
    private let known: [Option]
    private var given: [String: String] = [:]

    /// Throws for an unknown flag, a missing value, or text that is no flag.
    init(_ known: [Option], arguments: [String], environment: [String: String]) throws(OptionError) {
        self.known = known
        for option in known { if let value = environment[option.variable] { given[option.name] = value } }
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else { throw OptionError("'\(argument)' is not an option; see --help") }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = known.first(where: { $0.name == name }) else {
                throw OptionError("there is no option --\(name); see --help")
            }
            if option.value == nil {
                guard parts.count == 1 else { throw OptionError("--\(name) takes no value") }
                given[name] = "true"
            } else if parts.count == 2 {
                given[name] = String(parts[1])
            } else if let value = rest.popFirst() {
                given[name] = value
            } else {
                throw OptionError("--\(name) needs a value")
            }
        }
    }

    subscript(_ name: String) -> String? {
        guard let option = known.first(where: { $0.name == name }) else { preconditionFailure("no option \(name)") }
        let value = given[name] ?? option.fallback
        return value == "" ? nil : value
    }

    func required(_ name: String) throws(OptionError) -> String {
        guard let value = self[name] else {
            let variable = "SUBGATE_" + name.uppercased().replacing("-", with: "_")
            throw OptionError("--\(name) (or \(variable)) is required")
        }
        return value
    }

    func isOn(_ name: String) throws(OptionError) -> Bool {
        switch self[name] {
        case nil, "false": return false
        case "true": return true
        default: throw OptionError("--\(name) is true or false")
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(OptionError) -> Int {
        let text = try required(name)
        guard let value = Options.digits(text), range.contains(value) else {
            throw OptionError("--\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Whole numbers with commas between them; one at least.
    func integers(_ name: String, in range: ClosedRange<Int>, atMost count: Int) throws(OptionError) -> [Int] {
        let parts = try required(name).split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Options.digits(String($0)) }.filter { range.contains($0) }
        guard values.count == parts.count, values.count <= count else {
            throw OptionError(
                "--\(name) is up to \(count) whole numbers from \(range.lowerBound) to \(range.upperBound), with "
                    + "commas between them")
        }
        return values
    }

    /// A whole number of seconds, minutes, hours or days: `90s`, `15m`, `12h`, `5d`.
    func duration(
        _ name: String, in range: ClosedRange<Duration>, said bounds: String = "within a year"
    ) throws(OptionError) -> Duration {
        let text = try required(name)
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Options.digits(String(text.dropLast())),
            range.contains(.seconds(count * unit))
        else { throw OptionError("--\(name) is a number and s, m, h or d, such as 12h or 5d, and \(bounds)") }
        return .seconds(count * unit)
    }

    /// `host:port`, the host an address.
    func address(_ name: String) throws(OptionError) -> ListenAddress {
        let text = try required(name)
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = Options.digits(String(text[text.utf8.index(after: colon)...])), (0...65_535).contains(port)
        else { throw OptionError("--\(name) is an address and a port, such as 127.0.0.1:8080") }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return ListenAddress(host: host, port: UInt16(port))
    }

    /// Digits only: Swift's own parser takes signs.
    static func digits(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard (1...9).contains(bytes.count), bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    static func help(_ usage: String, _ known: [Option]) -> String {
        var text = usage + "\n\n"
        for option in known {
            text += "  --\(option.name)" + (option.value.map { " \($0)" } ?? "") + "\n"
            text += "      \(option.help)"
            if let fallback = option.fallback { text += " Default: \(fallback)." }
            text += "\n      Variable: \(option.variable)\n"
        }
        return text
    }
}

struct ListenAddress: Sendable {
    let host: String
    let port: UInt16
}

/// The process's environment, read once.
enum ProcessEnvironment {
    static func read() -> [String: String] {
        var found: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            if let equals = pair.utf8.firstIndex(of: UInt8(ascii: "=")) {
                found[String(pair[..<equals])] = String(pair[pair.utf8.index(after: equals)...])
            }
            unsafe entry = unsafe entry.advanced(by: 1)
        }
        return found
    }
}
