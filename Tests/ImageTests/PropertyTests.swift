import Image
import TestSupport
import Testing

/// Whatever the bytes, there is a verdict; and what was cut off is never taken.
@Suite struct PropertyTests {
    /// Small enough to be broken many times, and of every kind.
    static let files: [[UInt8]] = {
        var palette = PNGMaker(width: 16, height: 16)
        palette.colourType = 3
        palette.before =
            PNGMaker.chunk("PLTE", [1, 2, 3, 4, 5, 6]) + PNGMaker.chunk("tRNS", [0, 128])
            + PNGMaker.chunk("gAMA", [0, 0, 177, 143]) + PNGMaker.chunk("tEXt", Array("Title\0Shop".utf8))
        var deep = PNGMaker(width: 16, height: 17)
        deep.colourType = 6
        deep.depth = 16
        return [PNGMaker(width: 17, height: 16).bytes(), palette.blank(), deep.bytes()]
            + SampleJPEG.allCases.map(\.bytes)
    }()

    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
        }
    }

    private func isTaken(_ bytes: [UInt8]) -> Bool {
        guard let image = try? ImageInspector.inspect(bytes) else { return false }
        return ImageLimits.side.contains(image.width) && ImageLimits.side.contains(image.height)
    }

    @Test(arguments: files.indices)
    func noTruncationIsTaken(_ index: Int) {
        let file = Self.files[index]
        for length in 0..<file.count { #expect(!isTaken(Array(file.prefix(length))), "\(length) bytes") }
    }

    @Test(arguments: files.indices)
    func brokenBitsAreSurvivedAndMostlyFound(_ index: Int) {
        var random = Generator(state: UInt64(index + 1))
        let file = Self.files[index]
        let isPNG = ImageInspector.format(of: file) == .png
        for _ in 0..<600 {
            var broken = file
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                broken[Int.random(in: broken.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            // Every byte of a PNG stands under a checksum; a JPEG's pixels do not.
            let isTaken = isTaken(broken)
            if isPNG { #expect(!isTaken || broken == file) }
        }
    }

    @Test(arguments: files.indices)
    func shuffledPartsAreSurvived(_ index: Int) {
        var random = Generator(state: UInt64(index + 100))
        for _ in 0..<300 {
            let file = Self.files[index]
            let other = Self.files.randomElement(using: &random)!
            let from = Int.random(in: file.indices, using: &random)
            let to = Int.random(in: other.indices, using: &random)
            _ = isTaken(Array(file[..<from] + other[to...]))
            var changed = file
            changed.removeSubrange(from..<min(from + 4, file.count))
            #expect(!isTaken(changed) || ImageInspector.format(of: file) == .jpeg)
        }
    }

    @Test(arguments: [
        "", "x", "GIF89a", "RIFF\0\0\0\0WEBPVP8 ", "<svg xmlns='http://www.w3.org/2000/svg'/>", "<html>", "%PDF-1.4",
        "BM", "\u{1}PNG",
    ])
    func othersAreNoImages(_ text: String) {
        #expect(throws: ImageProblem.notAnImage) { try ImageInspector.inspect(Array(text.utf8)) }
    }
}
