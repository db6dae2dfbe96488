import Crypto

// Compiled together with the module's sources, so only what they import is imported: `run`, beside it, does so.

/// One run of libFuzzer: whatever the bytes, the inspector gives a verdict, and what it takes keeps its promises.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzImage(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    judge(bytes)
    // No chance finds a checksum: repaired, the bytes get past it.
    if ImageInspector.format(of: bytes) == .png { judge(repaired(bytes)) }
    return 0
}

private func judge(_ bytes: [UInt8]) {
    guard let image = try? ImageInspector.inspect(bytes) else { return }
    precondition(ImageLimits.side.contains(image.width) && ImageLimits.side.contains(image.height), "sides in bounds")
    precondition(ImageInspector.format(of: bytes) == image.format, "the format is that of the first bytes")
    precondition((try? ImageInspector.inspect(bytes + [0])) == nil, "nothing may follow the end")
    precondition((try? ImageInspector.inspect(bytes.dropLast())) == nil, "nothing may lack")
}

/// The chunks with the checksums they should have.
private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var position = 8
    while bytes.count - position >= 12 {
        let length = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
        guard bytes.count - position - 12 >= length else { break }
        let end = position + 8 + length
        let checksum = CRC32.checksum(Array(bytes[(position + 4)..<end]))
        for byte in 0..<4 { bytes[end + byte] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * byte)) }
        position = end + 4
    }
    return bytes
}
