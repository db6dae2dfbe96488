/// Reads a response's head line by line, and refuses what has two readings: it decides, curl only carries.
struct ResponseHead {
    private(set) var status: Int?
    private(set) var headers = ResponseHeaders()
    private var byteCount = 0
    private var phase = Phase.statusLine
    private var minor: UInt8 = 1
    private var contentLength: ArraySlice<UInt8>?
    private var isChunked = false
    private var lastFieldFrames = false

    private enum Phase { case statusLine, fields, afterHead }

    /// Whether the empty line that ends the final response's head has come.
    var isComplete: Bool { phase == .afterHead }

    enum Verdict { case accepted, refused }

    /// One line with its line end. Interim responses are read and forgotten, trailers are counted and dropped.
    mutating func take(_ line: UnsafeBufferPointer<UInt8>) -> Verdict {
        byteCount += line.count
        guard byteCount <= Limits.responseHeadBytes else { return .refused }
        var end = line.count
        if end > 0, unsafe line[end - 1] == 0x0a { end -= 1 }
        if end > 0, unsafe line[end - 1] == 0x0d { end -= 1 }
        let text = unsafe UnsafeBufferPointer(rebasing: line[..<end])
        switch phase {
        case .statusLine: return unsafe takeStatusLine(text) ? .accepted : .refused
        case .fields: return unsafe takeField(text) ? .accepted : .refused
        case .afterHead: return .accepted
        }
    }

    /// RFC 9112 section 4: `HTTP/1.` digit, a space, three digits, and a reason that may be missing with its space.
    private mutating func takeStatusLine(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let prefix: StaticString = "HTTP/1."
        guard text.count >= 12 else { return false }
        for index in 0..<7 { guard unsafe text[index] == prefix.utf8Start[index] else { return false } }
        minor = unsafe text[7] &- 0x30
        guard minor <= 1, unsafe text[8] == 0x20, unsafe text.count == 12 || text[12] == 0x20 else { return false }
        var code = 0
        for index in 9..<12 {
            let digit = unsafe text[index] &- 0x30
            guard digit <= 9 else { return false }
            code = code * 10 + Int(digit)
        }
        // 101 answers an upgrade, and we ask for none.
        guard code >= 100, code != 101 else { return false }
        status = code >= 200 ? code : nil
        phase = .fields
        return true
    }

    private mutating func takeField(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = unsafe text.first else {
            endHead()
            return true
        }
        if isBlank(first) {
            guard !headers.isEmpty, !lastFieldFrames else { return false }
            unsafe headers.extendLast(with: ResponseHead.trimmed(text[...]))
            return true
        }
        guard let colon = unsafe text.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
        let name = unsafe text[..<colon]
        guard unsafe name.allSatisfy(isTokenByte) else { return false }
        let value = unsafe ResponseHead.trimmed(text[(colon + 1)...])
        guard unsafe !value.contains(0) else { return false }
        unsafe headers.append(name: name, value: value)
        lastFieldFrames = false
        // Nothing else frames, and nothing else has names of these lengths that often.
        return unsafe name.count == 14 || name.count == 17 ? checkFraming() : true
    }

    /// Two lengths that differ, a length beside chunks, an encoding that is not chunked: each is a way to make two
    /// readers see different ends of a message.
    private mutating func checkFraming() -> Bool {
        guard let field = headers.last else { return true }
        if field.name.elementsEqual("content-length".utf8) {
            lastFieldFrames = true
            guard !field.value.isEmpty, field.value.allSatisfy({ (0x30...0x39).contains($0) }), !isChunked else {
                return false
            }
            guard let known = contentLength else {
                contentLength = field.value
                return true
            }
            return known.elementsEqual(field.value)
        }
        if field.name.elementsEqual("transfer-encoding".utf8) {
            lastFieldFrames = true
            guard minor == 1, !isChunked, contentLength == nil else { return false }
            isChunked = field.value.map(lowerCased).elementsEqual("chunked".utf8)
            return isChunked
        }
        return true
    }

    private mutating func endHead() {
        if status != nil {
            phase = .afterHead
            return
        }
        headers.removeAll()
        contentLength = nil
        isChunked = false
        phase = .statusLine
    }

    private static func trimmed(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Slice<UnsafeBufferPointer<UInt8>> {
        var rest = unsafe text
        while let first = unsafe rest.first, isBlank(first) { unsafe rest.removeFirst() }
        while let last = unsafe rest.last, isBlank(last) { unsafe rest.removeLast() }
        return unsafe rest
    }
}
