/// The members of an object in the order of the document.
package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
    private let storage: Storage
    private var index: Int
    private let end: Int

    init(_ value: JSONValue) {
        storage = value.storage
        index = value.index + 1
        end = value.kind == .object ? Int(value.token.next) : index
    }

    package mutating func next() -> (key: JSONString, value: JSONValue)? {
        guard index < end else { return nil }
        let member = (
            key: JSONString(storage: storage, index: index), value: JSONValue(storage: storage, index: index + 1)
        )
        index = Int(member.value.token.next)
        return member
    }
}

/// The elements of an array in order.
package struct JSONElements: Sequence, IteratorProtocol, Sendable {
    private let storage: Storage
    private var index: Int
    private let end: Int

    init(_ value: JSONValue) {
        storage = value.storage
        index = value.index + 1
        end = value.kind == .array ? Int(value.token.next) : index
    }

    package mutating func next() -> JSONValue? {
        guard index < end else { return nil }
        let element = JSONValue(storage: storage, index: index)
        index = Int(element.token.next)
        return element
    }
}
