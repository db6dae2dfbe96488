/// What an image is, found by decoding all of it.
package struct InspectedImage: Equatable, Sendable {
    package enum Format: Sendable, CaseIterable {
        case png, jpeg

        package var mediaType: StaticString {
            switch self {
            case .png: "image/png"
            case .jpeg: "image/jpeg"
            }
        }
    }

    package let format: Format
    /// Pixels.
    package let width: Int
    package let height: Int
}

/// Why bytes are not taken for an image.
package enum ImageProblem: Error, Equatable, Sendable, CaseIterable {
    /// Neither a PNG nor a JPEG by its first bytes.
    case notAnImage
    case tooManyBytes
    case tooSmall
    case tooLarge
    /// Cut off, or broken within.
    case damaged
    /// Something follows the image's end.
    case trailingData
    case animated
    /// Its metadata hold what another program would read as a page, a script, an archive or a document.
    case suspectMetadata
    /// A kind of PNG or JPEG that browsers do not show either.
    case unsupported
}

/// Judges files that somebody else made. Two readers look at each: a walk over its parts from the first byte exactly to
/// the last, which finds what is in it beside an image, and then the system's library, which decodes every pixel.
package enum ImageInspector {
    /// Takes up to a second for the largest: never call it on a loop.
    package static func inspect(_ bytes: [UInt8]) throws(ImageProblem) -> InspectedImage {
        if bytes.count > ImageLimits.bytes { throw .tooManyBytes }
        guard let format = format(of: bytes) else { throw .notAnImage }
        let image: InspectedImage
        switch format {
        case .png: image = try PNGStructure.walk(bytes)
        case .jpeg: image = try JPEGStructure.walk(bytes)
        }
        switch format {
        case .png: try PNGDecoder.decode(bytes, as: image)
        case .jpeg: try JPEGDecoder.decode(bytes, as: image)
        }
        return image
    }

    /// By the first bytes alone, as a browser tells it (WHATWG MIME Sniffing, section 6.1).
    package static func format(of bytes: [UInt8]) -> InspectedImage.Format? {
        if bytes.starts(with: PNGStructure.signature) { return .png }
        return bytes.starts(with: [0xFF, 0xD8, 0xFF]) ? .jpeg : nil
    }

    /// An image of the sides, if both may be.
    static func image(
        _ format: InspectedImage.Format, width: Int, height: Int
    ) throws(ImageProblem) -> InspectedImage {
        let side = ImageLimits.side
        if width < side.lowerBound || height < side.lowerBound { throw .tooSmall }
        if width > side.upperBound || height > side.upperBound || width * height > ImageLimits.pixels {
            throw .tooLarge
        }
        return InspectedImage(format: format, width: width, height: height)
    }
}

/// Finds files within files: a browser that is told a type never looks for these, other programs do.
enum Metadata {
    /// In small letters.
    private static let suspects: [[UInt8]] = [
        "<script", "<html", "<!doctype", "<iframe", "<svg", "<?php", "%pdf-", "pk\u{5}\u{6}",
    ].map { Array($0.utf8) }

    static func isSuspect(_ bytes: ArraySlice<UInt8>) -> Bool {
        for (index, byte) in zip(bytes.indices, bytes) {
            // What the suspects begin with.
            guard byte == UInt8(ascii: "<") || byte == UInt8(ascii: "%") || byte | 0x20 == UInt8(ascii: "p") else {
                continue
            }
            let rest = bytes[index...]
            if suspects.contains(where: { isPrefix($0, of: rest) }) { return true }
        }
        return false
    }

    private static func isPrefix(_ suspect: [UInt8], of rest: ArraySlice<UInt8>) -> Bool {
        guard rest.count >= suspect.count else { return false }
        return zip(suspect, rest).allSatisfy { small, byte in
            small == (byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
        }
    }
}
