import API
import Crypto
import Store

/// `subgate check audit FILE`: proves an exported audit chain with nothing but the file.
enum CheckAuditCommand {
    static let usage = """
        usage: subgate check audit FILE

        Proves the audit chain in FILE, which holds the lines of `GET /admin/v1/audit/export` from the first entry on.
        Prints the number and the hash of the last entry: compare them with those noted elsewhere.
        """

    static func run(_ arguments: [String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(usage)
            return 0
        }
        guard arguments.count == 1, let path = arguments.first else { throw OptionError(usage) }
        guard let bytes = Files.read(path) else { throw OptionError("\(path) cannot be read") }
        return report(verdict(on: bytes))
    }

    enum Verdict: Equatable {
        case proved(entries: Int64, hash: [UInt8])
        case unreadable(line: Int)
        case broken(seq: Int64, AuditChain.Fault)
    }

    static func verdict(on text: [UInt8]) -> Verdict {
        var chain = AuditChain()
        for (index, line) in text.split(separator: 10).enumerated() {
            guard let entry = AuditLine(text: Array(line))?.entry else { return .unreadable(line: index + 1) }
            if let fault = chain.append(entry) { return .broken(seq: entry.seq, fault) }
        }
        return .proved(entries: chain.head.seq, hash: chain.head.hash)
    }

    private static func report(_ verdict: Verdict) -> Int32 {
        switch verdict {
        case .proved(let entries, let hash):
            print(
                "ok    \(entries) entries; the last has the hash \(String(decoding: Hex.encode(hash), as: UTF8.self))")
            return 0
        case .unreadable(let line):
            print("wrong line \(line) is no exported entry")
        case .broken(let seq, let fault):
            print("wrong entry \(seq) is the first that is broken: its \(fault.rawValue) does not fit")
        }
        return 1
    }
}
