/// The answer to one request.
package struct IncomingResponse: Sendable {
    package var status: Int
    package var headers: ResponseHeaders
    /// At most the request's `responseLimit`.
    package var body: [UInt8]
    /// Whether the peer sent more than the limit.
    package var bodyWasCut: Bool
    /// Whether the stream failed, or time ran out, after the status line: the status counts, headers and body may lack
    /// their end.
    package var isIncomplete: Bool
    package var timings: Timings
    /// The numeric address the answer came from.
    package var peer: String
    package var connectionWasReused: Bool

    /// A complete answer, for those who stand in for a peer.
    package init(
        status: Int, headers: ResponseHeaders = ResponseHeaders(), body: [UInt8] = [], bodyWasCut: Bool = false,
        isIncomplete: Bool = false, timings: Timings = Timings(), peer: String = "", connectionWasReused: Bool = false
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.bodyWasCut = bodyWasCut
        self.isIncomplete = isIncomplete
        self.timings = timings
        self.peer = peer
        self.connectionWasReused = connectionWasReused
    }
}

/// The header fields of one response in the order they came.
package struct ResponseHeaders: Sendable, RandomAccessCollection {
    package struct Field: Sendable {
        /// Lower-cased.
        package let name: ArraySlice<UInt8>
        /// Without the blanks around it.
        package let value: ArraySlice<UInt8>
    }

    private var bytes: [UInt8] = []
    private var bounds: [(name: Range<Int>, value: Range<Int>)] = []

    package init() {}

    /// Fields given by hand.
    package init(_ fields: [(name: String, value: String)]) {
        for (name, value) in fields {
            let start = bytes.count
            bytes += name.utf8.map(lowerCased)
            let middle = bytes.count
            bytes += value.utf8
            bounds.append((start..<middle, middle..<bytes.count))
        }
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { bounds.count }
    package subscript(position: Int) -> Field {
        Field(name: bytes[bounds[position].name], value: bytes[bounds[position].value])
    }

    /// The value of the first field of this name, which is given in lower case.
    package subscript(name: StaticString) -> ArraySlice<UInt8>? {
        for (field, value) in bounds where field.count == name.utf8CodeUnitCount {
            let matches = field.indices.allSatisfy { index in
                unsafe bytes[index] == name.utf8Start[index - field.lowerBound]
            }
            if matches { return bytes[value] }
        }
        return nil
    }

    mutating func append(name: Slice<UnsafeBufferPointer<UInt8>>, value: Slice<UnsafeBufferPointer<UInt8>>) {
        if bounds.isEmpty {
            // What common servers send: one allocation instead of several.
            bytes.reserveCapacity(256)
            bounds.reserveCapacity(8)
        }
        let start = bytes.count
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: name))
        let middle = bytes.count
        for index in start..<middle { bytes[index] = lowerCased(bytes[index]) }
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(rebasing: value))
        bounds.append((start..<middle, middle..<bytes.count))
    }

    /// Joins a folded line (RFC 9112 section 5.2) to the last value.
    mutating func extendLast(with value: Slice<UnsafeBufferPointer<UInt8>>) {
        bytes.append(0x20)
        unsafe bytes.append(contentsOf: value)
        bounds[bounds.count - 1].value = bounds[bounds.count - 1].value.lowerBound..<bytes.count
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        bounds.removeAll(keepingCapacity: true)
    }
}
