import Crypto

/// The chunks of a PNG (W3C Portable Network Graphics, third edition, section 5).
enum PNGStructure {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// A chunk is its length, its type, its data and a checksum.
    private static let overhead = 12

    private struct Chunk {
        /// Four letters; the first is a capital if a reader must know it.
        let type: [UInt8]
        let data: ArraySlice<UInt8>

        func isA(_ name: StaticString) -> Bool { type == Array("\(name)".utf8) }
        var isCritical: Bool { type[0] & 0x20 == 0 }
    }

    /// Goes from the signature to the end of the file, which must be the end of IEND.
    static func walk(_ bytes: [UInt8]) throws(ImageProblem) -> InspectedImage {
        var position = signature.count
        var image: InspectedImage?
        var hasData = false
        var isDataOver = false
        while true {
            let chunk = try chunk(in: bytes, at: position)
            position += overhead + chunk.data.count
            if image == nil {
                image = try header(chunk)
                continue
            }
            if hasData, !chunk.isA("IDAT") { isDataOver = true }
            if chunk.isA("IDAT") {
                if isDataOver { throw .damaged }
                hasData = true
            } else if chunk.isA("IEND") {
                guard hasData, chunk.data.isEmpty else { throw .damaged }
                break
            } else if ["acTL", "fcTL", "fdAT"].contains(where: { chunk.isA($0) }) {
                throw .animated
            } else if chunk.isCritical, !chunk.isA("PLTE") {
                throw .damaged
            } else if Metadata.isSuspect(chunk.data) {
                throw .suspectMetadata
            }
        }
        guard let image else { throw .damaged }
        if position != bytes.count { throw .trailingData }
        return image
    }

    private static func header(_ chunk: Chunk) throws(ImageProblem) -> InspectedImage {
        guard chunk.isA("IHDR"), chunk.data.count == 13 else { throw .damaged }
        let width = number(chunk.data.prefix(4))
        let height = number(chunk.data.dropFirst(4).prefix(4))
        if width == 0 || height == 0 { throw .damaged }
        return try ImageInspector.image(.png, width: width, height: height)
    }

    private static func chunk(in bytes: [UInt8], at position: Int) throws(ImageProblem) -> Chunk {
        guard bytes.count - position >= overhead else { throw .damaged }
        let length = number(bytes[position..<(position + 4)])
        guard bytes.count - position - overhead >= length else { throw .damaged }
        let type = Array(bytes[(position + 4)..<(position + 8)])
        guard type.allSatisfy({ ($0 | 0x20) &- UInt8(ascii: "a") < 26 }) else { throw .damaged }
        let end = position + 8 + length
        let checksum = CRC32.checksum(bytes.span.extracting((position + 4)..<end))
        guard Int(checksum) == number(bytes[end..<(end + 4)]) else { throw .damaged }
        return Chunk(type: type, data: bytes[(position + 8)..<end])
    }

    /// Big-endian.
    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
