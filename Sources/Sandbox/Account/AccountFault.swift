import JSON
import Runtime

/// One operation of Mesh's Account Management API.
package enum AccountOperation: String, CaseIterable, Sendable {
    case createToken, listSubClients, createSubClient, getSubClient, replaceSubClient, deleteSubClient
    case uploadLogo, deleteLogo, getCallbackUrls, setCallbackUrls, getAccount, setAccount
}

/// A failure that the stand-in was told to play once.
struct AccountFault: Sendable, Equatable {
    enum Kind: String, CaseIterable, Sendable {
        /// Does the work and answers 504 without a body, as a proxy does whose upstream's answer got lost.
        case dropAnswer
        /// Does the work and holds the answer back for `delayMs`.
        case slow
        /// Does nothing and answers 500, 429, 401.
        case serverFailure, tooManyRequests, unauthorized
    }

    let kind: Kind
    /// Which calls it waits for; nil for any.
    let operation: AccountOperation?
    let delayMilliseconds: Int64

    /// Reads the body `{"next":[{"fault","operation"?,"delayMs"?}]}` strictly: no unknown field, exact names.
    static func parse(_ body: [UInt8]) throws(Completion.Fault) -> [AccountFault] {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(body)
        } catch {
            throw Completion.Fault(field: nil, message: "The body is \(error.description).")
        }
        let root = document.root
        guard root.kind == .object else {
            throw Completion.Fault(field: nil, message: "The body must be a JSON object.")
        }
        for member in root.members where member.key != "next" {
            throw Completion.Fault(field: nil, message: "A field is not next.")
        }
        guard let next = root["next"] else { throw Completion.Fault(field: "next", message: "is required") }
        let elements = Array(next.elements)
        guard next.kind == .array, elements.count <= SandboxLimits.accountFaults else {
            throw Completion.Fault(
                field: "next", message: "must be an array of at most \(SandboxLimits.accountFaults) faults")
        }
        var faults: [AccountFault] = []
        for (index, element) in elements.enumerated() {
            faults.append(try AccountFault(element, path: "next[\(index)]"))
        }
        return faults
    }

    private init(_ value: JSONValue, path: String) throws(Completion.Fault) {
        let names = ["fault", "operation", "delayMs"]
        guard value.kind == .object, value.members.allSatisfy({ member in names.contains { member.key == $0 } }) else {
            throw Completion.Fault(field: path, message: "must be an object of \(names.joined(separator: ", "))")
        }
        guard let kind = try AccountFault.word(value, "fault", path, Kind.self) else {
            throw Completion.Fault(field: "\(path).fault", message: "is required")
        }
        self.kind = kind
        operation = try AccountFault.word(value, "operation", path, AccountOperation.self)
        let range = SandboxLimits.faultDelayMilliseconds
        let delay = value["delayMs"].map { $0.integer ?? -1 } ?? 0
        guard range.contains(delay) else {
            throw Completion.Fault(
                field: "\(path).delayMs", message: "must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        delayMilliseconds = delay
    }

    private static func word<Word>(
        _ value: JSONValue, _ name: String, _ path: String, _ words: Word.Type
    ) throws(Completion.Fault) -> Word? where Word: RawRepresentable<String> & CaseIterable {
        guard let member = value[name] else { return nil }
        if let text = member.text, let word = Word(rawValue: text) { return word }
        let list = words.allCases.map(\.rawValue).joined(separator: ", ")
        throw Completion.Fault(field: "\(path).\(name)", message: "must be one of \(list)")
    }
}

/// The failures that wait to be played, in memory: a restart forgets them. Loop-bound.
struct AccountFaults: Sendable {
    private let waiting: LoopState<[AccountFault]>

    init(_ loop: EventLoop) { waiting = LoopState(loop, []) }

    func set(_ faults: [AccountFault]) { waiting.withValue { $0 = faults } }

    /// Takes the first that waits for `operation` or for any.
    func take(_ operation: AccountOperation) -> AccountFault? {
        waiting.withValue { faults in
            faults.firstIndex { $0.operation == nil || $0.operation == operation }.map { faults.remove(at: $0) }
        }
    }
}
