/// The segments of a JPEG (ITU-T T.81, annex B).
struct JPEGStructure {
    private let bytes: [UInt8]
    private var position = 2
    private var image: InspectedImage?
    private var scans = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Goes from the first marker to the end of the file, which must be the end of EOI.
    static func walk(_ bytes: [UInt8]) throws(ImageProblem) -> InspectedImage {
        var structure = JPEGStructure(bytes)
        return try structure.walk()
    }

    private mutating func walk() throws(ImageProblem) -> InspectedImage {
        while true {
            let marker = try marker()
            switch marker {
            case 0xD9:
                guard let image, scans > 0 else { throw .damaged }
                if position != bytes.count { throw .trailingData }
                return image
            case 0xC0, 0xC1, 0xC2:
                if image != nil { throw .damaged }
                image = try frame(try segment())
            case 0xDA:
                if image == nil { throw .damaged }
                _ = try segment()
                scans += 1
                if scans > ImageLimits.scans { throw .unsupported }
                try skipScan()
            case 0xC4, 0xDB, 0xDD:
                _ = try segment()
            case 0xE0...0xEF, 0xFE:
                if Metadata.isSuspect(try segment()) { throw .suspectMetadata }
            case 0xC3, 0xC5...0xCF, 0xDC, 0xDE, 0xDF:
                // Lossless, hierarchical or arithmetic, or a height that comes after its pixels.
                throw .unsupported
            default:
                throw .damaged
            }
        }
    }

    /// The code of the marker here, after any fill bytes.
    private mutating func marker() throws(ImageProblem) -> UInt8 {
        guard position < bytes.count, bytes[position] == 0xFF else { throw .damaged }
        while position < bytes.count, bytes[position] == 0xFF { position += 1 }
        guard position < bytes.count else { throw .damaged }
        position += 1
        return bytes[position - 1]
    }

    /// What is in the segment here, behind its length.
    private mutating func segment() throws(ImageProblem) -> ArraySlice<UInt8> {
        guard bytes.count - position >= 2 else { throw .damaged }
        let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
        guard length >= 2, bytes.count - position >= length else { throw .damaged }
        defer { position += length }
        return bytes[(position + 2)..<(position + length)]
    }

    /// Precision, height, width and the number of components.
    private func frame(_ segment: ArraySlice<UInt8>) throws(ImageProblem) -> InspectedImage {
        let fields = Array(segment)
        guard fields.count >= 6 else { throw .damaged }
        guard fields[0] == 8, [1, 3, 4].contains(fields[5]) else { throw .unsupported }
        let height = Int(fields[1]) << 8 | Int(fields[2])
        let width = Int(fields[3]) << 8 | Int(fields[4])
        if width == 0 || height == 0 { throw .damaged }
        return try ImageInspector.image(.jpeg, width: width, height: height)
    }

    /// Entropy-coded data: up to a marker that is neither a stuffed zero nor a restart.
    private mutating func skipScan() throws(ImageProblem) {
        while position + 1 < bytes.count {
            guard bytes[position] == 0xFF else {
                position += 1
                continue
            }
            switch bytes[position + 1] {
            case 0x00, 0xD0...0xD7: position += 2
            case 0xFF: position += 1
            default: return
            }
        }
        throw .damaged
    }
}
