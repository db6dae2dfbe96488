import JSON

/// What a control call asks for: which link token, and how its user's transfer goes.
struct Completion: Sendable {
    enum Outcome: String, CaseIterable, Sendable { case succeeded, failed, pending }

    let token: LinkToken?
    let outcome: Outcome
    /// Between one event and the next, in milliseconds.
    let delayMilliseconds: Int64
    /// Posts of each event beside the first.
    let duplicates: Int64
    /// The `TransferStatus` of each event in order, in place of the usual.
    let listedStatuses: [[UInt8]]?
    /// Statuses whose webhooks are lost: the transfer gets there, and nobody is told.
    let lostStatuses: [String]

    /// The statuses of the transfer's events, spelled as on the wire.
    var statuses: [[UInt8]] {
        if let listedStatuses { return listedStatuses }
        switch outcome {
        case .pending: return [Array("Pending".utf8)]
        case .succeeded: return [Array("Pending".utf8), Array("Succeeded".utf8)]
        case .failed: return [Array("Pending".utf8), Array("Failed".utf8)]
        }
    }

    /// One field and what is wrong with it.
    struct Fault: Error, Equatable {
        /// Nil if the body as a whole is to blame.
        let field: String?
        let message: String
    }

    /// Reads a body strictly: no unknown field, exact names. `token` is nil for a text no link token could have.
    static func parse(_ body: [UInt8]) throws(Fault) -> Completion {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument.parse(body)
        } catch {
            throw Fault(field: nil, message: "The body is \(error.description).")
        }
        let root = document.root
        guard root.kind == .object else { throw Fault(field: nil, message: "The body must be a JSON object.") }
        let names = ["linkToken", "paymentLink", "outcome", "delayMs", "duplicates", "webhooks", "lost"]
        for member in root.members where !names.contains(where: { member.key == $0 }) {
            throw Fault(field: nil, message: "A field is not one of \(names.joined(separator: ", ")).")
        }
        return try Completion(root)
    }

    private init(_ root: JSONValue) throws(Fault) {
        token = try Completion.token(root)
        guard let word = root["outcome"] else { throw Fault(field: "outcome", message: "is required") }
        guard let outcome = Outcome.allCases.first(where: { Array($0.rawValue.utf8) == word.string }) else {
            throw Fault(field: "outcome", message: "must be one of succeeded, failed, pending")
        }
        self.outcome = outcome
        delayMilliseconds = try Completion.integer(root, "delayMs", SandboxLimits.delayMilliseconds)
        duplicates = try Completion.integer(root, "duplicates", SandboxLimits.duplicates)
        listedStatuses = try Completion.statuses(root, "webhooks")
        lostStatuses = (try Completion.statuses(root, "lost") ?? []).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func token(_ root: JSONValue) throws(Fault) -> LinkToken? {
        switch (root["linkToken"], root["paymentLink"]) {
        case (nil, nil): throw Fault(field: nil, message: "One of linkToken and paymentLink is required.")
        case (.some, .some): throw Fault(field: nil, message: "linkToken and paymentLink exclude each other.")
        case (let value?, nil): LinkToken(text: try text(value, "linkToken"))
        case (nil, let value?): LinkToken(paymentLink: try text(value, "paymentLink"))
        }
    }

    private static func text(_ value: JSONValue, _ name: String) throws(Fault) -> [UInt8] {
        guard let text = value.string, !text.isEmpty, text.count <= SandboxLimits.tokenTextBytes else {
            throw Fault(field: name, message: "must be a string of 1 to \(SandboxLimits.tokenTextBytes) bytes")
        }
        return text
    }

    private static func integer(
        _ root: JSONValue, _ name: String, _ range: ClosedRange<Int64>
    ) throws(Fault) -> Int64 {
        guard let value = root[name] else { return 0 }
        guard let integer = value.integer, range.contains(integer) else {
            throw Fault(
                field: name, message: "must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    /// Whether the webhooks of a status, in whatever case, are lost.
    func loses(_ status: [UInt8]) -> Bool {
        lostStatuses.contains { equalsIgnoringASCIICase(status, $0) }
    }

    private static func statuses(_ root: JSONValue, _ name: String) throws(Fault) -> [[UInt8]]? {
        guard let value = root[name] else { return nil }
        let texts = value.elements.compactMap { element in
            element.text.flatMap { SandboxLimits.statusUnits.contains($0.utf16.count) ? Array($0.utf8) : nil }
        }
        let elements = value.elements.reduce(0) { count, _ in count + 1 }
        guard value.kind == .array, texts.count == elements, SandboxLimits.listedStatuses.contains(elements) else {
            throw Fault(
                field: name, message: "must be an array of 1 to 20 statuses, each a string of 1 to 64 characters")
        }
        return texts
    }
}
