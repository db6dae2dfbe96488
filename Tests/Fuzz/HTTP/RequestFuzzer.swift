/// libFuzzer's entry: whatever the bytes are and however they are cut, the parser neither crashes nor changes its mind.
///
/// The first two bytes seed the cuts; the rest is the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequestParser(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let data = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard data.count > 2 else { return 0 }
    let input = Array(data[2...])
    let whole = Transcript([input])
    check(Transcript(cut(input, seed: UInt32(data[0]) << 8 | UInt32(data[1]))) == whole, "random cuts")
    if input.count <= 512 { check(Transcript(input.map { [$0] }) == whole, "byte by byte") }
    for head in whole.heads { checkSoundness(head) }
    return 0
}

/// Pieces of 1 to 64 bytes, the same for the same seed.
private func cut(_ input: [UInt8], seed: UInt32) -> [[UInt8]] {
    var state = seed | 1
    var pieces: [[UInt8]] = []
    var rest = input[...]
    while !rest.isEmpty {
        state = state &* 1_664_525 &+ 1_013_904_223
        let size = 1 + Int(state >> 26)
        pieces.append(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
    }
    return pieces
}

/// What every accepted head promises to the code behind it.
private func checkSoundness(_ head: Transcript.Head) {
    let path = Array(head.path.utf8)
    check(head.isAsterisk || path.isEmpty || path[0] == 0x2F, "a path starts with a slash")
    check(path.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 && $0 != 0x5C }, "a path is visible ASCII")
    check(!head.path.contains("//") && !head.path.contains("/../"), "a path has one meaning")
    check(head.host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a host is visible ASCII")
    let hosts = head.fields.filter { $0.lowercased().hasPrefix("host=") }.count
    switch head.version {
    case .http10:
        check(hosts <= 1 && (hosts == 0 || !head.host.isEmpty), "there is one host at most")
        check(head.isLast && !head.expectsContinue && head.framing != .chunked, "HTTP/1.0 has no more than it had")
    case .http11: check(hosts == 1 && !head.host.isEmpty, "there is one host")
    }
    let lengths = head.fields.filter { $0.lowercased().hasPrefix("content-length=") }.count
    let codings = head.fields.filter { $0.lowercased().hasPrefix("transfer-encoding=") }.count
    check(lengths + codings <= 1, "there is one framing")
    for field in head.fields { check(!field.utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 }, "a field is one line") }
}

private func check(_ condition: Bool, _ promise: StaticString) {
    if !condition { fatalError("broken promise: \(promise)") }
}
